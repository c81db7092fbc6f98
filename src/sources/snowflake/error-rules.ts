import type { ErrorCode } from "../../core/error-codes.ts";
import type { Retry } from "../../core/errors.ts";

/** What an error number of the service means for a run. */
export interface ErrorRule {
  /** A whole number of six digits or the start of one; the first rule that fits counts. */
  readonly number: string;
  readonly code: ErrorCode;
  readonly retry: Retry;
  /** What to say. `server`: the server's own words, as long as no row is computed; any other text stands in for them always. */
  readonly says: string;
  readonly hint: string;
}

const rule = (number: string, code: ErrorCode, retry: Retry, says: string, hint: string): ErrorRule => ({
  number,
  code,
  retry,
  says,
  hint,
});

const NEXT_RUN = "Nothing was delivered; run again.";
const RUN_IT = "Run the model's query in Snowsight to see the server's words.";
const GRANT = "GRANT USAGE ON DATABASE … and ON SCHEMA …, GRANT SELECT ON TABLE … TO ROLE the source's role.";

/** From error number to code, retry and advice (docs/sources/snowflake.md repeats the table). */
export const ERROR_RULES: readonly ErrorRule[] = [
  rule(
    "390100",
    "SOURCE_AUTH_FAILED",
    "never",
    "the server refuses the user or the password",
    "Check `username:` and `password:` of the source. Users that may log in by key pair alone need `private_key_path:`.",
  ),
  rule(
    "390144",
    "SOURCE_AUTH_FAILED",
    "never",
    "the server refuses the private key",
    "Check `account:` and `username:`, and that the user holds this key: `DESC USER NAME` shows RSA_PUBLIC_KEY_FP; `openssl rsa -in rsa_key.p8 -pubout` prints the key to set.",
  ),
  rule(
    "390303",
    "SOURCE_AUTH_FAILED",
    "never",
    "the OAuth token is not valid",
    "Get a new token; `token: {command: […]}` gets one for each run.",
  ),
  rule(
    "390318",
    "SOURCE_AUTH_FAILED",
    "never",
    "the OAuth token has expired",
    "Get a new token; `token: {command: […]}` gets one for each run.",
  ),
  rule(
    "390189",
    "SOURCE_ACCESS_DENIED",
    "never",
    "the user may not take the role, or there is no such role",
    "Correct `role:` of the source, or GRANT ROLE … TO USER ….",
  ),
  rule(
    "390201",
    "SOURCE_DATABASE_MISSING",
    "never",
    "server",
    "Correct `database:`, `schema:` or `warehouse:` of the source, or grant its role USAGE on it.",
  ),
  rule(
    "390422",
    "SOURCE_AUTH_FAILED",
    "never",
    "a network policy of the account does not let this machine in",
    "Add this machine's address to the network policy of the user or account.",
  ),
  rule("390111", "SOURCE_CONNECTION_LOST", "transient", "the session is gone", NEXT_RUN),
  rule("390112", "SOURCE_CONNECTION_LOST", "transient", "the session has expired", NEXT_RUN),
  rule("390114", "SOURCE_CONNECTION_LOST", "transient", "the login has expired", NEXT_RUN),
  rule(
    "39",
    "SOURCE_AUTH_FAILED",
    "never",
    "server",
    "Log in as the same user by other means: `snow connection test`, and look at LOGIN_HISTORY.",
  ),
  rule("000008", "SOURCE_QUERY_REFUSED", "never", "the model holds several statements", "Make the model one SELECT."),
  rule("002003", "SOURCE_QUERY_FAILED", "never", "server", `Correct the name (in \`table:\` case counts), or grant: ${GRANT}`),
  rule("002043", "SOURCE_QUERY_FAILED", "never", "server", `Correct the name (in \`table:\` case counts), or grant: ${GRANT}`),
  rule("003001", "SOURCE_ACCESS_DENIED", "never", "server", GRANT),
  rule(
    "000606",
    "SOURCE_COMPUTE_UNAVAILABLE",
    "never",
    "no warehouse is chosen, or the role may not use it",
    "Set `warehouse:` of the source, and GRANT USAGE ON WAREHOUSE … TO ROLE the source's role.",
  ),
  rule(
    "090073",
    "SOURCE_QUOTA_EXCEEDED",
    "never",
    "the quota of a resource monitor is used up, so the warehouse is not resumed",
    "Raise the quota of the resource monitor, wait for its next period, or set another `warehouse:`.",
  ),
  rule(
    "000607",
    "SOURCE_COMPUTE_UNAVAILABLE",
    "never",
    "the warehouse is suspended and is not resumed by itself",
    "ALTER WAREHOUSE … RESUME, or ALTER WAREHOUSE … SET AUTO_RESUME = TRUE.",
  ),
  rule(
    "000630",
    "SOURCE_TIMEOUT",
    "never",
    "the statement reached the timeout of the source, the user or the warehouse",
    "Raise `statement_timeout:` of the source (or STATEMENT_TIMEOUT_IN_SECONDS of the warehouse), or make the query cheaper.",
  ),
  rule("000604", "SOURCE_TIMEOUT", "transient", "the statement was cancelled, by an administrator or a limit", NEXT_RUN),
  rule("000603", "SOURCE_QUERY_FAILED", "transient", "the server met an internal error", NEXT_RUN),
  rule("300", "SOURCE_QUERY_FAILED", "transient", "the server met an internal error", NEXT_RUN),
  rule("001003", "SOURCE_QUERY_FAILED", "never", "server", "Mend the query at this place."),
  rule("0009", "SOURCE_QUERY_FAILED", "never", "server", "Mend the query at this place; unquoted names are read in upper case."),
  rule("00", "SOURCE_QUERY_FAILED", "never", "server", RUN_IT),
  rule("100051", "SOURCE_QUERY_FAILED", "never", "a row makes the query divide by zero", `${RUN_IT} NULLIF(x, 0) is the usual cure.`),
  rule(
    "10",
    "SOURCE_QUERY_FAILED",
    "never",
    "a value cannot be read as the type that it is cast to",
    `${RUN_IT} TRY_CAST is the usual cure.`,
  ),
  rule("", "SOURCE_QUERY_FAILED", "never", "server", RUN_IT),
];

/** The rule for an error number; there is always one. */
export function ruleFor(number: string): ErrorRule {
  return ERROR_RULES.find((candidate) => number.startsWith(candidate.number)) ?? rule("", "SOURCE_QUERY_FAILED", "never", "server", RUN_IT);
}
