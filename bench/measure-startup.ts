import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import type { TempFolder } from "../test/support/temp-folder.ts";
import { measureProcess } from "./measure-process.ts";

const MAIN = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const HISTORY = 10_000;

/** A command that should answer at once, at its best of some rounds. */
export interface StartupEntry {
  readonly command: string;
  readonly seconds: number;
}

/** How long the program takes to say something: its help, and the status of a project with 10,000 runs in its history. */
export async function measureStartup(folder: TempFolder, rounds: number): Promise<readonly StartupEntry[]> {
  const project = await projectWithHistory(folder);
  const entries: StartupEntry[] = [];
  for (const [command, args] of [
    ["sync --help", ["--help"]],
    [`sync status, ${HISTORY.toLocaleString("en")} runs`, ["status"]],
  ] as const) {
    let seconds = Number.POSITIVE_INFINITY;
    for (let round = 0; round < rounds; round += 1)
      seconds = Math.min(seconds, (await measureProcess(process.execPath, [MAIN, ...args], { cwd: project })).seconds);
    entries.push({ command, seconds });
  }
  return entries;
}

/** One true run, and its record as often as makes the history, under other ids. */
async function projectWithHistory(folder: TempFolder): Promise<string> {
  const config = {
    version: 1,
    state: ".sync",
    models: "models",
    sources: { warehouse: { type: "duckdb", path: "warehouse.duckdb" } },
    destinations: { out: { type: "local", path: "out" } },
  };
  const project = folder.at("history");
  await folder.write("history/config.yaml", JSON.stringify(config));
  (await DuckDBInstance.create(join(project, "warehouse.duckdb"))).closeSync();
  const model = { source: "warehouse", destination: "out", query: "SELECT 1 AS id", primary_key: ["id"] };
  await folder.write("history/models/one.yaml", JSON.stringify(model));
  await measureProcess(process.execPath, [MAIN, "run", "--all", "--quiet"], { cwd: project });
  const runs = join(project, ".sync/runs");
  await mkdir(runs, { recursive: true });
  const [name] = await readdir(runs);
  if (name === undefined) throw new Error("the run left no record");
  const id = name.slice(0, name.indexOf("."));
  const record = await readFile(join(runs, name), "utf8");
  for (let at = 0; at < HISTORY; at += 1) {
    // Older than the true one; digits are letters of an id, too.
    const other = `00${String(at).padStart(id.length - 2, "0")}`;
    await writeFile(join(runs, name.replace(id, other)), record.replaceAll(id, other));
  }
  return project;
}
