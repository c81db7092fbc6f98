import type { Source } from "../../../src/core/ports.ts";
import type { Column, Projection } from "../../../src/core/types.ts";
import type { ConnectionSeams } from "../../../src/sources/bigquery/bigquery-connection.ts";
import { bigqueryOptionsSchema } from "../../../src/sources/bigquery/bigquery-options.ts";
import { openBigquerySource } from "../../../src/sources/bigquery/bigquery-source.ts";
import type { Pace } from "../../../src/sources/bigquery/pace.ts";
import { RowTextSink } from "../../sources/postgres/row-text-sink.ts";

/** A signal that never fires. */
export const never = new AbortController().signal;

/** Pauses too short to be felt; pages small enough that there are several. */
export const QUICK: Pace = { attempts: 4, firstPauseMs: 1, longestPauseMs: 2, pollMs: 20, pageRows: 1000 };

/** Opens a source from options as a user writes them. */
export async function openTestSource(
  endpoint: string,
  written: Readonly<Record<string, unknown>> = {},
  signal = never,
  seams: ConnectionSeams = {},
): Promise<Source> {
  const options = bigqueryOptionsSchema.parse({ type: "bigquery", project: "test", api_endpoint: endpoint, ...written });
  return await openBigquerySource(options, { stream: "users", run: "20261123T120000Z-aa" }, signal, { pace: QUICK, ...seams });
}

/** The projection of all columns, in the query's order. */
function whole(query: string, columns: readonly Column[]): Projection {
  return { query, columns, keyCount: 1, ignoredCount: 0 };
}

/** Describes a query and extracts it into a sink. */
export async function extractTo(source: Source, query: string, sink: RowTextSink, signal = never): Promise<{ readonly rows: bigint }> {
  if (source.reading.shape !== "row_text") throw new Error("not a row text source");
  return await source.reading.extract(whole(query, await source.describe(query, never)), sink, signal);
}

/** What a source's extraction of a whole query yields. */
export async function extractAll(
  source: Source,
  query: string,
  signal = never,
): Promise<{ readonly rows: bigint; readonly lines: readonly string[] }> {
  const sink = new RowTextSink();
  const { rows } = await extractTo(source, query, sink, signal);
  return { rows, lines: sink.lines };
}
