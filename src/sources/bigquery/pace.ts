/** How long the source waits, and how often it asks again. */
export interface Pace {
  /** Attempts of one request. */
  readonly attempts: number;
  /** Pause before the second attempt; each further one is twice as long. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** How long one request lets the server think about a job that is not done. */
  readonly pollMs: number;
  /** Rows asked for in one page; the service cuts pages by their size, too. */
  readonly pageRows: number;
}

/** About a minute of trouble in all; pages of a few MB, for what the client holds of them decides how much memory a run takes. */
export const PACE: Pace = { attempts: 7, firstPauseMs: 500, longestPauseMs: 16_000, pollMs: 10_000, pageRows: 10_000 };

/** The pause before attempt `attempt` (2, 3 …), by a random part of it shorter, so that many runs do not knock at once. */
export function pauseBefore(attempt: number, pace: Pace, random: () => number = Math.random): number {
  const whole = Math.min(pace.longestPauseMs, pace.firstPauseMs * 2 ** (attempt - 2));
  return whole * (0.5 + random() / 2);
}
