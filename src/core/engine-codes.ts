import { entry, type ErrorCodeEntry } from "./error-code-entry.ts";
import { EXIT } from "./exit-codes.ts";

/** Codes of the embedded engine, alphabetical; part of ERROR_CODES. */
export const ENGINE_CODES = {
  ENGINE_DISK_FULL: entry(
    EXIT.bug,
    "The embedded engine could not write to disk: a folder is full, out of quota or broken, or engine.max_temp_size is reached.",
    "Look at engine.temp_directory and the state folder, or raise engine.max_temp_size. Nothing was delivered; run again.",
  ),
  ENGINE_FAILED: entry(
    EXIT.bug,
    "The embedded engine failed while it read rows; its own text is withheld because it can quote a row.",
    "Run the model's query by itself to see the row. Nothing was delivered.",
  ),
  ENGINE_OUT_OF_MEMORY: entry(
    EXIT.bug,
    "The embedded engine reached its memory limit.",
    "Raise engine.memory_limit or lower engine.threads. Nothing was delivered; run again.",
  ),
  ENGINE_QUERY_REFUSED: entry(
    EXIT.source,
    "The embedded engine refuses a query before it reads a row: a mistake in the SQL, or a missing table, column or file.",
    "Mend the query at the place that the message names.",
  ),
} as const satisfies Record<string, ErrorCodeEntry>;
