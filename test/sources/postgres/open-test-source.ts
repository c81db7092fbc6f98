import type { Source } from "../../../src/core/ports.ts";
import type { Column, Projection } from "../../../src/core/types.ts";
import { postgresOptionsSchema } from "../../../src/sources/postgres/postgres-options.ts";
import { openPostgresSource } from "../../../src/sources/postgres/postgres-source.ts";
import { RowTextSink } from "./row-text-sink.ts";

/** A signal that never fires. */
export const never = new AbortController().signal;

/** Opens a source from options as a user writes them. */
export async function openTestSource(written: Readonly<Record<string, unknown>>, signal: AbortSignal = never): Promise<Source> {
  const options = postgresOptionsSchema.parse({ type: "postgres", ...written });
  return await openPostgresSource(options, { stream: "users" }, signal);
}

/** The projection of all columns, in the query's order. */
export function whole(query: string, columns: readonly Column[]): Projection {
  return { query, columns, keyCount: 1, ignoredCount: 0 };
}

/** What a source's extraction of a whole query yields. */
export async function extractAll(
  source: Source,
  query: string,
  signal: AbortSignal = never,
): Promise<{ readonly rows: bigint; readonly lines: readonly string[] }> {
  const columns = await source.describe(query, signal);
  const sink = new RowTextSink();
  const { rows } = await extractTo(source, whole(query, columns), sink, signal);
  return { rows, lines: sink.lines };
}

/** Extracts into a sink of the test's own. */
export async function extractTo(
  source: Source,
  projection: Projection,
  sink: RowTextSink,
  signal: AbortSignal = never,
): Promise<{ readonly rows: bigint }> {
  if (source.reading.shape !== "row_text") throw new Error("not a row text source");
  return await source.reading.extract(projection, sink, signal);
}
