import type { Clock } from "../core/clock.ts";

/** A stream that the command line writes to, as far as it cares. */
export interface Sink {
  write(text: string): void;
  readonly isTty: boolean;
  /** Width of the terminal; null where there is none. */
  readonly columns: number | null;
}

/** Everything that the command line takes from its process, so that a test can stand in for one. */
export interface Host {
  /** Arguments after the program's own name. */
  readonly args: readonly string[];
  /** The name that was called, as hints repeat it: `sync` or `spillway`, with `npx ` before it where npx ran it. */
  readonly name: string;
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Folder of the installed package: templates and schemas lie in it. */
  readonly packageRoot: string;
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Asks the person at the terminal; null where nobody can answer. */
  readonly ask: ((question: string) => Promise<string>) | null;
  readonly clock: Clock;
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
}
