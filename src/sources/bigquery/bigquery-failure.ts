/** Where a request failed: at the credentials, on the way, or by the API's own answer. */
export type FailureKind = "auth" | "network" | "deadline" | "answer";

/** What came of a request or a job, before it is put into words for people. Never shown: its text may quote a row. */
export class BigqueryFailure extends Error {
  readonly kind: FailureKind;
  /** HTTP status; null when there was no answer, or when a job reports the failure. */
  readonly status: number | null;
  /** BigQuery's word for it, e.g. `invalidQuery`; the system's code for a network error; otherwise empty. */
  readonly reason: string;

  constructor(kind: FailureKind, facts: { readonly status?: number; readonly reason?: string; readonly message?: string }) {
    super(facts.message ?? "");
    this.name = "BigqueryFailure";
    this.kind = kind;
    this.status = facts.status ?? null;
    this.reason = facts.reason ?? "";
  }

  /** Whether asking again, the same thing, can help. */
  get isTransient(): boolean {
    if (this.kind === "network" || this.kind === "deadline") return true;
    if (this.kind === "auth") return this.status !== null && this.status >= 500;
    return TRANSIENT_REASONS.has(this.reason) || (this.status !== null && TRANSIENT_STATUS.has(this.status));
  }
}

const TRANSIENT_STATUS = new Set([408, 429, 500, 502, 503, 504]);
const TRANSIENT_REASONS = new Set([
  "rateLimitExceeded",
  "userRateLimitExceeded",
  "jobRateLimitExceeded",
  "backendError",
  "internalError",
  "jobBackendError",
  "jobInternalError",
  "tableUnavailable",
]);

/** Reads what the client threw for a request that was sent. */
export function requestFailure(error: unknown): BigqueryFailure {
  if (error instanceof BigqueryFailure) return error;
  const { code, errors } = shapeOf(error);
  const first: unknown = Array.isArray(errors) ? errors[0] : null;
  const { reason, message } = shapeOf(first);
  if (typeof code === "number") {
    return new BigqueryFailure("answer", {
      status: code,
      reason: typeof reason === "string" ? reason : "",
      message: typeof message === "string" ? message : error instanceof Error ? error.message : "",
    });
  }
  return new BigqueryFailure("network", { reason: typeof code === "string" ? code : "" });
}

/** Reads what the authentication library threw. Only words that are known to hold no secret are kept. */
export function authFailure(error: unknown): BigqueryFailure {
  if (error instanceof BigqueryFailure) return error;
  const { code, status, response } = shapeOf(error);
  const answered = typeof status === "number" ? status : shapeOf(response)["status"];
  const word = shapeOf(shapeOf(response)["data"])["error"];
  if (typeof answered === "number") {
    return new BigqueryFailure("auth", { status: answered, reason: typeof word === "string" ? word : "" });
  }
  const system = typeof code === "string" && /^(?:E[A-Z]+|UND_ERR_\w+)$/u.test(code);
  if (system) return new BigqueryFailure("network", { reason: code });
  const text = error instanceof Error ? error.message : "";
  const known = [/Could not load the default credentials/u, /DECODER|PEM|private key|secretOrPrivateKey/u, /impersonat/u].find((pattern) =>
    pattern.test(text),
  );
  return new BigqueryFailure("auth", { reason: known === undefined ? "" : (WORDS[known.source] ?? "") });
}

const WORDS: Readonly<Record<string, string>> = {
  "Could not load the default credentials": "no_default_credentials",
  "DECODER|PEM|private key|secretOrPrivateKey": "private_key",
  impersonat: "impersonation",
};

/** A job that ended badly, by its own status. */
export function jobFailure(result: { readonly reason?: string; readonly message?: string }): BigqueryFailure {
  return new BigqueryFailure("answer", { reason: result.reason ?? "", message: result.message ?? "" });
}

function shapeOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null
    ? Object.fromEntries(
        ["code", "errors", "reason", "message", "status", "response", "data", "error"].map((key) => [
          key,
          Reflect.get(value, key) as unknown,
        ]),
      )
    : {};
}
