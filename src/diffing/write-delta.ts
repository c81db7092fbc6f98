import { z } from "zod";
import { SyncError } from "../core/errors.ts";
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
    request.outputs.map(({ name }) => name),
    signal,
  );
}

/** Writes rows that are in key order already, none of which was told before. */
export async function writeFreshDelta(session: SqlSession, request: DeltaRequest, sorted: string, signal: AbortSignal): Promise<void> {
  const outputs = request.outputs.map(({ name }) => name);
  await writeParquet(session, freshRows(request, sorted), request.path, outputs, signal);
}

/** From here on, looking for common subexpressions takes longer than it saves: planning grows with the square of the columns. */
const WIDE = 100;

/** Under this name a file of the state tells the names of its outputs itself, for those who find it without the document that names it. */
const OUTPUTS = "spillway_outputs";

/**
 * Dictionaries pay only for columns of few values: for the others the writer would hash 24,000 values of each row group before it gives up, half of
 * the time that writing takes. The lowest level of zstd loses nothing against the usual one on such rows.
 */
const ENCODING = "COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 1000, STRING_DICTIONARY_PAGE_SIZE_LIMIT 65536";

/** Writes a query's rows, in its order, as one zstd Parquet file whose columns o0, o1 … hold the outputs named. */
export async function writeParquet(
  session: SqlSession,
  query: string,
  path: string,
  outputs: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const about = `KV_METADATA {${OUTPUTS}: ${sqlText(JSON.stringify(outputs))}}`;
  await withoutOptimizers(session, outputs.length > WIDE ? ["common_subexpressions"] : [], async () => {
    await session.run(`COPY (${query}) TO ${sqlText(path)} (FORMAT parquet, ${ENCODING}, ${about})`, signal);
  });
}

/** The names of the outputs that a file of the state holds, as it tells them itself; null when it is torn, or an older program wrote it. */
export async function outputsOf(session: SqlSession, path: string, signal: AbortSignal): Promise<readonly string[] | null> {
  try {
    const [row] = await session.rows(
      `SELECT decode(value) FROM parquet_kv_metadata(${sqlText(path)}) WHERE key = ${sqlText(OUTPUTS)}`,
      signal,
    );
    return row?.[0] == null ? null : NAMES.parse(JSON.parse(row[0]));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SyncError && (error.code === "ENGINE_FAILED" || error.code === "ENGINE_QUERY_REFUSED")) return null;
    throw error;
  }
}

const NAMES = z.array(z.string());
