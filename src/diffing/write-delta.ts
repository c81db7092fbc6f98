import type { SqlSession } from "../core/ports.ts";
import { keyOrder } from "../engine/key-order.ts";
import { sqlText } from "../engine/sql-literal.ts";
import { type DeltaSides, deltaRows } from "./delta-sql.ts";
import type { DeltaRequest } from "./delta-request.ts";

/** Writes a delta's rows in key order to the request's path, as zstd Parquet. */
export async function writeDelta(session: SqlSession, request: DeltaRequest, sides: DeltaSides, signal: AbortSignal): Promise<void> {
  const order = request.projection.columns.slice(0, request.projection.keyCount).flatMap((column, at) => keyOrder(column.kind, `k${String(at)}`));
  await session.run(
    `COPY (SELECT * FROM (${deltaRows(request, sides)}) ORDER BY ${order.join(", ")}) TO ${sqlText(request.path)} (FORMAT parquet, COMPRESSION zstd)`,
    signal,
  );
}
