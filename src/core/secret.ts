import { inspect } from "node:util";
import { rememberSecret } from "./scrub.ts";

const MASK = "[redacted]";

/** Text that never shows itself in logs, JSON or messages, and that `scrub` hides wherever it turns up all the same; only the file that opens an SDK calls `reveal`. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    rememberSecret(text);
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

/** A secret that a file holds; the path is absolute once the configuration is compiled. */
export interface SecretFile {
  readonly file: string;
}

/** A secret that a command prints; it runs without a shell, in `cwd` (the folder of the configuration file). */
export interface SecretCommand {
  readonly command: readonly string[];
  readonly cwd?: string | undefined;
}

/** How a secret is given in the configuration: as text, or as the place to get it from anew for each run (`resolveSecret`). */
export type SecretRef = Secret | SecretFile | SecretCommand;
