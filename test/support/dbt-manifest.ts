/** One entry of `nodes`, as dbt writes it, with what it says of everything left at its defaults. */
export type ManifestNode = Readonly<Record<string, unknown>>;

interface ModelParts {
  readonly package?: string;
  readonly materialized?: string;
  readonly description?: string;
  readonly columns?: Readonly<Record<string, { readonly description?: string; readonly data_type?: string }>>;
  readonly tags?: readonly string[];
  readonly meta?: Readonly<Record<string, unknown>>;
  readonly constraints?: readonly object[];
  readonly version?: number;
  readonly latest?: number;
}

/** A model of dbt, made into a table of the demo warehouse unless told otherwise. */
export function dbtModel(name: string, parts: ModelParts = {}): ManifestNode {
  const { package: owner = "shop", materialized = "table", version, latest, description = "", tags = [], meta = {} } = parts;
  const suffix = version === undefined ? "" : `.v${version}`;
  const alias = version === undefined ? name : `${name}_v${version}`;
  const columns = Object.entries(parts.columns ?? {}).map(([column, facts]) => [
    column,
    { name: column, description: "", meta: {}, data_type: null, constraints: [], quote: null, tags: [], ...facts },
  ]);
  return {
    unique_id: `model.${owner}.${name}${suffix}`,
    resource_type: "model",
    package_name: owner,
    name,
    alias,
    database: "warehouse",
    schema: "main",
    relation_name: materialized === "ephemeral" ? null : `"warehouse"."main"."${alias}"`,
    path: `marts/${name}.sql`,
    original_file_path: `models/marts/${name}.sql`,
    fqn: [owner, "marts", name, ...(version === undefined ? [] : [`v${version}`])],
    checksum: { name: "sha256", checksum: "0".repeat(64) },
    config: { enabled: true, materialized, tags, meta, where: 7 },
    columns: Object.fromEntries(columns),
    constraints: parts.constraints ?? [],
    depends_on: { macros: [], nodes: [] },
    description,
    tags,
    meta,
    version: version ?? null,
    latest_version: latest ?? null,
    primary_key: [],
    raw_code: "select 1",
    language: "sql",
  };
}

/** A generic test of dbt on a model, such as `unique` on a column. */
export function dbtTest(kind: string, model: string, kwargs: Readonly<Record<string, unknown>>, config: object = {}): ManifestNode {
  const column = typeof kwargs["column_name"] === "string" ? kwargs["column_name"] : null;
  const name = `${kind}_${model}_${column ?? "several"}`;
  return {
    unique_id: `test.shop.${name}.0a1b2c3d4e`,
    resource_type: "test",
    package_name: "shop",
    name,
    alias: name,
    database: "warehouse",
    schema: "main_dbt_test__audit",
    relation_name: null,
    path: `${name}.sql`,
    original_file_path: "models/marts/schema.yml",
    fqn: ["shop", "marts", name],
    checksum: { name: "none", checksum: "" },
    config: { enabled: true, materialized: "test", severity: "ERROR", where: null, ...config },
    columns: {},
    depends_on: { macros: [`macro.dbt.test_${kind}`], nodes: [`model.shop.${model}`] },
    description: "",
    tags: [],
    test_metadata: { name: kind, kwargs: { ...kwargs, model: `{{ get_where_subquery(ref('${model}')) }}` }, namespace: null },
    column_name: column,
    attached_node: `model.shop.${model}`,
    file_key_name: `models.${model}`,
    raw_code: `{{ test_${kind}(**_dbt_generic_test_kwargs) }}`,
    language: "sql",
  };
}

/** The text of a manifest.json (format v12, as dbt 1.8 to 1.11 write it) with these nodes. */
export function dbtManifest(nodes: readonly ManifestNode[], parts: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    metadata: {
      dbt_schema_version: "https://schemas.getdbt.com/dbt/manifest/v12.json",
      dbt_version: "1.10.4",
      generated_at: "2026-11-22T05:00:00.000000Z",
      invocation_id: "5b0c2f0e-0000-4000-8000-000000000000",
      env: {},
      project_name: "shop",
      adapter_type: "duckdb",
    },
    nodes: Object.fromEntries(nodes.map((node) => [String(node["unique_id"]), node])),
    sources: {},
    macros: {},
    docs: {},
    exposures: {},
    metrics: {},
    groups: {},
    selectors: {},
    disabled: {},
    parent_map: {},
    child_map: {},
    group_map: {},
    saved_queries: {},
    semantic_models: {},
    unit_tests: {},
    ...parts,
  });
}

/** A small project: keys told by tests, by a constraint and by a combination; a name in two packages; versions; an ephemeral model. */
export const SHOP: readonly ManifestNode[] = [
  dbtModel("customers", {
    description: "One row a customer, as marketing counts them",
    tags: ["partner"],
    columns: {
      customer_id: { description: "Never reused", data_type: "integer" },
      email: { description: "Lower case,\nnever checked" },
      tier: {},
    },
  }),
  dbtTest("not_null", "customers", { column_name: "customer_id" }),
  dbtTest("unique", "customers", { column_name: "customer_id" }),
  dbtTest("unique", "customers", { column_name: "email" }, { where: "email is not null" }),
  dbtModel("orders", { materialized: "view", tags: ["partner"] }),
  dbtTest("unique_combination_of_columns", "orders", { combination_of_columns: ["customer_id", "order_id"] }),
  dbtModel("stg_customers", { materialized: "ephemeral" }),
  dbtModel("regions"),
  dbtModel("regions", { package: "geo" }),
  dbtModel("prices", { version: 1, latest: 2 }),
  dbtModel("prices", { version: 2, latest: 2, constraints: [{ type: "primary_key", columns: ["sku", "day"], warn_unsupported: true }] }),
];
