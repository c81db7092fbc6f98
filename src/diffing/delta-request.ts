import type { MappedOutput, Remembered, Snapshot } from "../core/delta.ts";
import type { Source } from "../core/ports.ts";
import type { ChangeKind, Projection } from "../core/types.ts";

/**
 * How a result is compared. `delta`: what changed. `full`: every row is told, nothing is compared, removals are not told.
 * `resync`: every row is told whole and removals are told. `baseline`: nothing is told, the result becomes the snapshot.
 */
export type DeltaKind = "delta" | "full" | "resync" | "baseline";

/** Rows of files that the destination holds already, as a Parquet file: `file`, `line` and the fields f0, f1 … as a reader of the files finds them. */
export interface AdoptedRows {
  readonly path: string;
  /** Names of the files, for messages. */
  readonly files: readonly string[];
  /** Fields that show an output, by their place in the file. */
  readonly columns: readonly { readonly at: number; readonly output: number }[];
  /** The field that shows each column of the key as it is. */
  readonly keys: readonly number[];
  /** A SELECT of a relation with canonical texts in x0, x1 … with the texts of the files instead. */
  readonly shown: (from: string) => string;
  /** A text that the files do not tell from NULL. */
  readonly nullText: string | null;
}

/** Everything that a comparison needs to know. */
export interface DeltaRequest {
  readonly source: Source;
  readonly projection: Projection;
  readonly outputs: readonly MappedOutput[];
  readonly mappingText: string;
  /** null before the first delivery. */
  readonly snapshot: Snapshot | null;
  readonly changes: readonly ChangeKind[];
  readonly kind: DeltaKind;
  /** Places of outputs that are not compared: a row that differs in nothing else is taken as told with their new values. */
  readonly adopted?: readonly number[];
  /**
   * Mode append: the result is a stretch of an event table, in which a row that is told already has no news and a missing one has not left.
   * What the snapshot remembers once this delta is promoted.
   */
  readonly append?: Remembered;
  /** Kind baseline: what a file says that was told, instead of the result as it is now. */
  readonly adopts?: AdoptedRows;
  /** Where the delta's Parquet file is written. */
  readonly path: string;
  /** A folder of this run, on this machine, for named pipes. */
  readonly scratch: string;
}
