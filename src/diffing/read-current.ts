import type { Writable } from "node:stream";
import type { Layout } from "../core/delta.ts";
import { SyncError } from "../core/errors.ts";
import type { Source, SqlSession } from "../core/ports.ts";
import type { Projection } from "../core/types.ts";
import { createRowTextPipe, type RowTextPipe } from "../engine/row-text-pipe.ts";
import { MARK_LENGTH, pickFields, rowTextLines } from "../engine/row-text.ts";
import { type CurrentRows, relationRows, ROWS_READ, rowTextRows } from "./current-rows.ts";
import type { DeltaRequest } from "./delta-request.ts";

/** A result that was read to its proven end. */
export interface ReadRows {
  readonly rows: CurrentRows;
  readonly count: bigint;
}

/**
 * Runs `consume` (one engine statement over the current rows, reading them once) while the source sends them, and proves that
 * the engine read as many rows as the server sent: SOURCE_TRUNCATED otherwise. Either side's failure stops the other.
 */
export async function readCurrent(
  session: SqlSession,
  request: DeltaRequest,
  layout: Layout,
  consume: (rows: CurrentRows, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<ReadRows> {
  await session.run(`CREATE OR REPLACE SEQUENCE ${ROWS_READ}`, signal);
  const { source, projection } = request;
  const { reading } = source;
  if (reading.shape === "relation") {
    const rows = relationRows(reading.relation(projection), source, projection, layout);
    await consume(rows, signal).catch(async (error: unknown) => {
      throw reading.blame === undefined ? error : await reading.blame(error, projection, signal);
    });
    return { rows, count: await rowsRead(session, signal) };
  }
  if (reading.shape === "kept_text") {
    const rows = rowTextRows(keptLines(reading, projection), source, projection, layout);
    await consume(rows, signal);
    return { rows, count: await allRows(session, reading.rows, signal) };
  }
  const marked = reading.marks === true && layout.salt.length === MARK_LENGTH;
  const sending = marked ? { ...request, projection: { ...projection, mark: layout.salt } } : request;
  using pipe = await createRowTextPipe(request.scratch, "rows");
  const rows = rowTextRows(rowTextLines(pipe.path), source, sending.projection, layout);
  const sent = await sendThroughPipe(sending, pipe, async (both) => await consume(rows, both), signal);
  return { rows, count: await allRows(session, sent, signal) };
}

type KeptText = Extract<Source["reading"], { readonly shape: "kept_text" }>;

/** The lines of a file as the projection wants them; where they are so already, they are not touched. */
function keptLines({ path, fields }: KeptText, { columns }: Projection): string {
  const lines = rowTextLines(path);
  const isSame = columns.length === fields.length && columns.every(({ name }, at) => name === fields[at]);
  if (isSame) return lines;
  const places = columns.map(({ name }) => fields.indexOf(name));
  if (places.includes(-1)) throw new SyncError("INTERNAL", "Rows were kept without a column that is read.");
  return pickFields(lines, fields.length, places);
}

/** Proves that the engine read as many rows as the server says it sent. */
async function allRows(session: SqlSession, sent: bigint, signal: AbortSignal): Promise<bigint> {
  const read = await rowsRead(session, signal);
  if (read === sent) return read;
  const [more, less] = read > sent ? [read - sent, 0n] : [0n, sent - read];
  const what = less > 0n ? `${String(less)} rows were lost` : `${String(more)} rows too many arrived`;
  throw new SyncError("SOURCE_TRUNCATED", `The source sent ${String(sent)} rows, but ${what} on the way. Nothing was delivered.`, {
    hint: "Run again; the snapshot is as it was.",
    retry: "transient",
  });
}

async function rowsRead(session: SqlSession, signal: AbortSignal): Promise<bigint> {
  const [row] = await session.rows(
    "SELECT coalesce(max(last_value), 0) FROM duckdb_sequences() WHERE database_name = 'memory' AND sequence_name = 'rows_read'",
    signal,
  );
  return BigInt(row?.[0] ?? "0");
}

async function sendThroughPipe(
  request: DeltaRequest,
  pipe: RowTextPipe,
  consume: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<bigint> {
  const { reading } = request.source;
  if (reading.shape !== "row_text") throw new SyncError("INTERNAL", "Only what a source sends needs a pipe.");
  const send: Sender = async (sink, both) => (await reading.extract(request.projection, sink, both)).rows;
  return await throughPipe(pipe, send, consume, signal);
}

/** Writes row text into a sink, ends it, and tells how many rows there were. */
type Sender = (sink: Writable, signal: AbortSignal) => Promise<bigint>;

/** Has one side write row text into a pipe while the other, a query of the engine, reads it. Either one's failure stops the other; the first is told. */
export async function throughPipe(
  pipe: RowTextPipe,
  send: Sender,
  consume: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<bigint> {
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const failures: unknown[] = [];
  const fail = (error: unknown): undefined => {
    failures.push(error);
    stop.abort();
  };
  const query = consume(both).catch(fail);
  const sending = send(pipe.open(both), both).catch(async (error: unknown) => {
    // A broken pipe only says that the query has ended; why, the query itself is about to say.
    if (isBrokenPipe(error)) await query;
    return fail(error);
  });
  const sent = await sending;
  if (sent === undefined) await pipe.release(query);
  await query;
  signal.throwIfAborted();
  if (failures.length > 0) throw failures[0];
  if (sent === undefined) throw new SyncError("INTERNAL", "An extraction ended without a count and without an error.");
  return sent;
}

function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED");
}
