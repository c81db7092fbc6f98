import type { SnapshotFile } from "../core/delta.ts";
import type { SqlSession } from "../core/ports.ts";
import type { Stream } from "../core/types.ts";
import { lastWords } from "../diffing/snapshot-view.ts";
import { outputsOf } from "../diffing/write-delta.ts";
import { sqlText } from "../engine/sql-literal.ts";
import type { Current, Plan } from "../state/documents.ts";
import { readPlan } from "../state/plans.ts";
import { localFile } from "../state/state-files.ts";
import { numberOf, stateKeys } from "../state/state-keys.ts";
import { cacheFolder } from "./run-context.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** A row as a snapshot holds it. */
export interface HeldRow {
  readonly outputs: readonly string[];
  readonly after: readonly (string | null)[];
}

/** What the snapshot held of a row once a plan's delta was told; null when it held no such row, or nothing stored tells. */
export async function heldRow(
  deps: SyncDeps,
  stream: Stream,
  { engine, current, plan }: { readonly engine: SqlSession; readonly current: Current; readonly plan: Plan },
  key: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<HeldRow | null> {
  const names = plan.layout.columns.slice(0, plan.layout.keyCount).map(({ name }) => name);
  if (names.some((name) => !key.has(name))) return null;
  const outputs = plan.layout.outputs.map(({ name }) => name);
  const base = await baseBefore(deps, stream, { engine, current, plan }, signal);
  const files = [...(base === null ? [] : [base.file]), ...(await deltasAfter(deps, stream, current, base?.generation ?? 0, plan, signal))];
  // The newest first: the first that speaks of the key has the last word, and the older ones need not be read.
  for (const file of files.toReversed()) {
    const where = names.map((name, at) => `k${String(at)} = ${sqlText(key.get(name) ?? "")}`).join(" AND ");
    const columns = ["op", ...outputs.map((_, at) => `o${String(at)}`)].join(", ");
    const [row] = await engine.rows(`SELECT ${columns} FROM (${lastWords([file], names.length, outputs)}) WHERE ${where}`, signal);
    if (row !== undefined) return row[0] === "removed" ? null : { outputs, after: row.slice(1) };
  }
  return null;
}

/** The newest folded table of a generation before a plan's, where one can be read: it also knows what no delta tells, such as a baseline. */
async function baseBefore(
  deps: SyncDeps,
  stream: Stream,
  { engine, current, plan }: { readonly engine: SqlSession; readonly current: Current; readonly plan: Plan },
  signal: AbortSignal,
): Promise<{ readonly generation: number; readonly file: SnapshotFile } | null> {
  for (const key of (await deps.state.list(stateKeys(stream.name).basePrefix, signal)).toReversed()) {
    const generation = numberOf(key);
    if (generation === null || generation >= plan.generation) continue;
    const named = current.base?.key === key ? current.base : null;
    const cache = cacheFolder({ deps, stream });
    const path = named === null ? (deps.state.pathOf?.(key) ?? null) : await localFile(deps.state, named, cache, signal);
    const outputs = path === null ? null : (named?.outputs ?? (await outputsOf(engine, path, signal)));
    if (path !== null && outputs !== null) return { generation, file: { path, outputs } };
  }
  return null;
}

async function deltasAfter(
  deps: SyncDeps,
  stream: Stream,
  current: Current,
  after: number,
  plan: Plan,
  signal: AbortSignal,
): Promise<readonly SnapshotFile[]> {
  const files: SnapshotFile[] = [];
  for (let generation = after + 1; generation <= plan.generation; generation += 1) {
    if (current.abandoned.includes(generation) && generation !== plan.generation) continue;
    const told = await readPlan(deps.state, stateKeys(stream.name), generation, signal);
    const path = told === null ? null : await localFile(deps.state, told.delta, cacheFolder({ deps, stream }), signal);
    if (told !== null && path !== null) files.push({ path, outputs: told.delta.outputs });
  }
  return files;
}
