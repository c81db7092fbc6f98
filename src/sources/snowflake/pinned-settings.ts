import { snowflakeDialect } from "./snowflake-dialect.ts";

/**
 * Session parameters that change how a value is printed, how the model's SQL is read, or how much of a result arrives. They are set in each
 * session, so that ALTER USER and ALTER ACCOUNT change no byte.
 */
const PINNED: readonly (readonly [string, string | number | boolean])[] = [
  ["TIMEZONE", "UTC"],
  ["DATE_INPUT_FORMAT", "AUTO"],
  ["TIME_INPUT_FORMAT", "AUTO"],
  ["TIMESTAMP_INPUT_FORMAT", "AUTO"],
  ["BINARY_INPUT_FORMAT", "HEX"],
  ["DATE_OUTPUT_FORMAT", "YYYY-MM-DD"],
  ["TIME_OUTPUT_FORMAT", "HH24:MI:SS.FF9"],
  ["TIMESTAMP_OUTPUT_FORMAT", "YYYY-MM-DD HH24:MI:SS.FF9 TZHTZM"],
  ["TIMESTAMP_NTZ_OUTPUT_FORMAT", "YYYY-MM-DD HH24:MI:SS.FF9"],
  ["TIMESTAMP_LTZ_OUTPUT_FORMAT", "YYYY-MM-DD HH24:MI:SS.FF9 TZHTZM"],
  ["TIMESTAMP_TZ_OUTPUT_FORMAT", "YYYY-MM-DD HH24:MI:SS.FF9 TZHTZM"],
  ["BINARY_OUTPUT_FORMAT", "HEX"],
  ["GEOGRAPHY_OUTPUT_FORMAT", "WKT"],
  ["GEOMETRY_OUTPUT_FORMAT", "WKT"],
  ["TIMESTAMP_TYPE_MAPPING", "TIMESTAMP_NTZ"],
  ["TIMESTAMP_DAY_IS_ALWAYS_24H", false],
  ["TWO_DIGIT_CENTURY_START", 1970],
  ["WEEK_START", 0],
  ["WEEK_OF_YEAR_POLICY", 0],
  ["STRICT_JSON_OUTPUT", true],
  ["QUOTED_IDENTIFIERS_IGNORE_CASE", false],
  // A limit set for a user would cut every result short.
  ["ROWS_PER_RESULTSET", 0],
  // The driver holds a few chunks of a result in memory.
  ["CLIENT_RESULT_CHUNK_SIZE", 16],
  // Only one statement a request: nothing that stands in a model can be followed by another.
  ["MULTI_STATEMENT_COUNT", 1],
  // A query whose reader died is not computed to its end.
  ["ABORT_DETACHED_QUERY", true],
];

/** What a session's own parameters are. */
export interface SessionParameters {
  readonly queryTag: string;
  readonly statementTimeoutMs: number;
}

/** The one statement that makes a session's texts independent of who asks. */
export function alterSessionSql({ queryTag, statementTimeoutMs }: SessionParameters): string {
  const own = [
    ["QUERY_TAG", queryTag],
    ["STATEMENT_TIMEOUT_IN_SECONDS", Math.max(1, Math.ceil(statementTimeoutMs / 1000))],
  ] as const;
  const settings = [...PINNED, ...own].map(([name, value]) => {
    return `  ${name} = ${typeof value === "string" ? snowflakeDialect.quoteText(value) : String(value).toUpperCase()}`;
  });
  return `ALTER SESSION SET\n${settings.join("\n")}`;
}
