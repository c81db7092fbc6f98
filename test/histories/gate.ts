import type { ObjectStore } from "../../src/core/ports.ts";

/**
 * What lets a process go on, operation by operation. A process whose gate is never opened again stands where it stood, as one that was
 * killed or paused between two operations does: nothing of it runs any more, not even what would tidy up.
 */
export class Gate {
  #left: number;
  readonly #waiting: (() => void)[] = [];
  readonly #stopped: (() => void)[] = [];

  constructor(operations: number) {
    this.#left = operations;
  }

  /** Every operation of the process goes through here. */
  async pass(): Promise<void> {
    if (this.#left > 0) {
      this.#left -= 1;
      return;
    }
    const open = new Promise<void>((resolve) => this.#waiting.push(resolve));
    for (const tell of this.#stopped.splice(0)) tell();
    await open;
  }

  /** Lets so many more operations pass. */
  open(operations: number): void {
    const passing = this.#waiting.splice(0, operations);
    this.#left += operations - passing.length;
    for (const pass of passing) pass();
  }

  /** Resolves when an operation waits at the gate. */
  stopped(): Promise<void> {
    if (this.#waiting.length > 0) return Promise.resolve();
    return new Promise((resolve) => this.#stopped.push(resolve));
  }
}

/** A store whose every operation goes through a gate. */
export function gatedStore(store: ObjectStore, gate: Gate): ObjectStore {
  const through = async <T>(work: () => Promise<T>): Promise<T> => {
    await gate.pass();
    return await work();
  };
  return {
    place: store.place,
    putNew: (key, body, facts, signal) => through(() => store.putNew(key, body, facts, signal)),
    replace: (key, body, facts, signal) => through(() => store.replace(key, body, facts, signal)),
    head: (key, signal) => through(() => store.head(key, signal)),
    get: (key, signal) => through(() => store.get(key, signal)),
    list: (prefix, signal) => through(() => store.list(prefix, signal)),
    delete: (key, signal) => through(() => store.delete(key, signal)),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    ...(store.pathOf === undefined ? {} : { pathOf: store.pathOf }),
  };
}
