import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { SyncError } from "../../core/errors.ts";
import type { Source } from "../../core/ports.ts";
import { trimStatement } from "../../core/sql-text.ts";
import type { Column, Projection } from "../../core/types.ts";
import type { SourceContext } from "../source-context.ts";
import { connectionSettings } from "./connection-settings.ts";
import { describeQuery } from "./describe-query.ts";
import { holdMoment } from "./hold-moment.ts";
import { postgresCatalog } from "./postgres-catalog.ts";
import { postgresDialect } from "./postgres-dialect.ts";
import type { PostgresOptions } from "./postgres-options.ts";
import { PostgresSession } from "./postgres-session.ts";
import { postgresCanonical, projectionSql } from "./postgres-types.ts";
import { around } from "./sql-position.ts";
import { copyOut, parseOnly, truncated } from "./statements.ts";

/** Opens a Postgres source: connects once, and from then on reads in read-only transactions under pinned settings. */
export async function openPostgresSource(
  options: PostgresOptions,
  context: Pick<SourceContext, "stream">,
  signal: AbortSignal,
): Promise<Source> {
  const settings = await connectionSettings(options, context.stream, signal);
  const session = new PostgresSession(settings, options);
  await session.connect(signal);
  return {
    dialect: postgresDialect,
    describe: async (query, describeSignal) =>
      await session.transaction("describe the model's query", describeSignal, async (transaction) => {
        return await describeQuery(transaction, trimStatement(query));
      }),
    canonical: postgresCanonical,
    catalog: postgresCatalog(session),
    moments: {
      hold: async (holdSignal) => await holdMoment(settings, options, holdSignal),
      enter: (token) => session.enter(token),
    },
    reading: {
      shape: "row_text",
      marks: true,
      extract: async (projection, sink, extractSignal) => await extract(session, projection, sink, extractSignal),
    },
    [Symbol.asyncDispose]: async () => await session[Symbol.asyncDispose](),
  };
}

/** Rows end the sink only after the transaction has ended well: a reader that sees the end may still not be told that it was all. */
async function extract(
  session: PostgresSession,
  projection: Projection,
  sink: Writable,
  signal: AbortSignal,
): Promise<{ readonly rows: bigint }> {
  try {
    const rows = await session.transaction("extract the model's rows", signal, async (transaction) => {
      const query = trimStatement(projection.query);
      refuseMoved(projection.columns, await describeQuery(transaction, query));
      const { before, after } = projectionSql(projection.columns);
      const select = around(before, query, after);
      transaction.running(select);
      await parseOnly(transaction.connection.client, select.text);
      const copy = around(`COPY (\n${before}`, query, `${after}\n) TO STDOUT`, "run");
      transaction.running(copy);
      const onClose = (): void => transaction.fail(sink.errored ?? readerGone());
      sink.once("close", onClose);
      sink.on("error", onClose);
      try {
        return await copyOut(transaction.connection, copy.text, { sink, mark: projection.mark ?? null }, transaction.waiting).catch(
          cutShort,
        );
      } finally {
        sink.off("close", onClose);
        sink.off("error", onClose);
      }
    });
    sink.end();
    await finished(sink, { signal, readable: false });
    return { rows };
  } catch (error) {
    sink.on("error", () => undefined);
    sink.destroy();
    throw error;
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

function readerGone(): SyncError {
  return new SyncError("INTERNAL", "The reader of the rows went away without an error.");
}

/** A connection that ends without the server's word, in the middle of a result. */
function cutShort(error: unknown): never {
  if (error instanceof Error && !("severity" in error)) throw truncated();
  throw error;
}
