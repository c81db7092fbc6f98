import { access, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execute } from "./execute.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BUILT_MAIN = join(ROOT, "dist/cli/main.js");

/** Brings `dist/` up to date once per test run, for tests that start the built program; types are `npm run check`'s matter. */
export async function setup(): Promise<void> {
  if (!(await exists(join(ROOT, "src/cli/main.ts")))) return;
  if ((await newestChange(join(ROOT, "src"))) < (await changedAt(BUILT_MAIN))) return;
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  await step(process.execPath, [tsc, "-p", "tsconfig.build.json", "--noCheck"]);
  await step("npm", ["run", "--silent", "link-bin"]);
}

async function step(program: string, args: readonly string[]): Promise<void> {
  const done = await execute(program, args, { cwd: ROOT });
  if (done.code !== 0) throw new Error(`dist/ could not be built:\n${done.stdout}${done.stderr}`);
}

async function newestChange(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true });
  const times = await Promise.all(entries.map(async (entry) => changedAt(join(folder, entry))));
  return Math.max(0, ...times);
}

async function changedAt(path: string): Promise<number> {
  return (await exists(path)) ? (await stat(path)).mtimeMs : 0;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
