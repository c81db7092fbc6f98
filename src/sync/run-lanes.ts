import type { SourceSpec } from "../core/types.ts";

interface Waiting {
  readonly source: SourceSpec;
  readonly start: () => Promise<void>;
}

/** Starts work in the order in which it was asked for, as room allows: so much at once, and so much of one source. */
export class RunLanes {
  readonly #most: number;
  readonly #waiting: Waiting[] = [];
  readonly #busy = new Map<string, number>();
  #running = 0;

  constructor(most: number) {
    this.#most = Math.max(1, most);
  }

  /** How much waits for room. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Does the work once there is room; fails as the work does. */
  async run<T>(source: SourceSpec, work: () => Promise<T>): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      this.#waiting.push({ source, start: () => work().then(resolve, reject) });
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#running < this.#most) {
      const at = this.#waiting.findIndex(({ source }) => this.#hasRoom(source));
      const [next] = at === -1 ? [] : this.#waiting.splice(at, 1);
      if (next === undefined) return;
      this.#count(next.source, 1);
      void next.start().finally(() => {
        this.#count(next.source, -1);
        this.#pump();
      });
    }
  }

  #hasRoom({ name, maxConcurrentRuns }: SourceSpec): boolean {
    return maxConcurrentRuns === undefined || (this.#busy.get(name) ?? 0) < maxConcurrentRuns;
  }

  #count({ name }: SourceSpec, change: 1 | -1): void {
    this.#running += change;
    this.#busy.set(name, (this.#busy.get(name) ?? 0) + change);
  }
}
