import type { Delta, Snapshot } from "../core/delta.ts";
import type { SqlSession } from "../core/ports.ts";
import { AUDIENCE_COLUMN } from "../core/types.ts";
import { snapshotRows } from "./snapshot-view.ts";

/** How many rows of each audience a destination holds once a delta is told. */
export async function countMembers(
  session: SqlSession,
  delta: Delta,
  snapshot: Snapshot | null,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const key = delta.layout.columns.slice(0, delta.layout.keyCount).findIndex(({ name }) => name === AUDIENCE_COLUMN);
  if (key < 0) return new Map();
  const { base, log } = (delta.wholeSnapshot ? null : snapshot) ?? { base: null, log: [] };
  const file = { path: delta.path, outputs: delta.layout.outputs.map(({ name }) => name) };
  const after = { layout: delta.layout, base, log: [...log, file], uncertain: [], rows: 0n };
  const rows = await session.rows(`SELECT k${key}, count(*) FROM (${snapshotRows(after, [])}) GROUP BY 1`, signal);
  return new Map(rows.map(([name, count]) => [name ?? "", Number(count)]));
}
