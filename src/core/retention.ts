/** How long what a delivery leaves behind is kept, each in milliseconds; null: for ever. */
export interface Retention {
  /** Records of runs, and what requests with an idempotency key started. */
  readonly runs: number | null;
  /** Deltas that were folded into a base. */
  readonly log: number | null;
  /** Staged bytes that nothing delivers. */
  readonly staging: number | null;
  /** Held runs that nobody answers. */
  readonly held: number | null;
}

const DAY_MS = 86_400_000;

/** What is kept where nothing else is said: everything that proves a delivery, for ever. */
export const DEFAULT_RETENTION: Retention = { runs: 365 * DAY_MS, log: null, staging: 7 * DAY_MS, held: null };
