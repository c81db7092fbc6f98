import { SyncError } from "../../core/errors.ts";
import type { SqlPlace } from "../sql-place.ts";
import { type ErrorRule, ruleFor } from "./error-rules.ts";
import { findName, pointAt, type SubmittedSql } from "./submitted-sql.ts";

/** What was being done when an error came up. */
export interface Doing {
  /** Completes "Snowflake cannot …". */
  readonly what: string;
  /** The host or the account. */
  readonly where: string;
  readonly sql?: SubmittedSql;
}

/** What the driver's errors carry, all of it optional. */
interface DriverError {
  readonly code: string;
  readonly message: string;
  readonly line: number | null;
  readonly position: number | null;
  /** HTTP status of an answer that was none of the protocol. */
  readonly status: number | null;
  /** The operating system's or TLS's code. */
  readonly system: string | null;
}

/**
 * Translates what the driver or the server threw. The server's message goes on only where it cannot quote a value of a row; for the same
 * reason there is no cause.
 */
export function snowflakeError(error: unknown, doing: Doing): SyncError {
  if (error instanceof SyncError) return error;
  const found = read(error);
  if (found.code.startsWith("40") || found.code.startsWith("41") || !/^\d{6}$/u.test(found.code)) return driverError(found, doing);
  return serverError(found, ruleFor(found.code), doing);
}

function read(error: unknown): DriverError {
  const fields = error instanceof Error ? error : new Error(String(error));
  const data = objectAt(fields, "data");
  const code = textAt(fields, "code");
  return {
    code: /^\d{1,5}$/u.test(code) ? code.padStart(6, "0") : code,
    message: fields.message,
    line: numberAt(data, "line"),
    position: numberAt(data, "pos"),
    status: numberAt(objectAt(fields, "response"), "statusCode") ?? numberAt(objectAt(fields, "response"), "status"),
    system: textAt(objectAt(fields, "cause"), "code") || null,
  };
}

const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "the host name is not known",
  EAI_AGAIN: "the host name could not be looked up",
  ETIMEDOUT: "no answer",
  ECONNABORTED: "no answer",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
};
const TLS = /^(ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH|412|413)/u;
const ADDRESS =
  "Check `account:` (or `access_url:`) of the source: `SELECT CURRENT_ORGANIZATION_NAME() || '-' || CURRENT_ACCOUNT_NAME()` prints it.";

function driverError({ code, status, system }: DriverError, doing: Doing): SyncError {
  const at = `Snowflake at ${doing.where}`;
  const again = { hint: "Nothing was delivered; run again. If it comes back, look at what lies between.", retry: "transient" } as const;
  if (TLS.test(system ?? "") || TLS.test(code)) {
    return new SyncError("SOURCE_TLS_FAILED", `${at}: its certificate is not trusted, or the TLS handshake failed (${system ?? code}).`, {
      hint: "Look for a proxy that opens TLS; give its authority to Node: NODE_EXTRA_CA_CERTS=FILE.",
    });
  }
  if (code.startsWith("402")) {
    return new SyncError(
      "SOURCE_TRUNCATED",
      `${at}: a part of the result could not be fetched${status === null ? "" : ` (HTTP ${status})`}.`,
      {
        ...again,
        hint: "Run again; nothing was delivered. If it comes back, let this machine reach the stage's storage: `SELECT SYSTEM$ALLOWLIST()` names its hosts.",
      },
    );
  }
  if (status === 429 || (status !== null && status >= 500)) {
    return new SyncError("SOURCE_OVERLOADED", `${at} is overloaded or in maintenance (HTTP ${status}).`, {
      ...again,
      hint: "Run again later.",
    });
  }
  if (status !== null) {
    return new SyncError("SOURCE_UNREACHABLE", `${at} answers HTTP ${status}: there is no such account, or something else listens.`, {
      hint: ADDRESS,
    });
  }
  const network = NETWORK[system ?? ""];
  if (network !== undefined) {
    return new SyncError("SOURCE_UNREACHABLE", `${at} cannot be reached: ${network}.`, { hint: ADDRESS, retry: "transient" });
  }
  const why = system ?? (code === "" ? null : code);
  return new SyncError(
    "SOURCE_CONNECTION_LOST",
    `${at}: the connection ended while trying to ${doing.what}${why === null ? "" : ` (${why})`}.`,
    again,
  );
}

function serverError(error: DriverError, rule: ErrorRule, doing: Doing): SyncError {
  const computes = doing.sql?.computes === true;
  const withheld = `the server refuses the query (error ${error.code}; its words are withheld because they may quote a row)`;
  const says = rule.says !== "server" ? rule.says : computes ? withheld : plainWords(error.message);
  const place = computes ? null : placeOf(error, doing.sql);
  const where = place === null ? "" : ` (line ${place.line}, column ${place.column} of the query)\n${place.picture}`;
  return new SyncError(rule.code, `Snowflake at ${doing.where} cannot ${doing.what}: ${says}${where}`, {
    hint: rule.hint,
    retry: rule.retry,
    context: { number: error.code, ...(place === null ? {} : { line: place.line, column: place.column }) },
  });
}

/** Error numbers of names that do not exist come without a place; the name in the words leads to it. */
function placeOf(error: DriverError, sql: SubmittedSql | undefined): SqlPlace | null {
  if (sql === undefined) return null;
  const [, line, position] = /line (\d+) at position (\d+)/u.exec(error.message) ?? [];
  const told = error.line !== null && error.line > 0 ? pointAt(sql, error.line, error.position ?? 0) : null;
  if (told !== null) return told;
  if (line !== undefined && position !== undefined) return pointAt(sql, Number(line), Number(position));
  const name = /^(?:SQL compilation error:\s*)?(?:Object|Table|View|Schema|Database) '([^']+)' does not exist/u.exec(error.message)?.[1];
  return name === undefined ? null : findName(sql, name);
}

/** The server's message on one line, without the parts that are told in another way. */
function plainWords(message: string): string {
  return message
    .replace(/^SQL compilation error:\s*/u, "")
    .replace(/^error line \d+ at position \d+\s*/u, "")
    .replace(/ line \d+ at position \d+/gu, "")
    .replaceAll(/\s+/gu, " ")
    .trim();
}

function objectAt(value: object | null, key: string): object | null {
  const found: unknown = value === null ? null : (value as Readonly<Record<string, unknown>>)[key];
  return typeof found === "object" ? found : null;
}

function textAt(value: object | null, key: string): string {
  const found: unknown = value === null ? null : (value as Readonly<Record<string, unknown>>)[key];
  return typeof found === "string" || typeof found === "number" ? String(found) : "";
}

function numberAt(value: object | null, key: string): number | null {
  const found: unknown = value === null ? null : (value as Readonly<Record<string, unknown>>)[key];
  return typeof found === "number" ? found : null;
}
