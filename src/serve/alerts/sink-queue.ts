const MOST_WAITING = 100;

/** Sends one after the other to one sink, beside everything else; what does not fit is refused, so that a dead sink costs no memory. */
export class SinkQueue {
  readonly #waiting: (() => Promise<void>)[] = [];
  #worker: Promise<void> | null = null;

  /** Whether the work was taken; it must not throw. */
  add(work: () => Promise<void>): boolean {
    if (this.#waiting.length >= MOST_WAITING) return false;
    this.#waiting.push(work);
    this.#worker ??= this.#drain();
    return true;
  }

  /** Settles when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#worker !== null) await this.#worker;
  }

  async #drain(): Promise<void> {
    // The caller goes on first: nothing of a send happens inside `add`.
    await Promise.resolve();
    for (let work = this.#waiting.shift(); work !== undefined; work = this.#waiting.shift()) await work();
    this.#worker = null;
  }
}
