import type { MappedOutput, Remembered, Snapshot } from "../core/delta.ts";
import type { Source } from "../core/ports.ts";
import type { ChangeKind, Projection } from "../core/types.ts";

/**
 * How a result is compared. `delta`: what changed. `full`: every row is told, nothing is compared, removals are not told.
 * `resync`: every row is told whole and removals are told. `baseline`: nothing is told, the result becomes the snapshot.
 */
export type DeltaKind = "delta" | "full" | "resync" | "baseline";

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
  /** Where the delta's Parquet file is written. */
  readonly path: string;
  /** A folder of this run, on this machine, for named pipes. */
  readonly scratch: string;
}
