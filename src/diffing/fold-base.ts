import type { Snapshot } from "../core/delta.ts";
import type { SqlSession } from "../core/ports.ts";
import { keyOrder } from "../engine/key-order.ts";
import { sqlText } from "../engine/sql-literal.ts";
import { keyColumns, outputColumns, snapshotRows } from "./snapshot-view.ts";
import { writeParquet } from "./write-delta.ts";

/** Writes base and log of a snapshot as one new base (core/delta.ts), sorted by key, and returns how many rows it has. */
export async function foldBase(
  session: SqlSession,
  snapshot: Snapshot,
  path: string,
  signal: AbortSignal,
): Promise<{ readonly rows: bigint }> {
  const { layout } = snapshot;
  const outputs = layout.outputs.map((output) => output.name);
  const columns = ["'refresh' AS op", ...keyColumns(layout.keyCount), ...outputColumns(outputs), "h1", "h2"];
  const order = layout.columns.slice(0, layout.keyCount).flatMap((column, at) => keyOrder(column.kind, `k${String(at)}`));
  const sorted = `SELECT * FROM (${snapshotRows(snapshot, outputs)}) ORDER BY ${order.join(", ")}`;
  await writeParquet(session, `SELECT ${columns.join(", ")} FROM (${sorted})`, path, outputs, signal);
  const [row] = await session.rows(`SELECT count(*) FROM read_parquet(${sqlText(path)})`, signal);
  return { rows: BigInt(row?.[0] ?? "0") };
}
