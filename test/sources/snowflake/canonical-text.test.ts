import { afterAll, beforeAll, expect, test } from "vitest";
import { type Engine, openEngine } from "../../../src/engine/open-engine.ts";
import { unescapeField } from "../../../src/engine/row-text.ts";
import { sqlText } from "../../../src/engine/sql-literal.ts";
import { TestSnowflakeServer } from "../../support/snowflake/test-snowflake-server.ts";
import { tempFolder, type TempFolder } from "../../support/temp-folder.ts";
import { extractAll, never, openTestSource, written } from "./open-test-source.ts";

/** A value in Snowflake's SQL, its canonical text, the type of its column. */
const CASES: readonly (readonly [sql: string, text: string | null, type: string])[] = [
  ["99999999999999999999999999999999999999::NUMBER(38,0)", "99999999999999999999999999999999999999", "NUMBER(38,0)"],
  ["9007199254740993::NUMBER(38,0)", "9007199254740993", "NUMBER(38,0)"],
  ["1.5::NUMBER(10,2)", "1.50", "NUMBER(10,2)"],
  ["(-0.00)::NUMBER(10,2)", "0.00", "NUMBER(10,2)"],
  ["NULL::NUMBER(10,2)", null, "NUMBER(10,2)"],
  ["0.1::FLOAT + 0.2::FLOAT", "0.30000000000000004", "FLOAT"],
  ["1e300::FLOAT", "1e+300", "FLOAT"],
  ["5e-324::FLOAT", "5e-324", "FLOAT"],
  ["100::FLOAT", "100", "FLOAT"],
  ["'NaN'::FLOAT", "NaN", "FLOAT"],
  ["'-inf'::FLOAT", "-Infinity", "FLOAT"],
  ["NULL::FLOAT", null, "FLOAT"],
  ["TRUE", "true", "BOOLEAN"],
  ["NULL::BOOLEAN", null, "BOOLEAN"],
  ["'2024-01-02'::DATE", "2024-01-02", "DATE"],
  ["NULL::DATE", null, "DATE"],
  ["'03:04:05.123456'::TIME", "03:04:05.123456", "TIME"],
  ["'03:04:00'::TIME", "03:04:00", "TIME"],
  ["'2024-01-02 03:04:05.123456'::TIMESTAMP_NTZ", "2024-01-02T03:04:05.123456", "TIMESTAMP_NTZ"],
  ["'2024-01-02 03:04:05.100'::TIMESTAMP_NTZ", "2024-01-02T03:04:05.1", "TIMESTAMP_NTZ"],
  ["'2024-10-20 00:00:00'::TIMESTAMP_NTZ", "2024-10-20T00:00:00", "TIMESTAMP_NTZ"],
  ["'2024-01-02 03:04:05.123456+02:00'::TIMESTAMP_TZ", "2024-01-02T01:04:05.123456Z", "TIMESTAMP_TZ"],
  ["NULL::TIMESTAMP_TZ", null, "TIMESTAMP_TZ"],
  ["'48656c6c6f'::VARCHAR", "48656c6c6f", "VARCHAR"],
  ["unhex('deadbeef')", "3q2+7w==", "BINARY"],
  ['PARSE_JSON(\'{"n":12345678901234567890,"d":1.10}\')', '{"n":12345678901234567890,"d":1.10}', "VARIANT"],
  ["NULL::VARIANT", null, "VARIANT"],
  ["'Ünï 😀 '", "Ünï 😀 ", "VARCHAR"],
];

let server: TestSnowflakeServer;
let folder: TempFolder;
let engine: Engine;
beforeAll(async () => {
  [server, folder] = await Promise.all([TestSnowflakeServer.start(), tempFolder()]);
  engine = await openEngine({ memoryLimit: "256MB", threads: 1, tempDirectory: folder.path, maxTempSize: "1GB" }, never);
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

test.each([
  ["rows of JSON", "off"],
  ["files on the stage", 0],
] as const)("values of every type come to their canonical text by way of %s", async (_name, limit) => {
  await using source = await openTestSource(written(server, { unload_above_rows: limit }), folder.path);
  const query = `select ${CASES.map(([sql], at) => `${sql} as v${at}`).join(",\n")}`;
  const { lines, columns } = await extractAll(source, query);
  expect(columns.map(({ type }) => type)).toEqual(CASES.map(([, , type]) => type));
  const fields = lines[0]?.split("\t") ?? [];
  expect(fields).toHaveLength(CASES.length);
  const texts = columns.map((column, at) => {
    return `SELECT ${at} AS position, ${source.canonical(column, "f")} AS canonical FROM (SELECT ${unescapeField("raw")} AS f FROM (SELECT ${sqlText(fields[at] ?? "")} AS raw))`;
  });
  const rows = await engine.rows(`SELECT canonical FROM (${texts.join("\nUNION ALL ")}) ORDER BY position`, never);
  expect(rows.map(([text]) => text)).toEqual(CASES.map(([, text]) => text));
});
