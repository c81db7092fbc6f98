import type { SqlSession } from "../core/ports.ts";
import { keyOrder } from "../engine/key-order.ts";
import { sqlText } from "../engine/sql-literal.ts";
import type { DeltaRequest } from "./delta-request.ts";
import { type DeltaSides, deltaRows, freshRows } from "./delta-sql.ts";

/** Writes a delta's rows in key order to the request's path. */
export async function writeDelta(session: SqlSession, request: DeltaRequest, sides: DeltaSides, signal: AbortSignal): Promise<void> {
  const order = request.projection.columns
    .slice(0, request.projection.keyCount)
    .flatMap((column, at) => keyOrder(column.kind, `k${String(at)}`));
  await writeParquet(session, `SELECT * FROM (${deltaRows(request, sides)}) ORDER BY ${order.join(", ")}`, request.path, signal);
}

/** Writes rows that are in key order already, none of which was told before. */
export async function writeFreshDelta(session: SqlSession, request: DeltaRequest, sorted: string, signal: AbortSignal): Promise<void> {
  await writeParquet(session, freshRows(request, sorted), request.path, signal);
}

/** Writes a query's rows, in its order, as one zstd Parquet file. */
export async function writeParquet(session: SqlSession, query: string, path: string, signal: AbortSignal): Promise<void> {
  await session.run(`COPY (${query}) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd)`, signal);
}
