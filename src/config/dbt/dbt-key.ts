import type { DbtManifest, DbtNode } from "./dbt-manifest.ts";

/** Columns that tell a model's rows apart, and why they are believed to. */
export interface DbtKey {
  readonly columns: readonly string[];
  readonly reason: string;
}

/**
 * The key of a dbt model by what dbt was told of it: a primary key constraint, a column tested as unique and not_null, or a combination
 * tested as unique; null when nothing tells one. Tests that look at a part of the rows (`where`) or only warn prove nothing.
 */
export function dbtKey(manifest: DbtManifest, node: DbtNode): DbtKey | null {
  const constrained = constraintKey(node);
  if (constrained !== null) return { columns: constrained, reason: "primary key constraint in dbt" };
  const tests = manifest.tests.filter((test) => testedNode(test) === node.unique_id && proves(test));
  const tested = (kind: string): readonly string[] => tests.filter((test) => test.test_metadata?.name === kind).flatMap(columnOf);
  const solid = new Set(tested("not_null"));
  const unique = tested("unique");
  const inOrder = [...Object.keys(node.columns), ...unique].find((column) => unique.includes(column) && solid.has(column));
  if (inOrder !== undefined) return { columns: [inOrder], reason: "tested as unique and not_null in dbt" };
  const combined = tests.find((test) => test.test_metadata?.name === "unique_combination_of_columns");
  const columns = combined?.test_metadata?.kwargs["combination_of_columns"];
  if (Array.isArray(columns) && columns.length > 0)
    return { columns: columns.map(String), reason: "tested as a unique combination in dbt" };
  return node.primary_key.length === 0 ? null : { columns: node.primary_key, reason: "primary key by dbt's own reading" };
}

function constraintKey(node: DbtNode): readonly string[] | null {
  const ofModel = node.constraints.find(({ type }) => type === "primary_key");
  if (ofModel !== undefined && ofModel.columns.length > 0) return ofModel.columns;
  const ofColumn = Object.values(node.columns).find(({ constraints }) => constraints.some(({ type }) => type === "primary_key"));
  return ofColumn === undefined ? null : [ofColumn.name];
}

function testedNode(test: DbtNode): string | null {
  return test.attached_node === "" ? (test.depends_on?.nodes.at(-1) ?? null) : test.attached_node;
}

function proves({ config }: DbtNode): boolean {
  return (config?.where ?? "") === "" && config?.severity.toLowerCase() !== "warn";
}

function columnOf({ column_name: named, test_metadata: test }: DbtNode): readonly string[] {
  const column = named === "" ? test?.kwargs["column_name"] : named;
  return typeof column === "string" ? [column] : [];
}
