import { entry, type ErrorCodeEntry } from "./error-code-entry.ts";
import { EXIT } from "./exit-codes.ts";

/** Codes of `sync forget`, alphabetical; part of ERROR_CODES. */
export const FORGET_CODES = {
  FORGET_DELIVERY_OPEN: entry(
    EXIT.held,
    "A delivery is under way. Its bytes are fixed, so that rows cannot be taken out of it; nothing was erased.",
    "Finish it with `sync state recover`, then forget.",
  ),
  FORGET_OVERTAKEN: entry(
    EXIT.busy,
    "Rows that were erased stood in the state root again each time: another host writes there, or the store does not delete. Some are left.",
    "Stop the other host, or look why the store keeps what is deleted; then run the same command again.",
  ),
  FORGET_STILL_TOLD: entry(
    EXIT.held,
    "The destination still holds a row that is to be forgotten: it was told, and never told as removed. Once it is forgotten, nothing here knows that it is to be removed there.",
    "Delete it in the warehouse and run first, so that its removal is delivered; then forget. `--even-if-present` forgets it at once: erase it at the destination by hand then.",
  ),
} as const satisfies Record<string, ErrorCodeEntry>;
