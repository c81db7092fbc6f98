import type { Snapshot, SnapshotFile } from "../core/delta.ts";
import type { SqlSession } from "../core/ports.ts";
import type { SqlExpr } from "../core/types.ts";
import { sqlText } from "../engine/sql-literal.ts";
import { lastWords, snapshotRows } from "./snapshot-view.ts";
import { writeParquet } from "./write-delta.ts";

/** In the engine's own temporary catalog, which spills. */
const KEYS = "temp.main.forgotten";
const BATCH = 1000;

/** Keeps the keys of rows that are to be forgotten where the engine finds them: of each, the texts of the same key columns. */
export async function rememberKeys(session: SqlSession, keys: readonly (readonly string[])[], signal: AbortSignal): Promise<void> {
  const columns = (keys[0] ?? []).map((_, at) => `v${String(at)} VARCHAR`);
  await session.run(`CREATE OR REPLACE TEMP TABLE forgotten (${columns.join(", ")})`, signal);
  for (let at = 0; at < keys.length; at += BATCH) {
    const rows = keys.slice(at, at + BATCH).map((key) => `(${key.map(sqlText).join(", ")})`);
    await session.run(`INSERT INTO ${KEYS} VALUES ${rows.join(", ")}`, signal);
  }
}

/** SQL that is true of a row of a table called `f` whose key is one of those remembered; `places`: where each key column stands in the table's key. */
export function isForgotten(places: readonly number[]): SqlExpr {
  const same = places.map((place, at) => `g.v${String(at)} = f.k${String(place)}`);
  return `EXISTS (SELECT 1 FROM ${KEYS} AS g WHERE ${same.join(" AND ")})`;
}

/** Rows of a file of the state that are to be forgotten. */
export async function countForgotten(session: SqlSession, path: string, places: readonly number[], signal: AbortSignal): Promise<bigint> {
  const [row] = await session.rows(`SELECT count(*) FROM read_parquet(${sqlText(path)}) AS f WHERE ${isForgotten(places)}`, signal);
  return BigInt(row?.[0] ?? "0");
}

/** Rows of a snapshot that are to be forgotten: the destination holds them. */
export async function countTold(session: SqlSession, snapshot: Snapshot, places: readonly number[], signal: AbortSignal): Promise<bigint> {
  const [row] = await session.rows(`SELECT count(*) FROM (${snapshotRows(snapshot, [])}) AS f WHERE ${isForgotten(places)}`, signal);
  return BigInt(row?.[0] ?? "0");
}

/** Whether some of the rows that are to be forgotten stood in the table once some files, oldest first, had been told. */
export async function stoodAfter(
  session: SqlSession,
  files: readonly SnapshotFile[],
  { keyCount, places }: { readonly keyCount: number; readonly places: readonly number[] },
  signal: AbortSignal,
): Promise<boolean> {
  const words = `SELECT 1 FROM (${lastWords(files, keyCount, [])}) AS f WHERE op <> 'removed' AND ${isForgotten(places)} LIMIT 1`;
  return (await session.rows(words, signal)).length > 0;
}

/** Writes a file of the state anew without the rows that are to be forgotten, in its order and with the same columns. */
export async function writeWithout(
  session: SqlSession,
  { path, outputs, target }: { readonly path: string; readonly outputs: readonly string[]; readonly target: string },
  places: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  const kept = `SELECT * FROM read_parquet(${sqlText(path)}, file_row_number=true) AS f WHERE NOT ${isForgotten(places)}`;
  await writeParquet(session, `SELECT * EXCLUDE (file_row_number) FROM (${kept}) ORDER BY file_row_number`, target, outputs, signal);
}
