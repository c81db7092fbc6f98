import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { ERROR_CODES } from "../../core/error-codes.ts";
import { SyncError } from "../../core/errors.ts";

/** Statuses of codes that are the caller's matter; codes of exits 3 (held) and 9 (state) have theirs below, all others are 500. */
const STATUSES: Readonly<Record<string, ContentfulStatusCode>> = {
  HTTP_FORBIDDEN: 403,
  HTTP_INVALID: 400,
  HTTP_NOT_FOUND: 404,
  HTTP_UNAUTHORIZED: 401,
  RUN_NOT_FOUND: 404,
  RUN_NOT_HELD: 409,
  SERVICE_DRAINING: 503,
  STREAM_BUSY: 409,
  STREAM_DISABLED: 409,
  STREAM_UNKNOWN: 404,
};

/** The answer to a request that failed: the error as `--json` tells it. */
export function errorAnswer(context: Context, thrown: unknown, status?: ContentfulStatusCode): Response {
  const error =
    thrown instanceof SyncError ? thrown : new SyncError("INTERNAL", "The service met something unexpected; its log tells more.");
  const { exit, action } = ERROR_CODES[error.code];
  const { code, message, hint } = error;
  const byExit: ContentfulStatusCode = exit === 3 ? 409 : exit === 9 ? 503 : 500;
  return context.json(
    { schema: 1, ok: false, error: { code, message, hint: hint ?? action, docs: `docs/errors.md#${code.toLowerCase()}` } },
    status ?? STATUSES[code] ?? byExit,
  );
}
