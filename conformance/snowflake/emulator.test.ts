import { afterAll, beforeAll, expect, test } from "vitest";
import type { Source } from "../../src/core/ports.ts";
import { openEngine } from "../../src/engine/open-engine.ts";
import { sqlText } from "../../src/engine/sql-literal.ts";
import { extractAll, never, openTestSource } from "../../test/sources/snowflake/open-test-source.ts";
import { tempFolder, type TempFolder } from "../../test/support/temp-folder.ts";

/** What a source on the emulator is opened with. */
function options(more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const { SPILLWAY_SNOWFLAKE_UNDER_TEST: url, SPILLWAY_SNOWFLAKE_KEY: key } = process.env;
  if (url === undefined) throw new Error("run `npm run conformance:warehouses`: it starts the server that these tests examine");
  return {
    type: "snowflake",
    account: "test",
    access_url: url,
    username: "u",
    private_key_path: key,
    database: "DB1",
    schema: "PUBLIC",
    ...more,
  };
}

/** A value in Snowflake's SQL and its canonical text. */
const CASES: readonly (readonly [sql: string, text: string | null])[] = [
  ["99999999999999999999999999999999999999::NUMBER(38,0)", "99999999999999999999999999999999999999"],
  ["9007199254740993::NUMBER(38,0)", "9007199254740993"],
  ["1.5::NUMBER(10,2)", "1.50"],
  ["TRUE", "true"],
  ["'2024-01-02'::DATE", "2024-01-02"],
  ["'2024-01-02 03:04:05.123456'::TIMESTAMP_NTZ", "2024-01-02T03:04:05.123456"],
  ["''", ""],
  ["'NULL'", "NULL"],
  ["NULL::VARCHAR", null],
  ["'a\\tb\\\\c'", "a\tb\\c"],
  ["'Ünï 😀'", "Ünï 😀"],
];

let source: Source;
let folder: TempFolder;
beforeAll(async () => {
  folder = await tempFolder();
  source = await openTestSource(options(), folder.path);
});
afterAll(async () => {
  await source[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

test("values come to their canonical text", async () => {
  await using engine = await openEngine({ memoryLimit: "128MB", threads: 1, tempDirectory: folder.path, maxTempSize: "1GB" }, never);
  const { lines, columns } = await extractAll(source, `SELECT ${CASES.map(([sql], at) => `${sql} AS v${at}`).join(", ")}`);
  const unescaped = (text: string): string => text.replaceAll("\\t", "\t").replaceAll("\\\\", "\\");
  const fields = (lines[0] ?? "").split("\t").map((text) => (text === "\\N" ? "NULL::VARCHAR" : sqlText(unescaped(text))));
  const [row] = await engine.rows(`SELECT ${columns.map((column, at) => source.canonical(column, fields[at] ?? "")).join(", ")}`, never);
  expect(row).toEqual(CASES.map(([, text]) => text));
});

test("a result of several chunks arrives whole", async () => {
  const { rows, lines } = await extractAll(source, "SELECT seq4() AS id, 'x' AS t FROM TABLE(GENERATOR(ROWCOUNT => 45000))");
  expect(rows).toBe(45_000n);
  expect(lines).toHaveLength(45_000);
});

test("no rows are a proven result", async () => {
  expect(await extractAll(source, "SELECT 1 AS id WHERE FALSE")).toMatchObject({ rows: 0n, lines: [] });
});

test("names keep their case, unquoted ones are read in upper case", async () => {
  const columns = await source.describe('SELECT 1 AS id, 2 AS "Mixed Case", 3 AS "select"', never);
  expect(columns.map(({ name }) => name)).toEqual(["ID", "Mixed Case", "select"]);
});

test.each([
  ["several statements", "SELECT 1 AS a; SELECT 2 AS b"],
  ["a missing table", "SELECT * FROM nowhere"],
  ["a mistake", "SELECT FROM WHERE"],
])("%s: refused before anything is run", async (_what, query) => {
  await expect(source.describe(query, never)).rejects.toMatchObject({ code: expect.stringMatching(/^SOURCE_QUERY_/u) as string });
});

test("a session that expires is renewed", async () => {
  expect(await extractAll(source, "SELECT /*fs:expire*/ 1 AS id")).toMatchObject({ rows: 1n });
});

test("a wrong password does not log in", async () => {
  const wrong = openTestSource(options({ private_key_path: undefined, password: "wrong" }), folder.path);
  await expect(wrong).rejects.toMatchObject({ code: "SOURCE_AUTH_FAILED" });
});
