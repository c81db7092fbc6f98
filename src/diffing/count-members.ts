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
  const { base, log } = (delta.wholeSnapshot ? null : snapshot) ?? { base: null, log: [] };
  const file = { path: delta.path, outputs: delta.layout.outputs.map(({ name }) => name) };
  const after = { layout: delta.layout, base, log: [...log, file], uncertain: [], rows: 0n };
  return await countTableMembers(session, after, signal);
}

/** How many rows of each audience a snapshot holds. */
export async function countTableMembers(
  session: SqlSession,
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const { columns, keyCount } = snapshot.layout;
  const key = columns.slice(0, keyCount).findIndex(({ name }) => name === AUDIENCE_COLUMN);
  if (key < 0) return new Map();
  const rows = await session.rows(`SELECT k${key}, count(*) FROM (${snapshotRows(snapshot, [])}) GROUP BY 1`, signal);
  return new Map(rows.map(([name, count]) => [name ?? "", Number(count)]));
}
