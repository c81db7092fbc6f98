import { afterAll, beforeAll, expect, test } from "vitest";
import type { Source } from "../../src/core/ports.ts";
import { openEngine } from "../../src/engine/open-engine.ts";
import { sqlText } from "../../src/engine/sql-literal.ts";
import { extractAll, never, openTestSource } from "../../test/sources/snowflake/open-test-source.ts";
import { tempFolder, type TempFolder } from "../../test/support/temp-folder.ts";

const { env } = process;
const given = Object.entries({
  account: env["SNOWFLAKE_ACCOUNT"],
  access_url: env["SNOWFLAKE_ACCESS_URL"],
  username: env["SNOWFLAKE_USERNAME"],
  private_key_path: env["SNOWFLAKE_PRIVATE_KEY_PATH"],
  private_key_passphrase: env["SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"],
  token: env["SNOWFLAKE_TOKEN"],
  role: env["SNOWFLAKE_ROLE"],
  warehouse: env["SNOWFLAKE_WAREHOUSE"],
}).filter(([, value]) => value !== undefined && value !== "");

/** A value in Snowflake's SQL and its canonical text: what no emulator proves. */
const CASES: readonly (readonly [sql: string, text: string | null])[] = [
  ["99999999999999999999999999999999999999::NUMBER(38,0)", "99999999999999999999999999999999999999"],
  ["1.5::NUMBER(10,2)", "1.50"],
  ["0.1::FLOAT + 0.2::FLOAT", "0.30000000000000004"],
  ["1e300::FLOAT", "1e+300"],
  ["-1.5e-7::FLOAT", "-1.5e-07"],
  ["100::FLOAT", "100"],
  ["'NaN'::FLOAT", "NaN"],
  ["'inf'::FLOAT", "Infinity"],
  ["TRUE", "true"],
  ["'2024-01-02'::DATE", "2024-01-02"],
  ["'03:04:05.1'::TIME", "03:04:05.1"],
  ["'2024-01-02 03:04:05.123456789'::TIMESTAMP_NTZ", "2024-01-02T03:04:05.123456789"],
  ["'2024-01-02 03:04:05 +02:00'::TIMESTAMP_TZ", "2024-01-02T01:04:05Z"],
  ["TO_BINARY('deadbeef', 'HEX')", "3q2+7w=="],
  ["PARSE_JSON('{\"n\":12345678901234567890}')", '{"n":12345678901234567890}'],
  ["''", ""],
  ["'NULL'", "NULL"],
  ["NULL::VARCHAR", null],
  ["'a\\tb\\nc\\\\d'", "a\tb\nc\\d"],
];

let folder: TempFolder;
let driver: Source;
let stage: Source;
beforeAll(async () => {
  folder = await tempFolder();
  const options = { type: "snowflake", ...Object.fromEntries(given) };
  driver = await openTestSource({ ...options, unload_above_rows: "off" }, folder.path);
  stage = await openTestSource({ ...options, unload_above_rows: 0 }, folder.path);
});
afterAll(async () => {
  await driver[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

test("values of every type become their canonical texts, and both roads bring the same bytes", async () => {
  await using engine = await openEngine({ memoryLimit: "128MB", threads: 1, tempDirectory: folder.path, maxTempSize: "1GB" }, never);
  const query = `SELECT ${CASES.map(([sql], at) => `${sql} AS v${at}`).join(", ")}`;
  const { lines, columns } = await extractAll(driver, query);
  expect((await extractAll(stage, query)).lines).toEqual(lines);
  const unescaped = (text: string): string =>
    text.replaceAll(/\\([tn\\])/gu, (_all, one: string) => (one === "t" ? "\t" : one === "n" ? "\n" : "\\"));
  const fields = (lines[0] ?? "").split("\t").map((text) => (text === "\\N" ? "NULL::VARCHAR" : sqlText(unescaped(text))));
  const [row] = await engine.rows(`SELECT ${columns.map((column, at) => driver.canonical(column, fields[at] ?? "")).join(", ")}`, never);
  expect(CASES.map(([sql], at) => [sql, row?.[at]])).toEqual(CASES);
});

test("several parts and several files arrive whole", async () => {
  const query = "SELECT SEQ4() AS id, RANDSTR(200, RANDOM()) AS filler FROM TABLE(GENERATOR(ROWCOUNT => 500000))";
  expect(await extractAll(driver, query)).toMatchObject({ rows: 500_000n });
  expect(await extractAll(stage, query)).toMatchObject({ rows: 500_000n });
});

test.each([
  ["several statements", "SELECT 1 AS a; SELECT 2 AS b", "SOURCE_QUERY_REFUSED"],
  ["a statement that writes", "CREATE TEMPORARY TABLE x AS SELECT 1 AS a", "SOURCE_QUERY_REFUSED"],
  ["two columns of one name", "SELECT 1 AS a, 2 AS a", "SOURCE_QUERY_REFUSED"],
  ["a mistake", "SELECT 1 AS a FROM", "SOURCE_QUERY_FAILED"],
  ["a missing table", "SELECT * FROM no_such_table_of_ours", "SOURCE_QUERY_FAILED"],
])("%s: refused before it runs", async (_what, query, code) => {
  await expect(driver.describe(query, never)).rejects.toMatchObject({ code });
});
