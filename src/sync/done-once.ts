/**
 * Work that several ask for and one does. When it fails, only who did it is told so, and of those who wait the next one does it again;
 * unless the failure is one that everybody would meet.
 */
export class DoneOnce<T> {
  readonly #isEverybodys: (error: unknown) => boolean;
  #done: Promise<T> | null = null;

  constructor(isEverybodys: (error: unknown) => boolean) {
    this.#isEverybodys = isEverybodys;
  }

  /** Whether somebody did it, or is at it. */
  get begun(): boolean {
    return this.#done !== null;
  }

  /** The result of whoever does the work, by means of one's own `work` if need be. */
  async get(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      signal.throwIfAborted();
      const others = this.#done;
      if (others === null) return await this.#try(work);
      const ended = await settled(others, this.#isEverybodys, signal);
      if (ended !== null) return ended.value;
      if (this.#done === others) this.#done = null;
    }
  }

  async #try(work: () => Promise<T>): Promise<T> {
    const own = work();
    this.#done = own;
    try {
      return await own;
    } catch (error) {
      if (this.#done === own) this.#done = null;
      throw error;
    }
  }
}

/** What came of somebody's work; null when it failed and may be tried again. Throws when the signal aborts first. */
async function settled<T>(
  work: Promise<T>,
  isEverybodys: (error: unknown) => boolean,
  signal: AbortSignal,
): Promise<{ readonly value: T } | null> {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    stop = () => signal.removeEventListener("abort", onAbort);
  });
  try {
    const ended = work.then(
      (value) => ({ value }),
      (error: unknown) => {
        if (isEverybodys(error)) throw error;
        return null;
      },
    );
    return await Promise.race([ended, aborted]);
  } finally {
    stop();
  }
}
