/** A signal that aborts when another one does, until it is disposed: what listens to it is not kept for as long as the other one lives. */
export interface OwnSignal extends Disposable {
  readonly signal: AbortSignal;
}

/** Makes such a signal for one piece of work of a service that runs for months. */
export function ownSignal(parent: AbortSignal): OwnSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort(parent.reason);
  if (parent.aborted) abort();
  else parent.addEventListener("abort", abort, { once: true });
  return { signal: controller.signal, [Symbol.dispose]: () => parent.removeEventListener("abort", abort) };
}
