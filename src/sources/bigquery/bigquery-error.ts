import { SyncError, type ErrorContext } from "../../core/errors.ts";
import { placeOf, type SqlPlace } from "../sql-place.ts";
import { BigqueryFailure } from "./bigquery-failure.ts";
import { ruleFor } from "./error-reasons.ts";

/** What was being done when an error came up. */
export interface Doing {
  /** Completes "BigQuery cannot …". */
  readonly what: string;
  readonly where: string;
  /** The user's query, where it was sent just as it is, so that a position in the server's words is one in it. */
  readonly query?: string;
  /** `describe`: no row has been computed, so no word of the server can quote one. */
  readonly stage: "describe" | "run";
}

/** Translates what a request or a job came to. The server's words go on only where they cannot quote a value of a row. */
export function bigqueryError(error: unknown, doing: Doing): unknown {
  if (!(error instanceof BigqueryFailure)) return error;
  switch (error.kind) {
    case "auth":
      return authError(error, doing);
    case "network":
      return unreachable(doing, NETWORK[error.reason] ?? `the connection ended${error.reason === "" ? "" : ` (${error.reason})`}`);
    case "deadline":
      return new SyncError(
        "SOURCE_TIMEOUT",
        `BigQuery (${doing.where}) gave no answer within ${error.reason} while trying to ${doing.what}.`,
        {
          hint: "Nothing was delivered; run again. If it comes back, look at the network, or raise `request_timeout:` of the source.",
          retry: "transient",
        },
      );
    case "answer":
      return answerError(error, doing);
  }
}

const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "the host name is not known",
  EAI_AGAIN: "the host name could not be looked up",
  ETIMEDOUT: "no answer",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
};

function unreachable(doing: Doing, why: string): SyncError {
  return new SyncError("SOURCE_UNREACHABLE", `BigQuery (${doing.where}) cannot be reached: ${why}.`, {
    hint: "Check that this machine may connect to bigquery.googleapis.com and oauth2.googleapis.com (or `api_endpoint:`) by HTTPS, then run again.",
    retry: "transient",
  });
}

const AUTH: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  no_default_credentials: [
    "there are no application default credentials on this machine",
    "Give `credentials:` of the source, or run `gcloud auth application-default login`.",
  ],
  private_key: [
    "the private key of the credentials cannot be read",
    "Give the JSON key file unchanged; in a variable, its \\n must not have become line ends.",
  ],
  invalid_grant: [
    "the key or the login is no longer valid",
    "Make a new key, check this machine's clock, or run `gcloud auth application-default login` again.",
  ],
  impersonation: [
    "the credentials may not act as the account of `impersonate:`",
    "Grant them roles/iam.serviceAccountTokenCreator on that account.",
  ],
};

function authError(failure: BigqueryFailure, doing: Doing): SyncError {
  const denied = failure.status === 403 || failure.status === 404 ? AUTH["impersonation"] : undefined;
  const [why, hint] = AUTH[failure.reason] ??
    denied ?? ["no access token could be had", "Check `credentials:` and `impersonate:` of the source."];
  const status = failure.status === null ? "" : ` (HTTP ${failure.status})`;
  return new SyncError("SOURCE_AUTH_FAILED", `BigQuery (${doing.where}): ${why}${status}.`, {
    hint,
    retry: failure.isTransient ? "transient" : "never",
  });
}

function answerError(failure: BigqueryFailure, doing: Doing): SyncError {
  const found = ruleFor(failure.reason, failure.status);
  const { text, place } = withPlace(failure.message, doing.query);
  const says = wordsOf(found.says, text, doing.stage);
  const where = place === null ? "" : ` (line ${place.line}, column ${place.column} of the query)\n${place.picture}`;
  const context: ErrorContext = {
    reason: failure.reason,
    ...(failure.status === null ? {} : { status: failure.status }),
    ...(place === null ? {} : { line: place.line, column: place.column }),
  };
  return new SyncError(found.code, `BigQuery (${doing.where}) cannot ${doing.what}: ${says}${where}`, {
    hint: found.hint,
    retry: found.retry,
    context,
  });
}

function wordsOf(says: string, text: string, stage: Doing["stage"]): string {
  if (says !== "server" && says !== "query") return says;
  if (text !== "" && (says === "server" || stage === "describe")) return text;
  return "it refuses the query, or fails on a row; its words are withheld because they may quote one";
}

/** ` at [3:14]` of the server's words, as a place of the query where that was sent unchanged. */
function withPlace(message: string, query: string | undefined): { readonly text: string; readonly place: SqlPlace | null } {
  const found = /(?:;[^;[]*)? at \[(\d+):(\d+)\]$/u.exec(message.trim());
  if (found === null || query === undefined) return { text: message.trim(), place: null };
  const text = message.trim().slice(0, -found[0].length);
  return { text, place: placeOf(query, Number(found[1]), Number(found[2])) };
}
