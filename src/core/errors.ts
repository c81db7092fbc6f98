import type { ErrorCode } from "./error-codes.ts";

/** Whether doing the same thing again can help. */
export type Retry = "never" | "transient";

/** Facts beside an error's message. Never row values, SQL parameters or secrets. */
export type ErrorContext = Readonly<Record<string, string | number | boolean | readonly string[]>>;

interface SyncErrorOptions {
  readonly hint?: string;
  readonly retry?: Retry;
  readonly context?: ErrorContext;
  readonly cause?: unknown;
}

/** The one error of this project: what failed (message), why it is known (code), what to do next (hint). */
export class SyncError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | null;
  readonly retry: Retry;
  readonly context: ErrorContext;

  constructor(code: ErrorCode, message: string, options: SyncErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "SyncError";
    this.code = code;
    this.hint = options.hint ?? null;
    this.retry = options.retry ?? "never";
    this.context = options.context ?? {};
  }
}

/** An abort that somebody asked for; not a failure. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === "AbortError" || (error instanceof SyncError && error.code === "INTERRUPTED"));
}
