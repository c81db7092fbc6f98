import { Writable } from "node:stream";

/** A sink that keeps what it gets; `delayMs` makes it a slow reader, of all writes or of the first few. */
export class RowTextSink extends Writable {
  readonly #chunks: Buffer[] = [];
  readonly #delayMs: number;
  #delayedWrites: number;
  bytes = 0;
  ended = false;

  constructor(delayMs = 0, delayedWrites = Number.MAX_SAFE_INTEGER) {
    super();
    this.#delayMs = delayMs;
    this.#delayedWrites = delayedWrites;
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }

  get lines(): readonly string[] {
    return this.text.split("\n").slice(0, -1);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(chunk);
    this.bytes += chunk.length;
    this.#delayedWrites -= 1;
    if (this.#delayMs === 0 || this.#delayedWrites < 0) done();
    else setTimeout(done, this.#delayMs);
  }

  override _final(done: () => void): void {
    this.ended = true;
    done();
  }
}
