import { expect, test } from "vitest";
import { readSettings } from "../../src/config/settings.ts";
import { dbtManifest, dbtModel, SHOP } from "../support/dbt-manifest.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { CONFIG, load, problems } from "./temp-project.ts";

const WITH_DBT = `${CONFIG}dbt: {manifest: target/manifest.json}\n`;

function project(name: string, manifest = dbtManifest(SHOP)): Readonly<Record<string, string>> {
  const model = `source: warehouse\ndestination: partner\ntable: {dbt: ${name}}\nprimary_key: id\n`;
  return { "config.yaml": WITH_DBT, "target/manifest.json": manifest, "models/users.yaml": model };
}

async function sqlOf(name: string, manifest?: string): Promise<string | null> {
  const query = (await load(project(name, manifest))).project.streams[0]?.query;
  return query?.kind === "sql" ? query.sql : null;
}

test.each([
  ["customers", '"warehouse"."main"."customers"'],
  ["shop.customers", '"warehouse"."main"."customers"'],
  ["shop.marts.customers", '"warehouse"."main"."customers"'],
  ["model.shop.customers", '"warehouse"."main"."customers"'],
  ["geo.regions", '"warehouse"."main"."regions"'],
  ["prices", '"warehouse"."main"."prices_v2"'],
  ["prices.v1", '"warehouse"."main"."prices_v1"'],
])("the dbt model %s is the table %s", async (name, relation) => {
  expect(await sqlOf(name)).toBe(`SELECT * FROM ${relation}`);
});

test("an error in the query points to the line of the model file, and a changed manifest is noticed by who watches the files", async () => {
  const { project: loaded, files } = await load(project("customers"));
  expect(loaded.streams[0]?.query).toMatchObject({ file: "models/users.yaml", line: 3 });
  expect(files).toContain("<root>/target/manifest.json");
});

test("a name that the manifest does not know, or knows twice, or has switched off, is told at its line", async () => {
  expect(await problems(project("custmers"))).toContain('models/users.yaml:3:14 DBT_MODEL_UNKNOWN no dbt model is called "custmers"');
  expect(await problems(project("custmers"))).toContain('did you mean "customers"?');
  expect(await problems(project("regions"))).toContain("say which: shop.regions or geo.regions");
  const off = dbtManifest(SHOP, { disabled: { "model.shop.legacy": [dbtModel("legacy")] } });
  expect(await problems(project("legacy", off))).toContain('the dbt model "legacy" is switched off');
});

test("a model that dbt makes no table of is refused", async () => {
  const said = await problems(project("stg_customers"));
  expect(said).toContain("DBT_MODEL_WITHOUT_TABLE dbt makes no table of shop.stg_customers: it is ephemeral");
});

test("a manifest that is missing, broken, none or too old is told once, at the key that names it", async () => {
  const { "target/manifest.json": _, ...without } = project("customers");
  const second = { ...without, "models/more.yaml": without["models/users.yaml"] ?? "" };
  const said = await problems(second);
  expect(said.match(/DBT_MANIFEST_UNREADABLE/g)).toHaveLength(1);
  expect(said).toContain("config.yaml:6:17 DBT_MANIFEST_UNREADABLE");
  expect(said).toContain("it does not exist");
  expect(await problems(project("customers", "{"))).toContain("it is no JSON");
  expect(await problems(project("customers", "{}"))).toContain("it is no manifest of dbt");
  expect(await problems(project("customers", dbtManifest([{ unique_id: 1 }])))).toContain("nodes of a form that is not known");
  const old = { dbt_schema_version: "https://schemas.getdbt.com/dbt/manifest/v7.json", dbt_version: "1.3.1" };
  expect(await problems(project("customers", dbtManifest([], { metadata: old })))).toContain("dbt 1.3.1 in format v7");
});

test("without `dbt` in config.yaml the model says what to add", async () => {
  expect(await problems({ ...project("customers"), "config.yaml": CONFIG })).toContain("add there: dbt: {manifest: target/manifest.json}");
});

test("a target may name another manifest, and each value in effect names the node that it comes from", async () => {
  await using folder = await tempFolder();
  const files = { ...project("customers"), "config.yaml": `${WITH_DBT}targets: {ci: {dbt: {manifest: ci/manifest.json}}}\n` };
  for (const [name, content] of Object.entries(files)) await folder.write(name, content);
  await folder.write("ci/manifest.json", dbtManifest([{ ...dbtModel("customers"), relation_name: '"ci"."pr_7"."customers"' }]));
  const settings = async (target: string | null) => {
    const options = { configFile: "config.yaml", env: {}, cwd: folder.path, target, signal: new AbortController().signal };
    return (await readSettings(options)).filter(({ key }) => key.startsWith("table"));
  };
  expect(await settings("ci")).toEqual([
    { scope: "users", key: "table.dbt", value: "customers", origin: "models/users.yaml:3" },
    { scope: "users", key: "table", value: '"\\"ci\\".\\"pr_7\\".\\"customers\\""', origin: "ci/manifest.json model.shop.customers" },
  ]);
  expect((await settings(null))[1]?.origin).toBe("target/manifest.json model.shop.customers");
});
