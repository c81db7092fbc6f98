import { execFileSync, spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { readdirSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A Python of at least that minor version that can make environments; null where there is none. */
export function findPython(minor: number): string | null {
  const versions = join(homedir(), ".pyenv/versions");
  const installed =
    spawnSync("test", ["-d", versions]).status === 0 ? readdirSync(versions).map((name) => join(versions, name, "bin/python")) : [];
  const check = `import sys, venv; sys.exit(0 if sys.version_info >= (3, ${minor}) else 1)`;
  const named = Array.from({ length: 4 }, (_, at) => `python3.${minor + at}`);
  return [...named, "python3", ...installed].find((python) => spawnSync(python, ["-c", check], { stdio: "ignore" }).status === 0) ?? null;
}

/** Starts a program that stays in the foreground and waits until it answers; its own words go to stderr. */
export async function startServer(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  url: string,
  withinMs: number,
): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"], env });
  const giveUpAt = performance.now() + withinMs;
  while (performance.now() < giveUpAt) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode} while it was installed or started`);
    const isUp = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isUp) return child;
    await sleep(200);
  }
  child.kill("SIGKILL");
  throw new Error(`${program} did not answer within ${withinMs / 1000} s`);
}

/** Ends a program that `startServer` started. */
export async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill();
  await Promise.race([ended, sleep(5000).then(() => child.kill("SIGKILL"))]);
}

/** Runs a command to its end; its words are shown only when it fails. */
export function runCommand(program: string, args: readonly string[], cwd: string): void {
  execFileSync(program, args, { cwd, stdio: ["ignore", "ignore", "inherit"], timeout: 300_000 });
}
