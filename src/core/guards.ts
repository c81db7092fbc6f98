/** How much of a delta may be what it is: a share of the rows told before, in percent, or a number of rows. */
export type GuardLimit = { readonly percent: number } | { readonly rows: number };

/** What a delta must keep to, or it is held until somebody approves it. */
export interface Guards {
  /** null: no limit. */
  readonly maxRemoved: GuardLimit | null;
  readonly maxChanged: GuardLimit | null;
  readonly maxAdded: GuardLimit | null;
  /** Rows that a result has at least. */
  readonly minRows: number;
  /** Shares are looked at only where so many rows were told before. */
  readonly aboveRows: number;
  /** Columns, by output name or as part of the key, each of whose values is looked at by itself too. */
  readonly per: readonly string[];
  /** What the next run does with a held one: takes its place, or waits for an answer. */
  readonly held: "supersede" | "wait";
}
