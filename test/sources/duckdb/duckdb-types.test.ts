import { expect, test } from "vitest";
import { openEngine } from "../../../src/engine/open-engine.ts";
import { duckdbCanonical, duckdbKind } from "../../../src/sources/duckdb/duckdb-types.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const never = new AbortController().signal;

const cases: readonly (readonly [type: string, value: string, text: string | null])[] = [
  ["TINYINT", "-128", "-128"],
  ["SMALLINT", "32767", "32767"],
  ["INTEGER", "-2147483648", "-2147483648"],
  ["BIGINT", "9007199254740993", "9007199254740993"],
  ["HUGEINT", "-170141183460469231731687303715884105727", "-170141183460469231731687303715884105727"],
  ["UTINYINT", "255", "255"],
  ["UBIGINT", "18446744073709551615", "18446744073709551615"],
  ["UHUGEINT", "340282366920938463463374607431768211455", "340282366920938463463374607431768211455"],
  ["BIGNUM", "'123456789012345678901234567890123456789012'", "123456789012345678901234567890123456789012"],
  ["DECIMAL(10,2)", "1.5", "1.50"],
  ["DECIMAL(38,10)", "'-1234567890123456789012345678.0000000001'", "-1234567890123456789012345678.0000000001"],
  ["DECIMAL(4,0)", "7", "7"],
  ["DOUBLE", "0.30000000000000004", "0.30000000000000004"],
  ["DOUBLE", "1", "1"],
  ["DOUBLE", "100000", "100000"],
  ["DOUBLE", "1e300", "1e+300"],
  ["DOUBLE", "'-0.0'", "-0"],
  ["DOUBLE", "'nan'", "NaN"],
  ["DOUBLE", "'inf'", "Infinity"],
  ["DOUBLE", "'-inf'", "-Infinity"],
  ["FLOAT", "0.1", "0.1"],
  ["FLOAT", "16777216", "16777216"],
  ["BOOLEAN", "true", "true"],
  ["BOOLEAN", "false", "false"],
  ["VARCHAR", "''", ""],
  ["VARCHAR", "'  a\tb  '", "  a\tb  "],
  ["VARCHAR", "NULL", null],
  ["DATE", "'2024-01-02'", "2024-01-02"],
  ["DATE", "'infinity'", "infinity"],
  ["DATE", "'20000-01-01'", "20000-01-01"],
  ["TIME", "'03:04:05.120000'", "03:04:05.12"],
  ["TIME", "'03:04:05'", "03:04:05"],
  ["TIMESTAMP", "'2024-01-02 03:04:05.123456'", "2024-01-02T03:04:05.123456"],
  ["TIMESTAMP", "'2024-01-02 03:04:05.100000'", "2024-01-02T03:04:05.1"],
  ["TIMESTAMP", "'infinity'", "infinity"],
  ["TIMESTAMP_S", "'2024-01-02 03:04:05'", "2024-01-02T03:04:05"],
  ["TIMESTAMP_MS", "'2024-01-02 03:04:05.120'", "2024-01-02T03:04:05.12"],
  ["TIMESTAMP_NS", "'2024-01-02 03:04:05.123456789'", "2024-01-02T03:04:05.123456789"],
  ["TIMESTAMP WITH TIME ZONE", "'2024-01-02 03:04:05.120000+02'", "2024-01-02T01:04:05.12Z"],
  ["TIMESTAMP WITH TIME ZONE", "'-infinity'", "-infinity"],
  ["TIME WITH TIME ZONE", "'03:04:05+05:30'", "03:04:05+05:30"],
  ["INTERVAL", "'1 month 3 days 02:00'", "1 month 3 days 02:00:00"],
  ["UUID", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
  ["BLOB", "'ab\\x00'", "YWIA"],
  ["BLOB", "''", ""],
  ["BIT", "'101'", "101"],
  ["ENUM('a', 'b')", "'b'", "b"],
  ["JSON", `'{"b": 1.10, "a":  [1,null]}'`, '{"b": 1.10, "a":  [1,null]}'],
  ["INTEGER[]", "[1, NULL, 3]", "[1,null,3]"],
  ["VARCHAR[]", `['a,b', 'c"d', NULL]`, '["a,b","c\\"d",null]'],
  ["INTEGER[2]", "[1, 2]", "[1,2]"],
  ["STRUCT(a INTEGER, b VARCHAR)", "{'a': 1, 'b': NULL}", '{"a":1,"b":null}'],
  ["MAP(VARCHAR, INTEGER)", "map {'x': 1}", '{"x":1}'],
  ["STRUCT(a INTEGER)[]", "[{'a': 1}]", '[{"a":1}]'],
];

test.each(cases)("F11: %s %s is delivered as %s", async (type, value, text) => {
  await using folder = await tempFolder();
  await using engine = await openEngine({ memoryLimit: "100MB", threads: 1, tempDirectory: folder.path, maxTempSize: "1GB" }, never);
  const { columns } = await engine.describe(`SELECT CAST(${value} AS ${type}) AS v`, never);
  const described = columns[0]?.type ?? "";
  const column = { name: "v", type: described, kind: duckdbKind(described) };
  expect(await engine.rows(`SELECT ${duckdbCanonical(column, "v")} FROM (SELECT CAST(${value} AS ${type}) AS v)`, never)).toEqual([[text]]);
});
