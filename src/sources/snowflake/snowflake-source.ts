import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { SyncError } from "../../core/errors.ts";
import type { Source } from "../../core/ports.ts";
import { trimStatement } from "../../core/sql-text.ts";
import type { Column, Projection } from "../../core/types.ts";
import { RowTextWriter } from "../../engine/row-text-writer.ts";
import type { SourceContext } from "../source-context.ts";
import { connectionSettings, whereOf } from "./connection-settings.ts";
import { describeQuery } from "./describe-query.ts";
import { snowflakeDialect } from "./snowflake-dialect.ts";
import type { SnowflakeOptions } from "./snowflake-options.ts";
import { SnowflakeSession } from "./snowflake-session.ts";
import { projectionSql, snowflakeCanonical } from "./snowflake-types.ts";
import { streamRows } from "./stream-rows.ts";
import { around } from "./submitted-sql.ts";
import { unloadRows } from "./unload-rows.ts";

type Context = Pick<SourceContext, "stream" | "run" | "scratch">;

/** Opens a Snowflake source: logs in once, and from then on compiles and runs single SELECTs under pinned session parameters. */
export async function openSnowflakeSource(options: SnowflakeOptions, context: Context, signal: AbortSignal): Promise<Source> {
  const session = await SnowflakeSession.open(await connectionSettings(options, context.stream, signal), signal);
  return {
    dialect: snowflakeDialect,
    describe: async (query, describeSignal) => await describeQuery(session, trimStatement(query, snowflakeDialect.lexis), describeSignal),
    canonical: snowflakeCanonical,
    reading: {
      shape: "row_text",
      extract: async (projection, sink, extractSignal) => {
        try {
          return await new Extraction(session, options, context, extractSignal).run(projection, sink);
        } catch (error) {
          sink.on("error", () => undefined);
          sink.destroy();
          throw error;
        }
      },
    },
    [Symbol.asyncDispose]: async () => await session[Symbol.asyncDispose](),
  };
}

/** One extraction, by one of two roads: rows of JSON through the driver, or, where there are many, compressed files by way of the stage. */
class Extraction {
  readonly #session: SnowflakeSession;
  readonly #options: SnowflakeOptions;
  readonly #context: Context;
  readonly #signal: AbortSignal;

  constructor(session: SnowflakeSession, options: SnowflakeOptions, context: Context, signal: AbortSignal) {
    this.#session = session;
    this.#options = options;
    this.#context = context;
    this.#signal = signal;
  }

  async run(projection: Projection, sink: Writable): Promise<{ readonly rows: bigint }> {
    const query = trimStatement(projection.query, snowflakeDialect.lexis);
    refuseMoved(projection.columns, await describeQuery(this.#session, query, this.#signal));
    const { before, after } = projectionSql(projection.columns);
    const sql = around(before, query, after, true);
    const statement = await this.#session.run({ what: "run the model's query", sql }, this.#signal);
    const told = statement.getNumRows();
    if (!Number.isSafeInteger(told)) throw this.#uncounted();
    const expected = BigInt(told);
    const { unload_above_rows: limit } = this.#options;
    if (limit !== "off" && told > limit) {
      const rows = await unloadRows(this.#session, statement, projection.columns, this.#context, sink, this.#signal);
      if (rows !== expected) throw this.#truncated(expected, rows);
      sink.end();
      await finished(sink, { signal: this.#signal, readable: false });
      return { rows };
    }
    const writer = new RowTextWriter(sink, projection.columns.length, this.#signal);
    await streamRows(this.#session, statement, writer, this.#signal);
    // Only what is complete ends the sink: a reader that sees the end may take it for all.
    if (writer.rows !== expected) throw this.#truncated(expected, writer.rows);
    return { rows: await writer.end() };
  }

  #truncated(expected: bigint, found: bigint): SyncError {
    const where = whereOf(this.#session.settings);
    return new SyncError("SOURCE_TRUNCATED", `Snowflake at ${where} said ${expected} rows; ${found} arrived.`, {
      hint: "Nothing was delivered; run again.",
      retry: "transient",
    });
  }

  #uncounted(): SyncError {
    const where = whereOf(this.#session.settings);
    return new SyncError("SOURCE_TRUNCATED", `Snowflake at ${where} did not say how many rows the result has.`, {
      hint: "Nothing was delivered; run again.",
      retry: "transient",
    });
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
