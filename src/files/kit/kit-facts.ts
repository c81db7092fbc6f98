import type { ResolvedMapping } from "../../core/delta.ts";
import { SyncError } from "../../core/errors.ts";
import type { ColumnKind, ColumnStep, FileFormat, Stream } from "../../core/types.ts";
import { columnKind } from "../field-texts.ts";
import type { RemovedMark } from "./removed-marks.ts";

/** What a consumer of a stream has to know, and nothing of where its rows come from. */
export interface KitFacts {
  readonly stream: string;
  /** Name that loaders give the table. */
  readonly table: string;
  readonly mode: Stream["mode"];
  readonly changes: Stream["changes"];
  readonly columns: readonly KitColumn[];
  /** Names of the columns that files of removed rows have, where those are not all. */
  readonly removedColumns: readonly string[] | null;
  /** Columns of the file that tell rows apart; none where rows are only ever added, or the whole table comes each time. */
  readonly key: readonly string[];
  readonly format: FileFormat;
  /** How a removed row is told from others in files of a group that has both, by the group's name. */
  readonly removed: Readonly<Record<string, RemovedMark>>;
  /** Names of groups whose files have both and no column that tells them apart. */
  readonly unmarked: readonly string[];
}

/** A column of the files. */
export interface KitColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  /** The fact of the run that it shows; null when it shows the row. */
  readonly metadata: string | null;
}

/** What the mapping tells of the columns. */
export type KitMapping = Pick<ResolvedMapping, "header" | "outputs">;

/** The columns of a stream's files. */
export function kitColumns({ header, outputs }: KitMapping): readonly KitColumn[] {
  return header.map((column) => ({
    name: column.name,
    kind: columnKind(column, outputs),
    metadata: "metadata" in column ? column.metadata : null,
  }));
}

/** A name that every database takes in quotes, and people without: letters, digits and underscores. */
export function kitTable(stream: string): string {
  return stream.replaceAll(/[^A-Za-z0-9_]/gu, "_");
}

/** Hashes never meet in practice, and base64 never does. */
const KEEPS_APART: ReadonlySet<string> = new Set(["sha256", "sha1", "md5", "base64", "hmac_sha256"]);

/**
 * The column of the file for each column of the primary key: one that shows it in a way that keeps different keys apart. KIT_KEY_HIDDEN when a consumer
 * of changes could not know which row is meant.
 */
export function kitKey(stream: Stream, mapping: KitMapping): readonly string[] {
  const shown = stream.primaryKey.map((column) => keyColumn(stream, mapping, column));
  const hidden = stream.primaryKey.filter((_, at) => shown[at] === null);
  if (hidden.length === 0) return shown.filter((name) => name !== null);
  if (stream.mode !== "delta") return [];
  throw new SyncError(
    "KIT_KEY_HIDDEN",
    `The files of ${stream.name} do not show the key ${hidden.map((name) => `"${name}"`).join(", ")}, so nobody can fold them into a table.`,
    {
      hint: `Add a column that shows it as it is, or hashed: \`columns: {${hidden[0] ?? "Id"}: ${hidden[0] ?? "id"}}\` in ${stream.file}.`,
      context: { stream: stream.name, columns: hidden },
    },
  );
}

function keyColumn(stream: Stream, { header, outputs }: KitMapping, column: string): string | null {
  const found = header.find((each) => {
    if (!("output" in each)) return false;
    const output = outputs[each.output];
    const written = stream.columns?.find(({ name }) => name === each.name);
    if (output?.sources.length !== 1 || output.sources[0] !== column || isShort(output.kind, stream.fileFormat)) return false;
    return written === undefined || (written.value.from === "column" && (written.steps ?? []).every(keepsApart));
  });
  return found?.name ?? null;
}

function keepsApart(step: ColumnStep): boolean {
  return step.step === "apply" && KEEPS_APART.has(step.name);
}

/** Whether a file may show two different instants alike. */
function isShort(kind: ColumnKind, { format, timestamp }: FileFormat): boolean {
  return (kind === "timestamp" || kind === "timestamp_tz") && timestamp !== "iso" && format !== "parquet";
}
