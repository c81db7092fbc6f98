import { entry, type ErrorCodeEntry } from "./error-code-entry.ts";
import { EXIT } from "./exit-codes.ts";

/** Codes of the scheduler and what stands in front of it, alphabetical; part of ERROR_CODES. */
export const SERVICE_CODES = {
  SERVICE_DRAINING: entry(EXIT.busy, "The service is about to stop and starts no run.", "Ask again when it has started anew."),
  SERVICE_RESTART_NEEDED: entry(
    EXIT.usage,
    "The changed configuration names another state root, which a running service cannot move to.",
    "Start `sync serve` anew, or take the change of `state` back.",
  ),
} as const satisfies Record<string, ErrorCodeEntry>;
