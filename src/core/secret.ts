import { inspect } from "node:util";

const MASK = "[redacted]";

/** Text that never shows itself in logs, JSON or messages; only the file that opens an SDK calls `reveal`. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}
