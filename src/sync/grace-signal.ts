/** A signal that follows another one later, so that what is in hand can be finished. Disposing it forgets the timer. */
export interface GraceSignal extends Disposable {
  readonly signal: AbortSignal;
}

/** Makes a signal that aborts `graceMs` after `signal` does. */
export function graceSignal(signal: AbortSignal, graceMs: number): GraceSignal {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | null = null;
  const begin = (): void => {
    timer = setTimeout(() => controller.abort(signal.reason), graceMs);
    timer.unref();
  };
  if (signal.aborted) begin();
  else signal.addEventListener("abort", begin, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      signal.removeEventListener("abort", begin);
      if (timer !== null) clearTimeout(timer);
    },
  };
}
