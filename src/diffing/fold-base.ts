import type { Snapshot } from "../core/delta.ts";
import type { SqlSession } from "../core/ports.ts";
import { keyOrder } from "../engine/key-order.ts";
import { sqlText } from "../engine/sql-literal.ts";
import { keyColumns, outputColumns, snapshotRows } from "./snapshot-view.ts";

/** Writes base and log of a snapshot as one new base (core/delta.ts), sorted by key, and returns how many rows it has. */
export async function foldBase(session: SqlSession, snapshot: Snapshot, path: string, signal: AbortSignal): Promise<{ readonly rows: bigint }> {
  const { layout } = snapshot;
  const outputs = layout.outputs.map((output) => output.name);
  const before = outputs.map((_, at) => `CAST(NULL AS VARCHAR) AS p${String(at)}`);
  const columns = ["'refresh' AS op", ...keyColumns(layout.keyCount), ...outputColumns(outputs), ...before, "h1", "h2"];
  const order = layout.columns.slice(0, layout.keyCount).flatMap((column, at) => keyOrder(column.kind, `k${String(at)}`));
  await session.run(
    `COPY (SELECT ${columns.join(", ")}, CAST(NULL AS UBIGINT) AS g1, CAST(NULL AS UBIGINT) AS g2 FROM (SELECT * FROM (${snapshotRows(snapshot, outputs)}) ORDER BY ${order.join(", ")})) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd)`,
    signal,
  );
  const [row] = await session.rows(`SELECT count(*) FROM read_parquet(${sqlText(path)})`, signal);
  return { rows: BigInt(row?.[0] ?? "0") };
}
