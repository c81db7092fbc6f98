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
    "Nothing was delivered. A model's query that fails by itself is SOURCE_QUERY_FAILED, so this is likely a defect: please report it with the output of the command.",
  ),
  ENGINE_OUT_OF_MEMORY: entry(
    EXIT.bug,
    "The embedded engine reached its memory limit.",
    "Raise engine.memory_limit or lower engine.threads. Nothing was delivered; run again.",
  ),
  ENGINE_QUERY_REFUSED: entry(
    EXIT.source,
    "The embedded engine refuses a statement before it reads a row: a name, a type or a file that it works on is not as it should be.",
    "Nothing was delivered. A mistake in a model's query is SOURCE_QUERY_FAILED, so this is likely a defect: please report it with the output of the command.",
  ),
} as const satisfies Record<string, ErrorCodeEntry>;
