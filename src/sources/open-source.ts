import { SyncError } from "../core/errors.ts";
import type { Source } from "../core/ports.ts";
import type { SourceSpec } from "../core/types.ts";
import type { BigqueryOptions } from "./bigquery/bigquery-options.ts";
import type { DuckdbOptions } from "./duckdb/duckdb-options.ts";
import type { PostgresOptions } from "./postgres/postgres-options.ts";
import type { SnowflakeOptions } from "./snowflake/snowflake-options.ts";
import type { SourceContext } from "./source-context.ts";

type Opener = (options: unknown, context: SourceContext, signal: AbortSignal) => Promise<Source>;

/**
 * Adapters by `type`. Each is imported when it is used, so that no run loads another warehouse's driver. The options were
 * validated against the adapter's own schema when the configuration was read, which is what the assertions rest on.
 */
const OPENERS: Readonly<Record<string, Opener>> = {
  bigquery: async (options, context, signal) => {
    const { openBigquerySource } = await import("./bigquery/bigquery-source.ts");
    return await openBigquerySource(options as BigqueryOptions, context, signal);
  },
  duckdb: async (options, context, signal) => {
    const { openDuckdbSource } = await import("./duckdb/duckdb-source.ts");
    return await openDuckdbSource(options as DuckdbOptions, context, signal);
  },
  postgres: async (options, context, signal) => {
    const { openPostgresSource } = await import("./postgres/postgres-source.ts");
    return await openPostgresSource(options as PostgresOptions, context, signal);
  },
  snowflake: async (options, context, signal) => {
    const { openSnowflakeSource } = await import("./snowflake/snowflake-source.ts");
    return await openSnowflakeSource(options as SnowflakeOptions, context, signal);
  },
};

/** Opens the source that a model is queried from; the caller disposes it. */
export async function openSource(spec: SourceSpec, context: SourceContext, signal: AbortSignal): Promise<Source> {
  const open = OPENERS[spec.type];
  if (open === undefined) throw new SyncError("INTERNAL", `No adapter opens a source of type "${spec.type}".`);
  return await open(spec.options, context, signal);
}
