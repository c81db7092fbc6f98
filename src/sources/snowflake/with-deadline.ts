/** How a callback of the driver ends the wait for it. */
export interface Settle<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** What bounds a wait. */
export interface Bounds {
  readonly ms: number;
  readonly signal: AbortSignal;
  /** The error when `ms` have passed. */
  late(): Error;
  /** Called once when the wait ends by an abort or too late, to stop what was waited for. */
  stop?(): void;
}

/**
 * Waits for a callback of the driver, and never longer than `ms`: a response that it cannot read leaves it silent for ever. What comes
 * after the end of the wait is dropped.
 */
export async function withDeadline<T>(bounds: Bounds, start: (settle: Settle<T>) => void): Promise<T> {
  const { ms, signal, late, stop } = bounds;
  signal.throwIfAborted();
  let end = (): void => undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      const give = (error: unknown): void => {
        reject(error);
        stop?.();
      };
      const timer = setTimeout(() => give(late()), ms);
      const onAbort = (): void => give(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
      };
      start({ resolve, reject });
    });
  } finally {
    end();
  }
}
