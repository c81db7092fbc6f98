import type { SqlSession } from "../core/ports.ts";
import { keyOrder } from "../engine/key-order.ts";
import { sqlText } from "../engine/sql-literal.ts";
import { withoutOptimizers } from "../engine/without-optimizers.ts";
import type { DeltaRequest } from "./delta-request.ts";
import { type DeltaSides, deltaRows, freshRows } from "./delta-sql.ts";

/** Writes a delta's rows in key order to the request's path. */
export async function writeDelta(session: SqlSession, request: DeltaRequest, sides: DeltaSides, signal: AbortSignal): Promise<void> {
  const order = request.projection.columns
    .slice(0, request.projection.keyCount)
    .flatMap((column, at) => keyOrder(column.kind, `k${String(at)}`));
  await writeParquet(
    session,
    `SELECT * FROM (${deltaRows(request, sides)}) ORDER BY ${order.join(", ")}`,
    request.path,
    request.outputs.length,
    signal,
  );
}

/** Writes rows that are in key order already, none of which was told before. */
export async function writeFreshDelta(session: SqlSession, request: DeltaRequest, sorted: string, signal: AbortSignal): Promise<void> {
  await writeParquet(session, freshRows(request, sorted), request.path, request.outputs.length, signal);
}

/** From here on, looking for common subexpressions takes longer than it saves: planning grows with the square of the columns. */
const WIDE = 100;

/** Writes a query's rows, in its order, as one zstd Parquet file. */
export async function writeParquet(session: SqlSession, query: string, path: string, width: number, signal: AbortSignal): Promise<void> {
  await withoutOptimizers(session, width > WIDE ? ["common_subexpressions"] : [], async () => {
    await session.run(`COPY (${query}) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd)`, signal);
  });
}
