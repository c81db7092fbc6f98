import { SyncError } from "../core/errors.ts";
import type { EngineLimits } from "../core/types.ts";
import { statementFacts } from "./statement-facts.ts";

/**
 * Translates what DuckDB threw. Its messages can quote rows, so none goes on, not even as a cause: only errors that are made
 * before any row is read (parsing, binding, missing files) keep their text. What the others say of the statement itself is in the context.
 */
export function engineError(error: unknown, doing: string, limits: EngineLimits | null, sql = ""): SyncError {
  if (error instanceof SyncError) return error;
  const message = (error instanceof Error ? error.message : String(error)).replace(/^Failed to extract statements: /u, "");
  const kind = /^([A-Z][A-Za-z ]*?) ?Error:/u.exec(message)?.[1] ?? "Unknown";
  if (/Maximum line size|exceeds? the maximum line size/iu.test(message)) return rowTooLarge();
  if (kind === "Out of Memory") return outOfMemory(message);
  if (/No space left|temp_directory|max_temp_directory_size/iu.test(message)) return diskFull();
  if (CANNOT_WRITE.test(message)) return diskFull(REASONS.find((reason) => message.includes(reason)));
  const facts = statementFacts(message, sql);
  if (BEFORE_ROWS.has(kind) || message.startsWith("IO Error: No files found")) {
    return new SyncError("ENGINE_QUERY_REFUSED", `The embedded engine cannot ${doing}: ${withPlace(message)}`, {
      hint: "Check the query, its table and column names, and the paths of the files that it reads.",
      context: { kind, words: firstLine(message).replace(/^[A-Z][A-Za-z ]*? ?Error: /u, ""), ...facts },
    });
  }
  return new SyncError(
    "ENGINE_FAILED",
    `The embedded engine could not ${doing} (${kind} error; its text is withheld because it may quote a row).`,
    {
      hint:
        limits === null
          ? "Nothing was delivered. If it comes back, please report it with the output of the command."
          : "Check `engine:` in the configuration.",
      context: { kind, lock: /lock on file/iu.test(message), ...facts },
    },
  );
}

/** Kinds of error that DuckDB raises before it reads a row. */
const BEFORE_ROWS = new Set(["Parser", "Binder", "Catalog", "Syntax", "Permission", "Not implemented"]);

/** What is wrong, and the line of the query with its caret where DuckDB shows one. */
function withPlace(message: string): string {
  const place = /\nLINE \d+: [^\n]*\n *\^/u.exec(message)?.[0] ?? "";
  return `${firstLine(message)}${place}`;
}

function firstLine(message: string): string {
  return message.split("\n", 1)[0] ?? "";
}

function rowTooLarge(): SyncError {
  return new SyncError("DATA_ROW_TOO_LARGE", "A row of the result is longer than the longest line that the engine reads (8 MiB).", {
    hint: "Leave the large column out of `columns`, or shorten it in the query.",
  });
}

function outOfMemory(message: string): SyncError {
  if (/temp_directory|temp directory|disk/iu.test(message)) return diskFull();
  return new SyncError("ENGINE_OUT_OF_MEMORY", "The embedded engine reached engine.memory_limit and could not spill what it needed.", {
    hint: "Raise engine.memory_limit, or lower engine.threads (each thread needs its own buffers).",
  });
}

/** What DuckDB says of a file that it writes, and why the system refused; a path and a reason are no row. */
const CANNOT_WRITE = /^IO Error: (?:Could not|Cannot|Failed to) (?:write|fsync|sync|truncate|create)/iu;
const REASONS = ["File too large", "Input/output error", "Disk quota exceeded", "Read-only file system", "Permission denied"] as const;

function diskFull(reason: string = "a folder that it writes to is full, or engine.max_temp_size is reached"): SyncError {
  return new SyncError("ENGINE_DISK_FULL", `The embedded engine could not write to disk: ${reason}.`, {
    hint: "Look at the space and the rights under engine.temp_directory (it spills there) and in the state folder (files are staged there), or raise engine.max_temp_size.",
  });
}
