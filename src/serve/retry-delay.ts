const FIRST_MS = 30_000;
const LONGEST_MS = 30 * 60_000;

/** How long a slot waits before it is tried again: 30 s after its first failure, then twice as long each time, up to half an hour. */
export function retryDelay(failures: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(Math.max(0, failures - 1), 20));
}

/** How long a slot waits when another process has the stream. */
export const BUSY_DELAY_MS = 10_000;
/** How long it waits when the state root did not answer. */
export const LOOK_DELAY_MS = 30_000;
