// The product in one sitting: a project, a first delivery, a day that passes, a second delivery, and the files of both.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";

const ROOT = join(import.meta.dirname, "..");
const PROJECT = join(ROOT, ".cache/demo");
const HEAD_LINES = 4;

async function spillway(...args: readonly string[]): Promise<void> {
  process.stdout.write(`\n$ spillway ${args.join(" ")}\n`);
  const child = spawn(process.execPath, [join(ROOT, "dist/cli/main.js"), ...args], { cwd: PROJECT, stdio: "inherit" });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`spillway ${args.join(" ")} ended with ${String(code)}`);
}

async function firstLines(path: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    lines.push(line);
    if (lines.length === HEAD_LINES) break;
  }
  return lines;
}

async function showFiles(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !entry.parentPath.slice(folder.length).includes("/."))
    .map((entry) => join(entry.parentPath, entry.name));
  for (const path of files.toSorted()) {
    process.stdout.write(`\n${path.slice(PROJECT.length + 1)}\n`);
    if (path.endsWith(".json")) continue;
    for (const line of await firstLines(path)) process.stdout.write(`  ${line}\n`);
  }
}

await rm(PROJECT, { recursive: true, force: true });
await mkdir(PROJECT, { recursive: true });
await spillway("init", ".");
await spillway("run", "--all");
await spillway("init", ".", "--next-day");
await spillway("plan", "--all");
await spillway("run", "--all");
await spillway("status");
process.stdout.write("\nWhat the partner got:\n");
await showFiles(join(PROJECT, "out"));
process.stdout.write(`\nLook around in ${PROJECT}\n`);
