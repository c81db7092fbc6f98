import { fileURLToPath } from "node:url";
import type { Host, Sink } from "../../src/cli/host.ts";
import { runCli } from "../../src/cli/run-cli.ts";
import type { Clock } from "../../src/core/clock.ts";

/** A clock that starts at noon UTC of 23 November 2026 and goes on by one second at each look. */
export function steppingClock(stepMs = 1000): Clock {
  let at = Date.parse("2026-11-23T12:00:00Z") - stepMs;
  return {
    now: () => {
      at += stepMs;
      return new Date(at);
    },
  };
}

/** What one command line said and ended with. */
export interface Said {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What of the host a test sets by itself. */
export type HostParts = Partial<Omit<Host, "args" | "stdout" | "stderr">> & {
  readonly tty?: boolean;
  readonly columns?: number;
  readonly onStderr?: (text: string) => void;
};

/** Runs a command line in this process against a host of fixed time and no terminal. */
export async function say(args: readonly string[], parts: HostParts = {}): Promise<Said> {
  const out: string[] = [];
  const err: string[] = [];
  const { tty = false, columns, onStderr = () => undefined, ...rest } = parts;
  const sink = (lines: string[], seen: (text: string) => void = () => undefined): Sink => ({
    write: (text) => {
      lines.push(text);
      seen(text);
    },
    isTty: tty,
    columns: columns ?? null,
  });
  const exit = await runCli({
    name: "sync",
    version: "0.1.0",
    env: {},
    cwd: process.cwd(),
    packageRoot: fileURLToPath(new URL("../..", import.meta.url)),
    ask: null,
    clock: steppingClock(),
    signal: new AbortController().signal,
    ...rest,
    args,
    stdout: sink(out),
    stderr: sink(err, onStderr),
  });
  return { exit, stdout: out.join(""), stderr: err.join("") };
}
