/** How an event table is read (mode append): new rows are found by a column that tells when each row came. */
export interface Cursor {
  readonly column: string;
  /** An instant (ISO 8601, UTC): rows before it are never read. null: there is no such limit. */
  readonly start: string | null;
  /** Rows younger than this are left to a later run. */
  readonly lagMs: number;
  /** How late a row may turn up: so far behind the newest instant read, rows are read again and told when they were not. */
  readonly overlapMs: number;
}

/** Kinds of column that rows can be found by in time. */
export const CURSOR_KINDS = ["date", "timestamp", "timestamp_tz"] as const;
export type CursorKind = (typeof CURSOR_KINDS)[number];
