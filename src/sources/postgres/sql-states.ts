import type { ErrorCode } from "../../core/error-codes.ts";
import type { Retry } from "../../core/errors.ts";

/** What a class of server errors means for a run. */
export interface SqlStateRule {
  /** A whole SQLSTATE or the start of one; the first rule that fits counts. */
  readonly state: string;
  readonly code: ErrorCode;
  readonly retry: Retry;
  /**
   * What to say. `server`: the server's own words, where they can only name things of the schema or of the model's SQL;
   * any other text stands in for words that may quote a value.
   */
  readonly says: string;
  readonly hint: string;
}

const rule = (state: string, code: ErrorCode, retry: Retry, says: string, hint: string): SqlStateRule => ({
  state,
  code,
  retry,
  says,
  hint,
});

const NEXT_RUN = "Nothing was delivered; run again.";
const RUN_IT = "Run the model's query in psql to see the row that it fails on.";

/** From SQLSTATE to code, retry and advice (docs/sources/postgres.md repeats the table). */
export const SQL_STATES: readonly SqlStateRule[] = [
  rule(
    "28P01",
    "SOURCE_AUTH_FAILED",
    "never",
    "the server refuses the password",
    "Check `user:` and `password:` of the source; try them with psql.",
  ),
  rule("28", "SOURCE_AUTH_FAILED", "never", "server", "Check `user:`, and the server's pg_hba.conf for this host, database, user and TLS."),
  rule("3D000", "SOURCE_DATABASE_MISSING", "never", "server", "Check `database:` of the source; `psql -l` lists what there is."),
  rule(
    "42501",
    "SOURCE_ACCESS_DENIED",
    "never",
    "server",
    "Grant it: GRANT USAGE ON SCHEMA …, GRANT SELECT ON … TO the source's user or role.",
  ),
  rule(
    "25006",
    "SOURCE_QUERY_REFUSED",
    "never",
    "the query writes, and a source is only read",
    "Make the model a SELECT without side effects (no FOR UPDATE, nextval or writing function).",
  ),
  rule(
    "57014",
    "SOURCE_TIMEOUT",
    "never",
    "the server cancelled the query: statement_timeout, or an administrator",
    "Raise `statement_timeout:` of the source, or make the query cheaper.",
  ),
  rule("25P03", "SOURCE_TIMEOUT", "transient", "the server ended an idle transaction", NEXT_RUN),
  rule("25P04", "SOURCE_TIMEOUT", "never", "the server's transaction_timeout passed", "Raise transaction_timeout of the source's role."),
  rule(
    "55P03",
    "SOURCE_TIMEOUT",
    "transient",
    "a table stayed locked for longer than lock_timeout",
    "Run again when the other session is done, or raise `lock_timeout:` of the source.",
  ),
  rule(
    "40",
    "SOURCE_CONFLICT",
    "transient",
    "the server withdrew the query because of a conflict (recovery on a standby, or a deadlock)",
    `${NEXT_RUN} On a standby raise max_standby_streaming_delay or set hot_standby_feedback.`,
  ),
  rule(
    "53300",
    "SOURCE_OVERLOADED",
    "transient",
    "the server has no connection left",
    "Run again later, or raise max_connections or the role's CONNECTION LIMIT.",
  ),
  rule(
    "53",
    "SOURCE_OVERLOADED",
    "transient",
    "the server lacks memory, disk or another resource",
    "Look at the server's log; run again when there is room.",
  ),
  rule(
    "57P03",
    "SOURCE_UNREACHABLE",
    "transient",
    "the server is starting up, shutting down or recovering",
    "Wait until it accepts connections, then run again.",
  ),
  rule(
    "57P",
    "SOURCE_CONNECTION_LOST",
    "transient",
    "the server ended the connection (an administrator, a restart or a dropped database)",
    NEXT_RUN,
  ),
  rule("08", "SOURCE_CONNECTION_LOST", "transient", "the connection broke", NEXT_RUN),
  rule("0A", "SOURCE_QUERY_FAILED", "never", "server", "Mend the model's query."),
  rule(
    "42P01",
    "SOURCE_QUERY_FAILED",
    "never",
    "server",
    "Check the table's name and schema; `search_path:` of the source says where unqualified names are looked for.",
  ),
  rule("42", "SOURCE_QUERY_FAILED", "never", "server", "Mend the model's query; try it in psql."),
  rule("3F", "SOURCE_QUERY_FAILED", "never", "server", "Check the schema's name and `search_path:`."),
  rule("22012", "SOURCE_QUERY_FAILED", "never", "a row makes the query divide by zero", `${RUN_IT} nullif(x, 0) is the usual cure.`),
  rule("22P02", "SOURCE_QUERY_FAILED", "never", "a value is no text of the type that it is cast to", RUN_IT),
  rule("22007", "SOURCE_QUERY_FAILED", "never", "a value is no date or time of the form that it is read in", RUN_IT),
  rule("22008", "SOURCE_QUERY_FAILED", "never", "a date or time is out of range", RUN_IT),
  rule("22003", "SOURCE_QUERY_FAILED", "never", "a number is out of range of its type", RUN_IT),
  rule("22021", "SOURCE_QUERY_FAILED", "never", "a text holds bytes that are not of the database's encoding", RUN_IT),
  rule("21000", "SOURCE_QUERY_FAILED", "never", "a sub-query that stands for one value returns several rows", RUN_IT),
  rule("54", "SOURCE_QUERY_FAILED", "never", "the query or a row of it passes a limit of the server", RUN_IT),
  rule(
    "55000",
    "SOURCE_QUERY_FAILED",
    "never",
    "a relation is not ready to be read (a materialized view that was never refreshed?)",
    "REFRESH MATERIALIZED VIEW, then run again.",
  ),
  rule("P0", "SOURCE_QUERY_FAILED", "never", "a function that the query calls raises an error", RUN_IT),
  rule("XX", "SOURCE_QUERY_FAILED", "never", "the server met an internal error or damaged data", "Look at the server's log."),
  rule("", "SOURCE_QUERY_FAILED", "never", "the server refuses the query; its words are withheld because they may quote a row", RUN_IT),
];

/** The rule for a SQLSTATE; there is always one. */
export function ruleFor(state: string): SqlStateRule {
  const found = SQL_STATES.find((candidate) => state.startsWith(candidate.state));
  return found ?? rule("", "SOURCE_QUERY_FAILED", "never", "the server refuses the query", RUN_IT);
}
