import type { CursorKind } from "./cursor.ts";
import type { ChangeKind, Column, ColumnKind, ColumnStep, MetadataField, SqlExpr } from "./types.ts";

/**
 * What the rows of a snapshot's files mean. Where a run's layout differs from the snapshot's (anything but the salt),
 * fingerprints say nothing and every row is a suspect.
 */
export interface Layout {
  /** 32 hex digits, chosen at random with the layout. */
  readonly salt: string;
  /** Version of the canonical text and of the fingerprint. */
  readonly canonicalVersion: number;
  /** Source columns in projection order: key, compared, ignored. */
  readonly columns: readonly Column[];
  readonly keyCount: number;
  readonly ignoredCount: number;
  /** Outputs that the snapshot stores, in file order. */
  readonly outputs: readonly OutputShape[];
  /** The mapping as text: two layouts with equal text map equal rows to equal outputs. */
  readonly mapping: string;
  /** The kinds of change that are delivered: one left out leaves told values behind that fingerprints do not show. */
  readonly changes: readonly ChangeKind[];
}

/** An output column that is stored and compared. */
export interface OutputShape {
  readonly name: string;
  readonly kind: ColumnKind;
  /** A difference in it alone is no change. */
  readonly ignored: boolean;
}

/** An output column ready for SQL. */
export interface MappedOutput extends OutputShape {
  /** Source columns that it reads. */
  readonly sources: readonly string[];
  /** DuckDB SQL of its text, given the SQL of a source column's canonical text. */
  expression(column: (name: string) => SqlExpr): SqlExpr;
}

/** A column of the file that shows a fact of the run, or of what was told before, instead of a stored output. */
export interface HeaderFact {
  readonly name: string;
  readonly metadata: MetadataField | "_previous";
  /** For `_previous`: the place among the outputs of the one that is meant. */
  readonly previous?: number;
  readonly steps?: readonly ColumnStep[];
}

/** A mapping checked against the columns that the source describes. */
export interface ResolvedMapping {
  /** Every column of the file in order: a stored output, or a fact of the run. */
  readonly header: readonly ({ readonly name: string; readonly output: number } | HeaderFact)[];
  /** The file's stored columns first; behind them what only the names of files show. */
  readonly outputs: readonly MappedOutput[];
  /** Places in `header` of the columns that files of removed rows have; absent: all. */
  readonly removed?: readonly number[];
  /** The output that holds each column of `splitBy`, in its order. */
  readonly splits: readonly number[];
  /** The output that holds the cursor's canonical text (mode append); it stands in no file. */
  readonly cursor?: { readonly output: number; readonly kind: CursorKind };
  /** Source columns in projection order: the key, then those that compared outputs read, then those that only ignored outputs read. */
  readonly columns: readonly Column[];
  readonly keyCount: number;
  readonly ignoredCount: number;
  /** See Layout.mapping. */
  readonly text: string;
}

/**
 * What a row of a delta file (Parquet) says. `full`: the row is told whole, whatever was told before. `refresh`: nothing is told;
 * only the fingerprint (or its absence, for a row that left untold) is recorded.
 */
export const DELTA_OPS = ["removed", "changed", "added", "full", "refresh"] as const;
export type DeltaOp = (typeof DELTA_OPS)[number];

/**
 * Columns of the Parquet files of the state, sorted by key: `op` VARCHAR, `k0…` key texts, `o0…` outputs after, `p0…` outputs
 * before (NULL for added; a removed row has only these), `h1 h2` UBIGINT fingerprint after (NULL: the row is not in the source),
 * `g1 g2` fingerprint before. Where nothing was told before (a first delta, a base) the `p` and `g` columns are absent. Outputs are named by position; `outputs` tells their names.
 */
export interface SnapshotFile {
  /** Absolute path on this machine; the bytes were checked against their hash. */
  readonly path: string;
  readonly outputs: readonly string[];
}

/** Which rows of an event table are remembered: those whose cursor, kept as an output, is no earlier than `from`. */
export interface Remembered {
  readonly output: string;
  readonly kind: CursorKind;
  readonly from: string;
}

/** The table that a destination holds, as files: a base overlaid by the log, last operation per key. */
export interface Snapshot {
  readonly layout: Layout;
  readonly base: SnapshotFile | null;
  /** Oldest first. */
  readonly log: readonly SnapshotFile[];
  /** Files whose keys may have been told otherwise (abandoned, voided, reset): the next delta states each of them. */
  readonly uncertain: readonly SnapshotFile[];
  readonly rows: bigint;
  /** Mode append: rows outside of it are in the files, and in the snapshot no longer. */
  readonly remembered?: Remembered;
}

/** How many rows a delta states, exactly. */
export interface DeltaCounts {
  readonly added: bigint;
  readonly changed: bigint;
  readonly removed: bigint;
  /** Rows delivered whole (mode full, full resync). */
  readonly full: bigint;
  readonly refreshed: bigint;
  /** Rows of the current result that nothing is said about. */
  readonly unchanged: bigint;
  /** Rows of the current result. */
  readonly current: bigint;
  /** Rows of the snapshot once this delta is promoted. */
  readonly snapshotAfter: bigint;
}

/** A delta on disk: one sorted Parquet file (see SnapshotFile) and what it holds. */
export interface Delta {
  readonly path: string;
  readonly layout: Layout;
  readonly counts: DeltaCounts;
  /** Per output that changed: in how many changed rows. */
  readonly changedColumns: readonly { readonly name: string; readonly rows: bigint }[];
  /** True when the delta holds every row of the new snapshot, so that it is also the new base. */
  readonly wholeSnapshot: boolean;
}

/** A finished file in staging, ready to be planned. */
export interface StagedFile {
  /** A kind of change, or the name of a group of them. */
  readonly change: string;
  /** Value of each column that files are split by; empty when they are not. */
  readonly split: Readonly<Record<string, string | null>>;
  /** Counts from 1 within one change and combination of split values. */
  readonly part: number;
  /** Absolute path. */
  readonly path: string;
  /** Relative to the destination's prefix. */
  readonly key: string;
  readonly rows: bigint;
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
}
