import type { ResolvedMapping } from "../core/delta.ts";
import { SyncError } from "../core/errors.ts";
import type { FileChange } from "../core/types.ts";
import type { MappedStream } from "./mapping-values.ts";

type Header = ResolvedMapping["header"];

/**
 * Places of the columns that say nothing of a row but its key: what is made of key columns or of none, and facts of the run other than values told before.
 * MODEL_COLUMN_UNFIT when a column of the key is in none of them, for nobody could tell which row was removed.
 */
export function keyPlaces(
  { name, file, primaryKey }: Pick<MappedStream, "name" | "file" | "primaryKey">,
  header: Header,
  outputs: ResolvedMapping["outputs"],
): readonly number[] {
  const sourcesAt = (column: Header[number]): readonly string[] => ("output" in column ? (outputs[column.output]?.sources ?? []) : []);
  const kept = header.flatMap((column, at) => {
    const isTold = "output" in column ? sourcesAt(column).every((source) => primaryKey.includes(source)) : column.metadata !== "_previous";
    return isTold ? [at] : [];
  });
  const shown = new Set(header.filter((_, at) => kept.includes(at)).flatMap(sourcesAt));
  const lacking = primaryKey.filter((column) => !shown.has(column));
  if (lacking.length === 0) return kept;
  throw new SyncError(
    "MODEL_COLUMN_UNFIT",
    `${file}: with removed_columns: key, files of removed rows would not tell which row it was: no column is made of ${lacking.join(", ")} alone.`,
    {
      hint: `Add such a column to \`columns\` of ${file}, e.g. Id: ${lacking[0] ?? ""}, or take removed_columns away.`,
      context: { stream: name, file },
    },
  );
}

/** The columns of files that hold rows of the kinds given. */
export function headerOf({ header, removed }: Pick<ResolvedMapping, "header" | "removed">, kinds: readonly FileChange[]): Header {
  if (removed === undefined || kinds.length === 0 || kinds.some((kind) => kind !== "removed")) return header;
  return header.filter((_, at) => removed.includes(at));
}
