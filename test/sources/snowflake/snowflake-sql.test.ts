import { expect, test } from "vitest";
import { duplicateKeys } from "../../../src/diffing/key-checks.ts";
import { alterSessionSql } from "../../../src/sources/snowflake/pinned-settings.ts";
import { snowflakeDialect } from "../../../src/sources/snowflake/snowflake-dialect.ts";
import { columnOf, projectionSql } from "../../../src/sources/snowflake/snowflake-types.ts";
import { unloadSql } from "../../../src/sources/snowflake/unload-rows.ts";
import { modelQuery } from "../../../src/sync/model-query.ts";

const described = (name: string, type: string, precision: number | null = null, scale: number | null = null) =>
  columnOf({ name, type, precision, scale });

const COLUMNS = [
  described("ID", "fixed", 38, 0),
  described("Mixed Case", "text"),
  described("PRICE", "fixed", 10, 2),
  described("RATIO", "real"),
  described("OK", "boolean"),
  described("DAY", "date"),
  described("AT", "time"),
  described("SEEN", "timestamp_ntz"),
  described("SENT", "timestamp_ltz"),
  described("READ", "timestamp_tz"),
  described("BYTES", "binary"),
  described("TRAITS", "variant"),
  described("TAGS", "array"),
  described("PAIRS", "map"),
  described("WORDS", "vector"),
  described("PLACE", "geography"),
  described("WIDE", "decfloat"),
];

test("types are told as people write them, and decide the kind of a column", () => {
  expect(COLUMNS.map(({ type, kind }) => `${type} ${kind}`)).toMatchInlineSnapshot(`
    [
      "NUMBER(38,0) integer",
      "VARCHAR text",
      "NUMBER(10,2) decimal",
      "FLOAT float",
      "BOOLEAN boolean",
      "DATE date",
      "TIME time",
      "TIMESTAMP_NTZ timestamp",
      "TIMESTAMP_LTZ timestamp_tz",
      "TIMESTAMP_TZ timestamp_tz",
      "BINARY bytes",
      "VARIANT json",
      "ARRAY json",
      "MAP json",
      "VECTOR json",
      "GEOGRAPHY text",
      "DECFLOAT text",
    ]
  `);
});

test("the projection makes text of every type", () => {
  const { before, after } = projectionSql(COLUMNS);
  expect(`${before}select * from users -- all${after}`).toMatchInlineSnapshot(`
    "SELECT TO_VARCHAR(model."ID") AS "c0",
      model."Mixed Case" AS "c1",
      TO_VARCHAR(model."PRICE") AS "c2",
      CASE WHEN model."RATIO" IN ('NaN'::FLOAT, 'inf'::FLOAT, '-inf'::FLOAT) THEN TO_VARCHAR(model."RATIO") ELSE TRIM(TO_VARCHAR(model."RATIO", '9.9999999999999999EE')) END AS "c3",
      TO_VARCHAR(model."OK") AS "c4",
      TO_VARCHAR(model."DAY", 'YYYY-MM-DD') AS "c5",
      TO_VARCHAR(model."AT", 'HH24:MI:SS.FF9') AS "c6",
      TO_VARCHAR(model."SEEN", 'YYYY-MM-DD HH24:MI:SS.FF9') AS "c7",
      TO_VARCHAR(CONVERT_TIMEZONE('UTC', model."SENT"), 'YYYY-MM-DD HH24:MI:SS.FF9') AS "c8",
      TO_VARCHAR(CONVERT_TIMEZONE('UTC', model."READ"), 'YYYY-MM-DD HH24:MI:SS.FF9') AS "c9",
      BASE64_ENCODE(model."BYTES") AS "c10",
      TO_JSON(model."TRAITS") AS "c11",
      TO_JSON(model."TAGS") AS "c12",
      TO_JSON(model."PAIRS"::VARIANT) AS "c13",
      TO_JSON(model."WORDS"::ARRAY) AS "c14",
      ST_ASWKT(model."PLACE") AS "c15",
      TO_VARCHAR(model."WIDE") AS "c16" FROM (
    select * from users -- all
    ) AS model"
  `);
});

test("an unload makes lines of row text from the finished statement", () => {
  expect(unloadSql("@~/spillway/run", "01b2-c3", COLUMNS.slice(0, 3))).toMatchInlineSnapshot(`
    "COPY INTO '@~/spillway/run/' FROM (
    SELECT COALESCE("c0", CHR(92) || 'N') || CHR(9) ||
      COALESCE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE("c1", CHR(92), CHR(92) || CHR(92)), CHR(9), CHR(92) || 't'), CHR(10), CHR(92) || 'n'), CHR(13), CHR(92) || 'r'), CHR(11), CHR(92) || 'v'), CHR(8), CHR(92) || 'b'), CHR(12), CHR(92) || 'f'), CHR(92) || 'N') || CHR(9) ||
      COALESCE("c2", CHR(92) || 'N') AS "l"
    FROM TABLE(RESULT_SCAN('01b2-c3'))
    )
    FILE_FORMAT = (TYPE = CSV COMPRESSION = GZIP RECORD_DELIMITER = '\\n' FIELD_DELIMITER = NONE FIELD_OPTIONALLY_ENCLOSED_BY = NONE ESCAPE = NONE ESCAPE_UNENCLOSED_FIELD = NONE NULL_IF = () EMPTY_FIELD_AS_NULL = FALSE)
    HEADER = FALSE MAX_FILE_SIZE = 67108864 DETAILED_OUTPUT = TRUE"
  `);
});

test("a session is pinned in one statement", () => {
  expect(alterSessionSql({ queryTag: "it's\\mine", statementTimeoutMs: 1500 })).toMatchInlineSnapshot(`
    "ALTER SESSION SET
      TIMEZONE = 'UTC'
      DATE_INPUT_FORMAT = 'AUTO'
      TIME_INPUT_FORMAT = 'AUTO'
      TIMESTAMP_INPUT_FORMAT = 'AUTO'
      BINARY_INPUT_FORMAT = 'HEX'
      DATE_OUTPUT_FORMAT = 'YYYY-MM-DD'
      TIME_OUTPUT_FORMAT = 'HH24:MI:SS.FF9'
      TIMESTAMP_OUTPUT_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF9 TZHTZM'
      TIMESTAMP_NTZ_OUTPUT_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF9'
      TIMESTAMP_LTZ_OUTPUT_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF9 TZHTZM'
      TIMESTAMP_TZ_OUTPUT_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF9 TZHTZM'
      BINARY_OUTPUT_FORMAT = 'HEX'
      GEOGRAPHY_OUTPUT_FORMAT = 'WKT'
      GEOMETRY_OUTPUT_FORMAT = 'WKT'
      TIMESTAMP_TYPE_MAPPING = 'TIMESTAMP_NTZ'
      TIMESTAMP_DAY_IS_ALWAYS_24H = FALSE
      TWO_DIGIT_CENTURY_START = 1970
      WEEK_START = 0
      WEEK_OF_YEAR_POLICY = 0
      STRICT_JSON_OUTPUT = TRUE
      QUOTED_IDENTIFIERS_IGNORE_CASE = FALSE
      ROWS_PER_RESULTSET = 0
      CLIENT_RESULT_CHUNK_SIZE = 16
      MULTI_STATEMENT_COUNT = 1
      ABORT_DETACHED_QUERY = TRUE
      QUERY_TAG = 'it''s\\\\mine'
      STATEMENT_TIMEOUT_IN_SECONDS = 2"
  `);
});

test("an audience model is one scan, and its names are quoted as Snowflake reads them", () => {
  const members = [
    { name: "vip", condition: "spent >= 1500" },
    { name: "it's", condition: "orders = 0" },
  ];
  const entity = { entitySql: "select * from analytics.customers", entityKey: ["CUSTOMER_ID"], file: "users.yaml", line: 1 };
  expect(modelQuery({ kind: "audiences", members, ...entity }, snowflakeDialect)).toMatchInlineSnapshot(`
    "SELECT entity.*, audience."_audience" FROM (
    select * from analytics.customers
    ) AS entity CROSS JOIN (SELECT 'vip' AS "_audience" UNION ALL SELECT 'it''s' AS "_audience") AS audience
    WHERE CASE audience."_audience"
    WHEN 'vip' THEN (
    spent >= 1500
    )
    WHEN 'it''s' THEN (
    orders = 0
    )
    END"
  `);
  expect(modelQuery({ kind: "table", table: "ANALYTICS.USERS" }, snowflakeDialect)).toBe('SELECT * FROM "ANALYTICS"."USERS"');
});

test("the query that shows doubled keys is one for Snowflake", () => {
  const projection = { query: "select * from users", columns: COLUMNS, keyCount: 2, ignoredCount: 0 };
  expect(duplicateKeys({ projection, source: { dialect: snowflakeDialect } }, 3n).hint).toMatchInlineSnapshot(`
    "See them:
    SELECT "ID", "Mixed Case", count(*) FROM (
    select * from users
    ) AS model GROUP BY "ID", "Mixed Case" HAVING count(*) > 1"
  `);
});

test("instants are literals of the column's own type", () => {
  const at = "2024-01-02T03:04:05.678Z";
  expect(snowflakeDialect.instant("date", at)).toBe("'2024-01-02'::DATE");
  expect(snowflakeDialect.instant("timestamp", at)).toBe("'2024-01-02 03:04:05.678'::TIMESTAMP_NTZ");
  expect(snowflakeDialect.instant("timestamp_tz", at)).toBe("'2024-01-02 03:04:05.678 +00:00'::TIMESTAMP_TZ");
});
