import { DatabaseError } from "pg";
import { SyncError, type ErrorContext } from "../../core/errors.ts";
import { pointAt, type SubmittedSql } from "./sql-position.ts";
import { ruleFor } from "./sql-states.ts";

/** What was being done when an error came up. */
export interface Doing {
  /** Completes "Postgres cannot …". */
  readonly what: string;
  /** `host:port/database` or the like. */
  readonly where: string;
  /** The statement that was running, when it holds the model's SQL. */
  readonly sql?: SubmittedSql;
}

/**
 * Translates what the driver or the server threw. DETAIL never goes on, and the server's message only where it cannot quote a
 * value of a row; for the same reason there is no cause.
 */
export function postgresError(error: unknown, doing: Doing): SyncError {
  if (error instanceof SyncError) return error;
  if (error instanceof DatabaseError) return serverError(error, doing);
  const failure = error instanceof Error ? error : new Error(String(error));
  const code = systemCode(failure);
  if (isTlsProblem(failure, code)) return tlsError(failure, code, doing);
  if (failure.message === "timeout expired") return unreachable(doing, "no answer within connect_timeout");
  const network = code === null ? undefined : NETWORK[code];
  if (network !== undefined) return unreachable(doing, network);
  if (/^SASL|SCRAM/u.test(failure.message)) {
    return new SyncError("SOURCE_AUTH_FAILED", `Postgres at ${doing.where}: the password exchange failed.`, {
      hint: "Check `password:` of the source, and that the server offers scram-sha-256, md5 or password.",
    });
  }
  return new SyncError(
    "SOURCE_CONNECTION_LOST",
    `Postgres at ${doing.where}: the connection ended while trying to ${doing.what}${code === null ? "" : ` (${code})`}.`,
    {
      hint: "Nothing was delivered; run again. If it comes back, look at the server's log and at what lies between.",
      retry: "transient",
    },
  );
}

const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "the host name is not known",
  EAI_AGAIN: "the host name could not be looked up",
  ETIMEDOUT: "no answer",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  ENOENT: "there is no such socket",
  EACCES: "the socket may not be opened",
};

function unreachable(doing: Doing, why: string): SyncError {
  return new SyncError("SOURCE_UNREACHABLE", `Postgres at ${doing.where} cannot be reached: ${why}.`, {
    hint: "Check `host:` and `port:` (or `url:`) of the source, and that this machine may connect: `pg_isready -h HOST -p PORT`.",
    retry: "transient",
  });
}

function isTlsProblem(error: Error, code: string | null): boolean {
  if (/SSL connection/u.test(error.message)) return true;
  return code !== null && /^(ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH)/u.test(code);
}

/** True when the server answered that it does no TLS at all. */
export function isTlsRefusal(error: unknown): boolean {
  return error instanceof Error && error.message === "The server does not support SSL connections";
}

function tlsError(error: Error, code: string | null, doing: Doing): SyncError {
  const [why, hint] = isTlsRefusal(error)
    ? ["the server does no TLS", "Switch TLS on at the server, or set `ssl: {mode: disable}` where the network is safe."]
    : code === "ERR_TLS_CERT_ALTNAME_INVALID"
      ? ["its certificate is for another host name", "Use the name that the certificate holds, or `ssl: {mode: verify-ca}`."]
      : code === "CERT_HAS_EXPIRED"
        ? ["its certificate has expired", "Renew the server's certificate."]
        : ["its certificate is not trusted, or the TLS handshake failed", "Give the authority's certificate as `ssl: {ca: FILE}`."];
  return new SyncError("SOURCE_TLS_FAILED", `Postgres at ${doing.where}: no TLS connection, ${why}${code === null ? "" : ` (${code})`}.`, {
    hint,
  });
}

function serverError(error: DatabaseError, doing: Doing): SyncError {
  const state = error.code ?? "";
  const rule = ruleFor(state);
  const quotable = rule.says === "server" && mayQuote(error, doing.sql?.stage ?? "parse");
  const withheld = `the server refuses a part of the query (SQLSTATE ${state}; its words are withheld because they may quote a row)`;
  const says = quotable ? error.message : rule.says === "server" ? withheld : rule.says;
  const place = doing.sql === undefined || error.position === undefined ? null : pointAt(doing.sql, Number(error.position));
  const where = place === null ? "" : ` (line ${place.line}, column ${place.column} of the query)\n${place.picture}`;
  const advice = quotable && state.startsWith("42") && error.hint !== undefined ? `${error.hint} ${rule.hint}` : rule.hint;
  const context: ErrorContext = { sqlstate: state, ...(place === null ? {} : { line: place.line, column: place.column }) };
  return new SyncError(rule.code, `Postgres at ${doing.where} cannot ${doing.what}: ${says}${where}`, {
    hint: advice,
    retry: rule.retry,
    context,
  });
}

/**
 * The server's words are its own as long as no row is computed. From then on a name in them may be a value (`email::regclass`), and text
 * that a function runs by itself (internalQuery, where) may have been put together from values.
 */
function mayQuote(error: DatabaseError, stage: SubmittedSql["stage"]): boolean {
  if (error.internalQuery !== undefined || error.where !== undefined) return false;
  return stage === "parse" || (stage === "plan" && error.code === "42501");
}

function systemCode(error: Error): string | null {
  return "code" in error && typeof error.code === "string" ? error.code : null;
}
