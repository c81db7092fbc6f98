import type { Snapshot, SnapshotFile } from "../core/delta.ts";
import type { SqlSession } from "../core/ports.ts";
import { anyOf } from "../engine/any-of.ts";
import { sqlText } from "../engine/sql-literal.ts";
import { keyColumns, outputColumns, sameKey, snapshotRows } from "./snapshot-view.ts";

/** How two tables differ, in rows; nothing of the rows themselves. */
export interface TableDifference {
  readonly onlyLeft: bigint;
  readonly onlyRight: bigint;
  /** Rows of both that differ in an output. */
  readonly different: bigint;
}

/** What the keys are kept in that the last comparison found to differ; in the engine's own temporary catalog, which spills. */
const DIFFERING = "temp.main.differing";

/** Compares two snapshots key by key and text by text in the outputs named, and remembers the keys that differ for `lastToldIn`. */
export async function compareSnapshots(
  session: SqlSession,
  left: Snapshot,
  right: Snapshot,
  outputs: readonly string[],
  signal: AbortSignal,
): Promise<TableDifference> {
  const { keyCount } = left.layout;
  const side = (snapshot: Snapshot): string => `(SELECT *, true AS present FROM (${snapshotRows(snapshot, outputs)}))`;
  const differs = outputColumns(outputs).map((name) => `l.${name} IS DISTINCT FROM r.${name}`);
  const kind = `CASE WHEN r.present IS NULL THEN 'left' WHEN l.present IS NULL THEN 'right' WHEN ${anyOf(differs)} THEN 'both' END`;
  const keys = keyColumns(keyCount).map((name) => `coalesce(l.${name}, r.${name}) AS ${name}`);
  const joined = `SELECT ${kind} AS kind, ${keys.join(", ")} FROM ${side(left)} AS l FULL OUTER JOIN ${side(right)} AS r ON ${sameKey(keyCount, "l", "r")}`;
  await session.run(`CREATE OR REPLACE TEMP TABLE differing AS SELECT * FROM (${joined}) WHERE kind IS NOT NULL`, signal);
  const counts = ["left", "right", "both"].map((name) => `count(*) FILTER (WHERE kind = '${name}')`);
  const [row = []] = await session.rows(`SELECT ${counts.join(", ")} FROM ${DIFFERING}`, signal);
  return { onlyLeft: BigInt(row[0] ?? "0"), onlyRight: BigInt(row[1] ?? "0"), different: BigInt(row[2] ?? "0") };
}

/** How many of the keys that differed, and that no later call asked about, a file speaks of: asked newest first, where each was told last. */
export async function lastToldIn(session: SqlSession, file: SnapshotFile, keyCount: number, signal: AbortSignal): Promise<bigint> {
  const told = `SELECT 1 FROM read_parquet(${sqlText(file.path)}) AS f WHERE ${sameKey(keyCount, "f", "differing")}`;
  const [row] = await session.rows(`SELECT count(*) FROM ${DIFFERING} AS differing WHERE EXISTS (${told})`, signal);
  const rows = BigInt(row?.[0] ?? "0");
  if (rows > 0n) await session.run(`DELETE FROM ${DIFFERING} WHERE EXISTS (${told})`, signal);
  return rows;
}
