import type { ErrorCode } from "../core/error-codes.ts";

/** Codes of runs that wait for an answer. */
const HELD_CODES: readonly ErrorCode[] = [
  "GUARD_ADDED",
  "GUARD_CHANGED",
  "GUARD_MIN_ROWS",
  "GUARD_REMOVED",
  "HELD_WAITING",
  "IDENTITY_CHANGED",
  "SCHEMA_CHANGED",
];

/** Whether an error says that a run waits for an answer. */
export function isHeldCode(code: ErrorCode): boolean {
  return HELD_CODES.includes(code);
}
