import { setTimeout as sleep } from "node:timers/promises";
import { vi } from "vitest";
import type { Source } from "../../../src/core/ports.ts";
import type { Column, Projection } from "../../../src/core/types.ts";
import { snowflakeOptionsSchema } from "../../../src/sources/snowflake/snowflake-options.ts";
import { openSnowflakeSource } from "../../../src/sources/snowflake/snowflake-source.ts";
import type { TestSnowflakeServer } from "../../support/snowflake/test-snowflake-server.ts";
import { RowTextSink } from "../postgres/row-text-sink.ts";

/** A signal that never fires. */
export const never = new AbortController().signal;

/** A run's id as the command line makes it. */
export const RUN = "01KB8QZ3V8ABCDEF";

/** Options of a source on the server, as a user writes them. */
export function written(server: TestSnowflakeServer, more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const { account, username, token } = server.accounts;
  return { type: "snowflake", account, access_url: server.url, username, token, ...more };
}

/** Opens a source from options as a user writes them. */
export async function openTestSource(options: Readonly<Record<string, unknown>>, scratch: string, signal = never): Promise<Source> {
  return await openSnowflakeSource(snowflakeOptionsSchema.parse(options), { stream: "users", run: RUN, scratch }, signal);
}

/** The projection of all columns, in the query's order. */
function whole(query: string, columns: readonly Column[]): Projection {
  return { query, columns, keyCount: 1, ignoredCount: 0 };
}

/** What a source's extraction of a whole query yields. */
export async function extractAll(
  source: Source,
  query: string,
  signal: AbortSignal = never,
): Promise<{ readonly rows: bigint; readonly lines: readonly string[]; readonly columns: readonly Column[] }> {
  const columns = await source.describe(query, signal);
  const sink = new RowTextSink();
  if (source.reading.shape !== "row_text") throw new Error("not a row text source");
  const { rows } = await source.reading.extract(whole(query, columns), sink, signal);
  return { rows, lines: sink.lines, columns };
}

const STEP_MS = 250;

/** Lets the waits between a driver's attempts pass in no time, until the work has ended; time stands still while the server works. */
export async function hurried<T>(server: TestSnowflakeServer, work: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  let ended = false;
  const working = work().finally(() => {
    ended = true;
  });
  working.catch(() => undefined);
  try {
    while (!ended) {
      await sleep(1);
      if (server.busy === 0) await vi.advanceTimersByTimeAsync(STEP_MS);
    }
    return await working;
  } finally {
    vi.useRealTimers();
  }
}
