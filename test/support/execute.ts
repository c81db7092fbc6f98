import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

/** What a finished process left behind. */
export interface Executed {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and how a process runs. */
export interface ExecuteOptions {
  readonly cwd?: string;
  /** Laid over this process's environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** Kills the process and rejects; 60 s unless told. */
  readonly timeoutMs?: number;
}

/** Runs a program to its end and returns what it said; an exit code other than 0 is an answer, not an error. */
export async function execute(program: string, args: readonly string[], options: ExecuteOptions = {}): Promise<Executed> {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: "pipe",
    timeout: options.timeoutMs ?? 60_000,
    killSignal: "SIGKILL",
  });
  // A program that does not read its input closes it early; its exit code tells the story.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  const ended = new Promise<Pick<Executed, "code" | "signal">>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      resolve({ code, signal });
    });
  });
  const [end, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (child.killed) throw new Error(`${program} ${args.join(" ")} did not end in time.\n${stdout}${stderr}`);
  return { ...end, stdout, stderr };
}

/** The built program; the test run brings it up to date before the first test. */
export const BUILT_CLI = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** Runs the built command line as a user would, without colours and with no questions asked. */
export async function executeCli(args: readonly string[], options: ExecuteOptions = {}): Promise<Executed> {
  return execute(process.execPath, [BUILT_CLI, ...args], { ...options, env: { NO_COLOR: "1", FORCE_COLOR: undefined, ...options.env } });
}
