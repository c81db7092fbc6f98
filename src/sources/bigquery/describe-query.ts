import { SyncError } from "../../core/errors.ts";
import type { Estimate } from "../../core/ports.ts";
import type { Column } from "../../core/types.ts";
import type { JobAnswer } from "./answers.ts";
import type { BigqueryConnection } from "./bigquery-connection.ts";
import { bigqueryError } from "./bigquery-error.ts";
import { dryRun } from "./bigquery-job.ts";
import { columnOf, projectionSql } from "./bigquery-types.ts";

/** What dry runs tell of a query. */
export interface Described {
  readonly columns: readonly Column[];
  readonly estimate: Estimate;
  /** Where the tables lie that it reads. */
  readonly location: string | null;
}

const HINT = "Make the model one SELECT (WITH … SELECT is one) that changes nothing.";

/**
 * Describes a query by dry runs, which cost nothing and run nothing: first by itself, which proves that it is one SELECT that nothing put
 * around it can turn into something else; then as it will be extracted.
 */
export async function describeQuery(connection: BigqueryConnection, query: string, signal: AbortSignal): Promise<Described> {
  const doing = { what: "describe the model's query", where: connection.where, stage: "describe" } as const;
  const alone = await dryRun(connection, query, signal).catch((error: unknown) => {
    throw bigqueryError(error, { ...doing, query });
  });
  const kind = alone.statistics?.query?.statementType;
  if (kind !== "SELECT")
    throw refused(kind === "SCRIPT" ? "it holds several statements" : `it is no SELECT${kind === undefined ? "" : ` but ${kind}`}`);
  const columns = (alone.statistics?.query?.schema?.fields ?? []).map(columnOf);
  if (columns.length === 0) throw refused("it returns no columns");
  refuseDuplicates(columns);
  await dryRun(connection, projectionSql(columns, query), signal).catch((error: unknown) => {
    const unnamed = columns.filter(({ name }) => /^f\d+_$/u.test(name)).map(({ name }) => name);
    if (unnamed.length > 0) throw unnamedError(unnamed);
    throw bigqueryError(error, { ...doing, what: "read the model's query as a sub-query" });
  });
  return {
    columns,
    estimate: estimateOf(alone, connection.options.price_per_tib ?? null),
    location: alone.jobReference?.location ?? connection.options.location ?? null,
  };
}

const ACCURACY: Readonly<Record<string, Estimate["accuracy"]>> = { PRECISE: "exact", UPPER_BOUND: "upper_bound" };
const TIB = 2 ** 40;

function estimateOf(job: JobAnswer, pricePerTib: number | null): Estimate {
  const bytes = BigInt(job.statistics?.totalBytesProcessed ?? "0");
  return {
    bytes,
    accuracy: ACCURACY[job.statistics?.query?.totalBytesProcessedAccuracy ?? "PRECISE"] ?? "unknown",
    price: pricePerTib === null ? null : ((Number(bytes) / TIB) * pricePerTib).toFixed(2),
  };
}

function refused(why: string): SyncError {
  return new SyncError("SOURCE_QUERY_REFUSED", `Spillway does not run the model's query: ${why}.`, { hint: HINT });
}

function unnamedError(names: readonly string[]): SyncError {
  const which = names.map((name) => `"${name}"`).join(", ");
  return new SyncError("SOURCE_QUERY_REFUSED", `Columns of the model's query have no name of their own (BigQuery calls them ${which}).`, {
    hint: "Give each column a name with AS.",
  });
}

function refuseDuplicates(columns: readonly Column[]): void {
  const names = columns.map(({ name }) => name.toLowerCase());
  const twice = [...new Set(names.filter((name, at) => names.indexOf(name) !== at))];
  if (twice.length === 0) return;
  throw new SyncError(
    "SOURCE_QUERY_REFUSED",
    `The model's query returns several columns of the name ${twice.map((name) => `"${name}"`).join(", ")}.`,
    {
      hint: "Give each column a name of its own with AS (BigQuery does not tell upper from lower case).",
    },
  );
}
