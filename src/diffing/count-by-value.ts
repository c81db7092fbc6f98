import type { Delta, Snapshot } from "../core/delta.ts";
import { SyncError } from "../core/errors.ts";
import type { SqlSession } from "../core/ports.ts";
import { sqlText } from "../engine/sql-literal.ts";
import { snapshotRows } from "./snapshot-view.ts";

/** What a delta does to the rows of one value of a column. */
export interface ValueTally {
  readonly value: string | null;
  /** Rows of the snapshot. */
  readonly told: number;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

/**
 * Counts a delta for each value of a column (an output, or a column of the key) that the snapshot or the delta holds. A row that moved
 * from one value to another is a changed one of the value that it left.
 */
export async function countByValue(
  session: SqlSession,
  delta: Delta,
  snapshot: Snapshot,
  name: string,
  signal: AbortSignal,
): Promise<readonly ValueTally[]> {
  const now = columnOf(delta, name);
  const told = `SELECT ${now.told} AS value, count(*) AS told, 0 AS added, 0 AS changed, 0 AS removed FROM (${snapshotRows(snapshot, now.outputs)}) GROUP BY 1`;
  const of = (op: string): string => `count(*) FILTER (op = '${op}') AS ${op}`;
  const value = now.before === null ? now.after : `CASE WHEN op IN ('removed', 'changed') THEN ${now.before} ELSE ${now.after} END`;
  const rows = `SELECT * FROM read_parquet(${sqlText(delta.path)})${now.before === null ? "" : ` UNION ALL BY NAME SELECT CAST(NULL AS VARCHAR) AS ${now.before} WHERE false`}`;
  const stated = `SELECT ${value} AS value, 0 AS told, ${of("added")}, ${of("changed")}, ${of("removed")} FROM (${rows}) GROUP BY 1`;
  const tallies = await session.rows(
    `SELECT value, sum(told)::BIGINT, sum(added)::BIGINT, sum(changed)::BIGINT, sum(removed)::BIGINT FROM (${told} UNION ALL ${stated}) GROUP BY value ORDER BY value`,
    signal,
  );
  return tallies.map(([each, ...counts]) => {
    const [inSnapshot = 0, added = 0, changed = 0, removed = 0] = counts.map(Number);
    return { value: each ?? null, told: inSnapshot, added, changed, removed };
  });
}

interface TalliedColumn {
  readonly outputs: readonly string[];
  /** Its column in the snapshot's rows, in a delta's rows as they are now, and as they were. */
  readonly told: string;
  readonly after: string;
  readonly before: string | null;
}

function columnOf({ layout }: Delta, name: string): TalliedColumn {
  const output = layout.outputs.findIndex((each) => each.name === name);
  if (output >= 0) return { outputs: [name], told: "o0", after: `o${String(output)}`, before: `p${String(output)}` };
  const key = layout.columns.slice(0, layout.keyCount).findIndex((column) => column.name === name);
  if (key >= 0) return { outputs: [], told: `k${String(key)}`, after: `k${String(key)}`, before: null };
  const known = [...layout.outputs, ...layout.columns.slice(0, layout.keyCount)].map((column) => column.name);
  throw new SyncError("MODEL_COLUMN_UNKNOWN", `guards.per names ${name}, which is neither an output column nor part of the key.`, {
    hint: `Name one of ${[...new Set(known)].join(", ")}.`,
    context: { column: name },
  });
}
