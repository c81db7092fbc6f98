import { ConfigError } from "../config/config-error.ts";
import { ERROR_CODES } from "../core/error-codes.ts";
import { SyncError, isAbort } from "../core/errors.ts";
import { scrub } from "../core/scrub.ts";
import type { ToldError } from "./ports.ts";

/** An error as events carry it, without any secret that this process has had; what is none of this project's own is a bug. */
export function toldError(error: unknown): ToldError {
  if (error instanceof SyncError) {
    const { code, hint } = error;
    const { exit, action } = ERROR_CODES[code];
    return { code, message: scrub(messageOf(error)), hint: scrub(hint ?? action), exit };
  }
  const code = isAbort(error) ? "INTERRUPTED" : "INTERNAL";
  const message = isAbort(error) ? "The run was stopped." : error instanceof Error ? error.message : String(error);
  return { code, message: scrub(message), hint: ERROR_CODES[code].action, exit: ERROR_CODES[code].exit };
}

/** A broken configuration is told with its places: nobody sees the lines themselves. */
function messageOf(error: SyncError): string {
  if (!(error instanceof ConfigError)) return error.message;
  const places = error.issues.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`);
  return [`${error.message}:`, ...places].join("\n  ");
}
