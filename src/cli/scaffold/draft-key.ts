import { suggestName } from "../../config/suggest.ts";
import { SyncError } from "../../core/errors.ts";

/** A key that something speaks for. */
export interface FoundKey {
  readonly columns: readonly string[];
  readonly reason: string;
}

/**
 * The key of a new model in the warehouse's own spelling: what was asked for, else what was found. MODEL_KEY_UNKNOWN when there is neither;
 * `columns` is null where the warehouse was not asked for them.
 */
export function draftKey(asked: readonly string[], found: FoundKey | null, columns: readonly string[] | null, table: string): FoundKey {
  const key = asked.length > 0 ? { columns: asked, reason: "as told to `sync new`" } : found;
  if (key === null) throw unknown(columns ?? [], table);
  return columns === null ? key : { ...key, columns: key.columns.map((name) => spelled(name, columns, table)) };
}

function spelled(name: string, columns: readonly string[], table: string): string {
  const same = columns.find((column) => column === name) ?? columns.find((column) => column.toLowerCase() === name.toLowerCase());
  if (same !== undefined) return same;
  const hint = suggestName(name, columns);
  throw new SyncError(
    "MODEL_COLUMN_UNKNOWN",
    `${table} has no column "${name}" that could be part of a key.`,
    hint === null ? {} : { hint },
  );
}

function unknown(columns: readonly string[], table: string): SyncError {
  const stem = table.split(".").at(-1)?.toLowerCase().replace(/s$/, "") ?? "";
  const likely = columns.find((column) => [`${stem}_id`, `${stem}id`, "id"].includes(column.toLowerCase())) ?? columns[0] ?? "COLUMN";
  const known = columns.length === 0 ? "" : ` Its columns: ${columns.slice(0, 12).join(", ")}${columns.length > 12 ? ", …" : ""}.`;
  return new SyncError("MODEL_KEY_UNKNOWN", `Nothing tells which columns tell the rows of ${table} apart.${known}`, {
    hint: `Name them: --key ${likely}`,
  });
}
