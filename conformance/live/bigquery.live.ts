import { afterAll, beforeAll, expect, test } from "vitest";
import type { Source } from "../../src/core/ports.ts";
import { openEngine } from "../../src/engine/open-engine.ts";
import { sqlText } from "../../src/engine/sql-literal.ts";
import { bigqueryOptionsSchema } from "../../src/sources/bigquery/bigquery-options.ts";
import { openBigquerySource } from "../../src/sources/bigquery/bigquery-source.ts";
import { PACE } from "../../src/sources/bigquery/pace.ts";
import { RowTextSink } from "../../test/sources/postgres/row-text-sink.ts";
import { extractAll, extractTo, never } from "../../test/support/bigquery/bigquery-fixture.ts";
import { CANONICAL_VALUES } from "../../test/support/bigquery/canonical-values.ts";
import { tempFolder } from "../../test/support/temp-folder.ts";

const { env } = process;
const options = bigqueryOptionsSchema.parse({
  type: "bigquery",
  project: env["BIGQUERY_PROJECT"],
  location: env["BIGQUERY_LOCATION"],
  credentials: env["BIGQUERY_CREDENTIALS"],
  impersonate: env["BIGQUERY_IMPERSONATE"],
  api_endpoint: env["BIGQUERY_API_ENDPOINT"],
  maximum_bytes_billed: "100MB",
  price_per_tib: 6.25,
});

let source: Source;
beforeAll(async () => {
  // Small pages, so that there are several.
  source = await openBigquerySource(options, { stream: "live", run: "live" }, never, { pace: { ...PACE, pageRows: 1000 } });
});
afterAll(async () => await source[Symbol.asyncDispose]());

test("values of every type become their canonical texts", async () => {
  await using folder = await tempFolder();
  await using engine = await openEngine({ memoryLimit: "128MB", threads: 1, tempDirectory: folder.path, maxTempSize: "1GB" }, never);
  const query = `SELECT ${CANONICAL_VALUES.map(([, value], at) => `${value} AS c_${at}`).join(", ")}`;
  const columns = await source.describe(query, never);
  const { lines } = await extractAll(source, query);
  const texts = lines[0]?.split("\t") ?? [];
  const canonical = columns.map((column, at) => source.canonical(column, texts[at] === "\\N" ? "NULL::VARCHAR" : sqlText(texts[at] ?? "")));
  const [row] = await engine.rows(`SELECT ${canonical.join(", ")}`, never);
  expect(CANONICAL_VALUES.map(([type, value], at) => [type, value, row?.[at]])).toEqual(CANONICAL_VALUES);
});

test("several pages arrive whole", async () => {
  const { rows, lines } = await extractAll(source, "SELECT g AS id FROM UNNEST(GENERATE_ARRAY(1, 2500)) AS g");
  expect(rows).toBe(2500n);
  expect(new Set(lines).size).toBe(2500);
});

test("no rows are a proven result", async () => {
  expect(await extractAll(source, "SELECT 1 AS id FROM UNNEST([1]) WHERE FALSE")).toEqual({ rows: 0n, lines: [] });
});

test("a dry run tells types and bytes", async () => {
  expect(await source.describe("SELECT 1 AS `Order`, [1] AS arr", never)).toMatchObject([
    { name: "Order", type: "INT64" },
    { type: "ARRAY<INT64>" },
  ]);
  expect(await source.estimate?.("SELECT 1 AS id", never)).toMatchObject({ bytes: 0n, price: "0.00" });
});

test.each([
  ["several statements", "SELECT 1 AS a; SELECT 2 AS b", "SOURCE_QUERY_REFUSED"],
  ["a statement that writes", "CREATE TEMP TABLE x AS SELECT 1 AS a", "SOURCE_QUERY_REFUSED"],
  ["a column without a name", "SELECT 1", "SOURCE_QUERY_REFUSED"],
  ["two columns of one name", "SELECT 1 AS a, 2 AS a", expect.stringMatching(/FAILED|REFUSED/u)],
  ["a mistake", "SELECT 1 AS a FROM", "SOURCE_QUERY_FAILED"],
])("%s: refused before a job starts", async (_what, query, code) => {
  await expect(source.describe(query, never)).rejects.toMatchObject({ code });
});

test("a row that cannot be computed is not quoted", async () => {
  const failing = extractAll(source, "SELECT CAST(CONCAT('jane', CAST(RAND() AS STRING)) AS INT64) AS id");
  await expect(failing).rejects.toMatchObject({ code: "SOURCE_QUERY_FAILED" });
  await expect(failing).rejects.not.toThrow("jane");
});

test("what is stopped is cancelled", async () => {
  const stop = new AbortController();
  const sink = new RowTextSink(20);
  const running = extractTo(source, "SELECT g AS id FROM UNNEST(GENERATE_ARRAY(1, 100000)) AS g", sink, stop.signal).catch(
    (error: unknown) => error,
  );
  await expect.poll(() => sink.bytes, { timeout: 120_000 }).toBeGreaterThan(0);
  stop.abort(new Error("enough"));
  expect(await running).toMatchObject({ message: "enough" });
});
