import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";

/** What a process took. */
export interface Measured {
  readonly seconds: number;
  /** Largest resident set in bytes; null where /proc does not tell it. */
  readonly peakBytes: number | null;
  readonly stdout: string;
}

const SAMPLE_MS = 10;

/** Runs a program to its end; its failure is the benchmark's. */
export async function measureProcess(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Measured> {
  const start = performance.now();
  const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "inherit"] });
  let peakBytes: number | null = null;
  const sample = async (): Promise<void> => {
    const status = await readFile(`/proc/${String(child.pid)}/status`, "utf8").catch(() => "");
    // The kernel keeps the high-water mark itself, so a sample late in a process's life tells of all before.
    const kilobytes = /^VmHWM:\s+(\d+) kB$/mu.exec(status)?.[1];
    if (kilobytes !== undefined) peakBytes = Number(kilobytes) * 1024;
  };
  const sampling = setInterval(() => void sample(), SAMPLE_MS);
  const closed = once(child, "close");
  const stdout = await text(child.stdout);
  await closed;
  clearInterval(sampling);
  const seconds = (performance.now() - start) / 1000;
  if (child.exitCode !== 0)
    throw new Error(`${program} ${args.join(" ")} ended with ${String(child.exitCode ?? child.signalCode)}\n${stdout}`);
  return { seconds, peakBytes, stdout };
}
