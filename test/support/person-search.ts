import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { sqlText } from "../../src/engine/sql-literal.ts";
import type { SyncDeps } from "../../src/sync/sync-deps.ts";

const never = new AbortController().signal;

/** Every file below some folders whose bytes, or whose rows where it is Parquet, hold one of the texts. */
export async function filesThatHold(
  { openEngine }: Pick<SyncDeps, "openEngine">,
  folders: readonly string[],
  texts: readonly string[],
): Promise<readonly string[]> {
  await using engine = await openEngine(never);
  const found: string[] = [];
  for (const folder of folders) {
    for (const name of await readdir(folder, { recursive: true }).catch(() => [])) {
      const path = join(folder, name);
      if (!(await stat(path)).isFile()) continue;
      const bytes = await readFile(path);
      const rows = bytes.subarray(0, 4).toString("latin1") === "PAR1" ? await rowsOf(engine, path) : "";
      if (texts.some((text) => bytes.includes(text) || rows.includes(text) || name.includes(text))) found.push(name);
    }
  }
  return found.toSorted();
}

async function rowsOf(engine: Awaited<ReturnType<SyncDeps["openEngine"]>>, path: string): Promise<string> {
  const rows = await engine.rows(`SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet(${sqlText(path)})`, never);
  const about = await engine.rows(`SELECT CAST(COLUMNS(*) AS VARCHAR) FROM parquet_metadata(${sqlText(path)})`, never);
  return JSON.stringify([rows, about]);
}
