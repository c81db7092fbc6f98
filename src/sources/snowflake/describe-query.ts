import type { RowStatement } from "snowflake-sdk";
import { SyncError } from "../../core/errors.ts";
import type { Column } from "../../core/types.ts";
import type { SnowflakeSession } from "./snowflake-session.ts";
import { columnOf } from "./snowflake-types.ts";
import { around, type SubmittedSql } from "./submitted-sql.ts";

const WHAT = "describe the model's query";
const HINT = "Make the model one SELECT that returns rows and changes nothing.";

/**
 * Columns of a query, which is compiled and not run. First by itself: that proves that it is one complete statement, which nothing that is
 * put around it can turn into two. Then as a sub-query: that leaves only what reads.
 */
export async function describeQuery(session: SnowflakeSession, query: string, signal: AbortSignal): Promise<readonly Column[]> {
  if (query === "") throw refused("it is empty");
  const statement = await compile(session, around("", query, ""), signal);
  const columns = (statement.getColumns() ?? []).map((column) =>
    columnOf({ name: column.getName(), type: column.getType(), precision: column.getPrecision(), scale: column.getScale() }),
  );
  if (columns.length === 0) throw refused("it returns no columns");
  refuseDuplicates(columns);
  await compile(session, around("SELECT * FROM (\n", query, "\n) AS model"), signal).catch(refusingAsSubquery);
  return columns;
}

async function compile(session: SnowflakeSession, sql: SubmittedSql, signal: AbortSignal): Promise<RowStatement> {
  return await session.run({ what: WHAT, sql, describeOnly: true }, signal);
}

function refused(why: string): SyncError {
  return new SyncError("SOURCE_QUERY_REFUSED", `Spillway does not run the model's query: ${why}.`, { hint: HINT });
}

/** The query by itself was fine; inside parentheses Snowflake takes only what reads. */
function refusingAsSubquery(error: unknown): never {
  if (!(error instanceof SyncError) || error.code !== "SOURCE_QUERY_FAILED" || error.retry === "transient") throw error;
  throw refused("Snowflake does not take it as a sub-query, so it writes (INSERT, UPDATE, MERGE, CALL …) or is no plain SELECT");
}

function refuseDuplicates(columns: readonly Column[]): void {
  const names = columns.map((column) => column.name);
  const twice = [...new Set(names.filter((name, at) => names.indexOf(name) !== at))];
  if (twice.length === 0) return;
  throw new SyncError(
    "SOURCE_QUERY_REFUSED",
    `The model's query returns several columns of the name ${twice.map((name) => `"${name}"`).join(", ")}.`,
    { hint: "Give each column a name of its own with AS." },
  );
}
