import type { ErrorCode } from "../../core/error-codes.ts";
import type { Retry } from "../../core/errors.ts";

/** What one of BigQuery's reasons means for a run. */
export interface ReasonRule {
  readonly reason: string;
  readonly code: ErrorCode;
  readonly retry: Retry;
  /**
   * What to say. `server`: its own words, which for this reason name things of the project and never values of rows. `query`: its own
   * words as long as no row was computed.
   */
  readonly says: string;
  readonly hint: string;
}

const rule = (reason: string, code: ErrorCode, retry: Retry, says: string, hint: string): ReasonRule => ({
  reason,
  code,
  retry,
  says,
  hint,
});

const NEXT_RUN = "Nothing was delivered; run again.";
const RUN_IT = "Run the model's query in the BigQuery console to see what it fails on.";

/** From reason to code, retry and advice (docs/sources/bigquery.md repeats the table). */
const ERROR_REASONS: readonly ReasonRule[] = [
  rule(
    "authError",
    "SOURCE_AUTH_FAILED",
    "never",
    "it does not accept the credentials",
    "Check `credentials:` of the source; the key may have been deleted or disabled.",
  ),
  rule(
    "required",
    "SOURCE_AUTH_FAILED",
    "never",
    "it asks for credentials, and none were sent",
    "Give `credentials:`, or `gcloud auth application-default login` on this machine.",
  ),
  rule(
    "accessDenied",
    "SOURCE_ACCESS_DENIED",
    "never",
    "server",
    "Grant roles/bigquery.jobUser on the project and roles/bigquery.dataViewer on the datasets that the query reads.",
  ),
  rule("insufficientPermissions", "SOURCE_ACCESS_DENIED", "never", "server", "Grant roles/bigquery.jobUser on the project."),
  rule(
    "accessNotConfigured",
    "SOURCE_ACCESS_DENIED",
    "never",
    "server",
    "Switch the BigQuery API on: gcloud services enable bigquery.googleapis.com.",
  ),
  rule("billingNotEnabled", "SOURCE_ACCESS_DENIED", "never", "server", "Switch billing on for the project."),
  rule(
    "quotaExceeded",
    "SOURCE_QUOTA_EXCEEDED",
    "never",
    "server",
    "Wait until the quota starts anew (most at midnight Pacific time), raise it, or make the query scan less.",
  ),
  rule(
    "bytesBilledLimitExceeded",
    "SOURCE_BYTES_LIMIT",
    "never",
    "server",
    "Raise `maximum_bytes_billed:` of the source, or make the query scan less: fewer columns, a filter on the partition column.",
  ),
  rule(
    "rateLimitExceeded",
    "SOURCE_OVERLOADED",
    "transient",
    "it limits how often it may be asked",
    "Run again later, or run fewer streams at once (--jobs).",
  ),
  rule(
    "jobRateLimitExceeded",
    "SOURCE_OVERLOADED",
    "transient",
    "it limits how many jobs may start",
    "Run again later, or run fewer streams at once (--jobs).",
  ),
  rule(
    "resourcesExceeded",
    "SOURCE_OVERLOADED",
    "never",
    "the query needs more resources than it may have",
    "Make the query cheaper: no ORDER BY over all rows, smaller joins.",
  ),
  rule(
    "responseTooLarge",
    "SOURCE_QUERY_FAILED",
    "never",
    "the result is larger than BigQuery returns without a table of its own",
    "Deliver fewer columns or rows, or let a scheduled query write a table and use `table:`.",
  ),
  rule(
    "notFound",
    "SOURCE_QUERY_FAILED",
    "never",
    "server",
    "Check the names of project, dataset and table; `location:` of the source must be the datasets' own.",
  ),
  rule("invalidQuery", "SOURCE_QUERY_FAILED", "never", "query", RUN_IT),
  rule("invalid", "SOURCE_QUERY_FAILED", "never", "query", RUN_IT),
  rule(
    "stopped",
    "SOURCE_TIMEOUT",
    "never",
    "the job was cancelled: by somebody, or because it passed its timeout",
    "Raise `job_timeout:` of the source, or make the query cheaper.",
  ),
  rule(
    "timeout",
    "SOURCE_TIMEOUT",
    "never",
    "the job passed its timeout",
    "Raise `job_timeout:` of the source, or make the query cheaper.",
  ),
  rule("backendError", "SOURCE_CONNECTION_LOST", "transient", "it met an error of its own", NEXT_RUN),
  rule("internalError", "SOURCE_CONNECTION_LOST", "transient", "it met an error of its own", NEXT_RUN),
  rule("jobBackendError", "SOURCE_CONNECTION_LOST", "transient", "the job met an error of BigQuery's own", NEXT_RUN),
  rule("jobInternalError", "SOURCE_CONNECTION_LOST", "transient", "the job met an error of BigQuery's own", NEXT_RUN),
  rule("tableUnavailable", "SOURCE_CONNECTION_LOST", "transient", "a table is not available for the moment", NEXT_RUN),
];

const OTHER = rule("", "SOURCE_QUERY_FAILED", "never", "query", RUN_IT);

/** The rule for a reason, or for the HTTP status that came without one. */
export function ruleFor(reason: string, status: number | null): ReasonRule {
  const byReason = ERROR_REASONS.find((candidate) => candidate.reason === reason);
  if (byReason !== undefined) return byReason;
  const byStatus = status === null ? undefined : STATUS[status];
  const stand = byStatus ?? (status !== null && status >= 500 ? "backendError" : undefined);
  return ERROR_REASONS.find((candidate) => candidate.reason === stand) ?? OTHER;
}

const STATUS: Readonly<Record<number, string>> = {
  401: "authError",
  403: "accessDenied",
  404: "notFound",
  408: "backendError",
  429: "rateLimitExceeded",
};
