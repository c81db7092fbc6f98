import type { Writable } from "node:stream";
import { SyncError } from "../../core/errors.ts";
import type { Source } from "../../core/ports.ts";
import { trimStatement } from "../../core/sql-text.ts";
import type { Column, Projection } from "../../core/types.ts";
import { RowTextWriter } from "../../engine/row-text-writer.ts";
import type { SourceContext } from "../source-context.ts";
import { BigqueryConnection, type ConnectionSeams } from "./bigquery-connection.ts";
import { bigqueryDialect } from "./bigquery-dialect.ts";
import { bigqueryError } from "./bigquery-error.ts";
import { BigqueryFailure } from "./bigquery-failure.ts";
import { cancelJob, type Job, type JobOwner, startJob } from "./bigquery-job.ts";
import type { BigqueryOptions } from "./bigquery-options.ts";
import { bigqueryCanonical, projectionSql } from "./bigquery-types.ts";
import { describeQuery, type Described } from "./describe-query.ts";
import { writePages } from "./result-pages.ts";

/** How often a job that BigQuery itself broke is started anew. */
const MOST_JOBS = 3;

/** Opens a BigQuery source: authenticates, and from then on only asks and reads. */
export async function openBigquerySource(
  options: BigqueryOptions,
  context: Pick<SourceContext, "stream" | "run">,
  signal: AbortSignal,
  seams: ConnectionSeams = {},
): Promise<Source> {
  const where = options.project === undefined ? "the credentials' project" : `project ${options.project}`;
  const connection = await BigqueryConnection.open(options, signal, seams).catch((error: unknown) => {
    throw bigqueryError(error, { what: "connect", where: options.api_endpoint ?? where, stage: "describe" });
  });
  const disposal = new AbortController();
  const running = new Set<Promise<unknown>>();
  const tracked = async <T>(asked: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const promise = work(AbortSignal.any([asked, disposal.signal]));
    const settled = promise.catch(() => undefined);
    running.add(settled);
    return await promise.finally(() => running.delete(settled));
  };
  let last: { readonly query: string; readonly described: Described } | null = null;
  const describe = async (query: string, asked: AbortSignal): Promise<Described> => {
    const trimmed = trimStatement(query, bigqueryDialect.lexis);
    const described = await describeQuery(connection, trimmed, asked);
    last = { query, described };
    return described;
  };
  return {
    dialect: bigqueryDialect,
    describe: async (query, asked) => await tracked(asked, async (both) => (await describe(query, both)).columns),
    estimate: async (query, asked) =>
      await tracked(asked, async (both) => (last?.query === query ? last.described : await describe(query, both)).estimate),
    canonical: bigqueryCanonical,
    reading: {
      shape: "row_text",
      extract: async (projection, sink, asked) =>
        await tracked(asked, async (both) => {
          const { columns, location } = await describe(projection.query, both);
          refuseMoved(projection.columns, columns);
          return { rows: await extract(connection, projection, { owner: context, location }, sink, both) };
        }).catch((error: unknown) => {
          sink.on("error", () => undefined);
          sink.destroy();
          throw error;
        }),
    },
    [Symbol.asyncDispose]: async () => {
      disposal.abort(new SyncError("INTERRUPTED", "The BigQuery source was closed."));
      await Promise.all(running);
    },
  };
}

async function extract(
  connection: BigqueryConnection,
  projection: Projection,
  { owner, location }: { readonly owner: JobOwner; readonly location: string | null },
  sink: Writable,
  signal: AbortSignal,
): Promise<bigint> {
  const sql = projectionSql(projection.columns, trimStatement(projection.query, bigqueryDialect.lexis));
  const writer = new RowTextWriter(sink, projection.columns.length, signal);
  const doing = { what: "extract the model's rows", where: connection.where, stage: "run" } as const;
  for (let jobs = 1; ; jobs += 1) {
    let job: Job | null = null;
    try {
      job = await startJob(connection, sql, owner, location, signal);
      await writePages(connection, job, projection.columns.length, writer, signal);
      return await writer.end();
    } catch (error) {
      if (job !== null) await cancelJob(connection, job);
      signal.throwIfAborted();
      // A job's own failure, told by its status: the same job would say the same again, another may do better.
      const again =
        error instanceof BigqueryFailure && error.kind === "answer" && error.isTransient && writer.rows === 0n && jobs < MOST_JOBS;
      if (!again) throw bigqueryError(error, doing);
    }
  }
}

function refuseMoved(expected: readonly Column[], found: readonly Column[]): void {
  const types = new Map(found.map((column) => [column.name, column.type]));
  const moved = expected.filter((column) => types.get(column.name) !== column.type).map((column) => column.name);
  if (moved.length === 0) return;
  throw new SyncError("SOURCE_COLUMNS_CHANGED", `Columns of the model changed while the run began: ${moved.join(", ")}.`, {
    hint: "Nothing was delivered; run again.",
    retry: "transient",
    context: { columns: moved },
  });
}
