import { mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { openEngine } from "../engine/open-engine.ts";
import { sqlText } from "../engine/sql-literal.ts";

const LIMITS = { memoryLimit: "256MB", threads: 1, tempDirectory: tmpdir(), maxTempSize: "1GB" };

/** Makes the demo's DuckDB file from its SQL, whole or not at all. */
export async function makeDemoWarehouse(sqlFile: string, database: string, signal: AbortSignal): Promise<void> {
  const draft = `${database}.draft`;
  await mkdir(dirname(database), { recursive: true });
  await rm(draft, { force: true });
  await runIn(draft, await readFile(sqlFile, "utf8"), signal);
  await rename(draft, database);
}

/** Lets the demo's day pass; false when it has passed already. */
export async function passDemoDay(sqlFile: string, database: string, signal: AbortSignal): Promise<boolean> {
  // A customer who joins on that day is the proof that it has passed.
  const joined = await runIn(database, "", signal, "SELECT count(*) FROM customers WHERE customer_id > 3000");
  if (joined !== "0") return false;
  await runIn(database, `BEGIN;\n${await readFile(sqlFile, "utf8")}\nCOMMIT;`, signal);
  return true;
}

/** Whether a file is there. */
export async function fileExists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

async function runIn(database: string, sql: string, signal: AbortSignal, question = "SELECT 1"): Promise<string | null> {
  await using engine = await openEngine(LIMITS, signal);
  await engine.run(`ATTACH ${sqlText(database)} AS warehouse; USE warehouse; ${sql}`, signal);
  const [row] = await engine.rows(question, signal);
  await engine.run("USE memory; DETACH warehouse", signal);
  return row?.[0] ?? null;
}
