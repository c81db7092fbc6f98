import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { stringify } from "csv-stringify/sync";
import { SyncError } from "../core/errors.ts";

/** A row as a warehouse's driver hands it over: texts made by the warehouse itself. */
export type TextRow = readonly (string | null)[];

const ROWS_AT_ONCE = 1000;
const CHARACTERS_AT_ONCE = 256 * 1024;

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
  "\v": "\\v",
  "\b": "\\b",
  "\f": "\\f",
};
const ESCAPED = /[\\\t\n\r\v\b\f]/u;

/** No field is ever quoted: the escapes leave no delimiter in a field, and NULL is the one text that no escaped field can be. */
const FORMAT = {
  delimiter: "\t",
  record_delimiter: "\n",
  quote: "",
  escape: "",
  quote_record_delimiter: false,
  cast: {
    string: (text: string): string => (ESCAPED.test(text) ? text.replace(/[\\\t\n\r\v\b\f]/gu, (one) => ESCAPES[one] ?? one) : text),
    null: (): string => "\\N",
  },
};

/**
 * Writes rows of texts as row text, for sources whose drivers hand over rows and not bytes. One block is on its way to the sink while the
 * next is made, never more.
 */
export class RowTextWriter {
  readonly #sink: Writable;
  readonly #width: number;
  readonly #signal: AbortSignal;
  #underWay: Promise<void> = Promise.resolve();
  #rows = 0n;

  /** `width`: how many fields each row has. */
  constructor(sink: Writable, width: number, signal: AbortSignal) {
    this.#sink = sink;
    this.#width = width;
    this.#signal = signal;
  }

  /** Rows written so far. */
  get rows(): bigint {
    return this.#rows;
  }

  /** Resolves when the sink is ready for more; rejects with the sink's error, or when the signal aborts. */
  async write(rows: readonly TextRow[]): Promise<void> {
    for (const block of blocksOf(rows)) {
      this.#signal.throwIfAborted();
      for (const row of block) if (row.length !== this.#width) throw tornRow(row.length, this.#width);
      const text = stringify([...block], FORMAT);
      await this.#underWay;
      this.#underWay = put(this.#sink, text, this.#signal);
      // A failure is told by the next write or the end.
      this.#underWay.catch(() => undefined);
      this.#rows += BigInt(block.length);
    }
  }

  /** Ends the sink, waits until it has taken everything, and returns the number of rows. */
  async end(): Promise<bigint> {
    await this.#underWay;
    this.#sink.end();
    await finished(this.#sink, { signal: this.#signal, readable: false });
    return this.#rows;
  }
}

/** Rows are cut by their number and by their size: a page of large rows is not made into one string. */
function* blocksOf(rows: readonly TextRow[]): Generator<readonly TextRow[]> {
  let start = 0;
  let characters = 0;
  for (const [at, row] of rows.entries()) {
    for (const field of row) characters += field === null ? 2 : field.length;
    if (characters < CHARACTERS_AT_ONCE && at + 1 - start < ROWS_AT_ONCE) continue;
    yield rows.slice(start, at + 1);
    start = at + 1;
    characters = 0;
  }
  if (start < rows.length) yield rows.slice(start);
}

async function put(sink: Writable, text: string, signal: AbortSignal): Promise<void> {
  let stop = (): void => undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason);
      // A stream that is destroyed does not answer the write that is under way.
      const onClose = (): void => reject(sink.errored ?? new SyncError("INTERNAL", "The reader of the rows went away without an error."));
      stop = () => {
        signal.removeEventListener("abort", onAbort);
        sink.off("close", onClose);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      sink.once("close", onClose);
      sink.write(text, "utf8", (error) => (error == null ? resolve() : reject(sink.errored ?? error)));
    });
  } finally {
    stop();
  }
}

function tornRow(found: number, expected: number): SyncError {
  return new SyncError("SOURCE_TRUNCATED", `The source sent a row of ${found} fields where ${expected} were asked for.`, {
    hint: "Nothing was delivered; run again. If it comes back, look at what lies between this host and the warehouse.",
    retry: "transient",
  });
}
