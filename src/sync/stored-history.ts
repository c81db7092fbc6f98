import type { SnapshotFile } from "../core/delta.ts";
import type { SqlSession } from "../core/ports.ts";
import type { Stream } from "../core/types.ts";
import { outputsOf } from "../diffing/write-delta.ts";
import type { Current, FileRef, Plan } from "../state/documents.ts";
import { readErasures, type Erasures } from "../state/erasures.ts";
import { readPlan } from "../state/plans.ts";
import { listRuns, readRun } from "../state/run-records.ts";
import { hashedFile, isIntact, type NamedBytes } from "../state/state-files.ts";
import { numberOf, stateKeys } from "../state/state-keys.ts";
import { unlessDamaged } from "../state/state-store.ts";
import { cacheFolder } from "./run-context.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** A stored delta or plan that is lost or holds other bytes than were written. */
export interface BrokenHistory {
  readonly generation: number;
  readonly key: string;
  readonly status: "missing" | "damaged";
}

/** A delivered generation whose delta stands as its plan says. */
interface KeptDelta {
  readonly plan: Plan;
  readonly file: SnapshotFile;
}

/** A table from which the deltas after it lead to the snapshot. */
export interface HistoryStart {
  readonly generation: number;
  readonly file: SnapshotFile;
  /** A delta's hash stands in its plan; a folded base was written by us, and only its content can tell. */
  readonly by: "delta" | "base";
}

/** What is stored of a stream's past. */
export interface StoredHistory {
  readonly broken: readonly BrokenHistory[];
  /** The oldest table that still matters, and all deltas after it, oldest first; null when there is none that they lead on from. */
  readonly chain: { readonly start: HistoryStart; readonly deltas: readonly KeptDelta[] } | null;
}

/**
 * Reads what is stored of a stream's past, every byte hashed anew; `until`: the run whose generation the past ends with, so that what later ones set does not
 * count (null: all of it).
 */
export async function storedHistory(
  deps: SyncDeps,
  stream: Stream,
  current: Current,
  session: SqlSession,
  signal: AbortSignal,
  until: string | null = null,
): Promise<StoredHistory> {
  const kept: KeptDelta[] = [];
  const broken: BrokenHistory[] = [];
  const erasures = await readErasures(deps.state, stateKeys(stream.name), signal);
  for (let generation = firstKept(current); generation <= current.generation; generation += 1) {
    signal.throwIfAborted();
    if (current.abandoned.includes(generation)) continue;
    const found = await keptDelta(deps, stream, generation, erasures, signal);
    if ("status" in found) broken.push(found);
    else kept.push(found);
  }
  const set = await tableWasSet(deps, stream, until, signal);
  const begin = await horizonStart(deps, stream, current, set, signal);
  if (begin !== null && "status" in begin) broken.unshift(begin);
  const lastBroken = broken.at(-1)?.generation ?? 0;
  const start =
    newestWhole(kept, lastBroken, set) ??
    (begin !== null && "file" in begin && lastBroken <= begin.generation ? begin : null) ??
    (await oldestBase(deps, stream, current, { lastBroken, set }, session, signal));
  return { broken, chain: start === null ? null : { start, deltas: kept.filter(({ plan }) => plan.generation > start.generation) } };
}

/** The first generation whose delta is kept. */
export function firstKept({ horizon }: Pick<Current, "horizon">): number {
  return (horizon?.generation ?? 0) + 1;
}

/** The table that the history that is kept begins with; null where it begins with the first delta, or where the table was set anew since. */
async function horizonStart(
  deps: SyncDeps,
  stream: Stream,
  { horizon, generation: last }: Current,
  set: string,
  signal: AbortSignal,
): Promise<HistoryStart | BrokenHistory | null> {
  const base = horizon?.base ?? null;
  if (horizon === undefined || base === null || horizon.generation > last) return null;
  const { generation } = horizon;
  const found = await wholeFile(deps, stream, base, signal);
  if (found === "missing" || found === "other") return { generation, key: base.key, status: found === "other" ? "damaged" : found };
  if (runOfFile(base.key) < set) return null;
  return { generation, file: { path: found.path, outputs: base.outputs }, by: "base" };
}

/** The run that wrote a base or a delta, by its key. */
export function runOfFile(key: string): string {
  return /-(?<run>[^-/]+)\.parquet$/.exec(key)?.groups?.["run"] ?? "";
}

async function keptDelta(
  deps: SyncDeps,
  stream: Stream,
  generation: number,
  erasures: Erasures,
  signal: AbortSignal,
): Promise<KeptDelta | BrokenHistory> {
  const keys = stateKeys(stream.name);
  const written = await unlessDamaged(readPlan(deps.state, keys, generation, signal));
  if (written === null) {
    const stands = (await deps.state.head(keys.plan(generation), signal)).kind === "found";
    return { generation, key: keys.plan(generation), status: stands ? "damaged" : "missing" };
  }
  const plan = erasures.planned(written);
  const path = await wholeFile(deps, stream, plan.delta, signal);
  if (path === "missing" || path === "other") return { generation, key: plan.delta.key, status: path === "other" ? "damaged" : path };
  return { plan, file: { path: path.path, outputs: plan.delta.outputs } };
}

/** As `hashedFile`, but what this machine keeps of a state root elsewhere is no proof of what stands there. */
export async function wholeFile(
  deps: SyncDeps,
  stream: Stream,
  ref: NamedBytes,
  signal: AbortSignal,
): Promise<{ readonly path: string } | "missing" | "other"> {
  const { state } = deps;
  if (state.pathOf === undefined && !(await isIntact(state, ref, signal)))
    return (await state.head(ref.key, signal)).kind === "missing" ? "missing" : "other";
  return await hashedFile(state, ref, cacheFolder({ deps, stream }), signal);
}

/** What came before a whole table is told no more, so the newest one is where the snapshot begins. */
function newestWhole(kept: readonly KeptDelta[], lastBroken: number, set: string): HistoryStart | null {
  const whole = kept.findLast(({ plan }) => plan.wholeSnapshot || plan.replaces);
  if (whole === undefined || whole.plan.generation <= lastBroken || set > whole.plan.run) return null;
  return { generation: whole.plan.generation, file: whole.file, by: "delta" };
}

/** The run that last set the table by something else than a delivery; ids of runs sort by time. */
async function tableWasSet(deps: SyncDeps, stream: Stream, until: string | null, signal: AbortSignal): Promise<string> {
  for (const name of await listRuns(deps.state, signal)) {
    if (name.stream !== stream.name || (until !== null && name.run >= until)) continue;
    const record = await readRun(deps.state, name, signal);
    if (record?.status === "baselined" || record?.status === "reset") return name.run;
  }
  return "";
}

async function oldestBase(
  deps: SyncDeps,
  stream: Stream,
  current: Current,
  { lastBroken, set }: { readonly lastBroken: number; readonly set: string },
  session: SqlSession,
  signal: AbortSignal,
): Promise<HistoryStart | null> {
  for (const key of await deps.state.list(stateKeys(stream.name).basePrefix, signal)) {
    const generation = numberOf(key);
    if (generation === null || generation < lastBroken || generation > current.generation || runOfFile(key) < set) continue;
    const path = await basePath(deps, stream, key, current, signal);
    const outputs = path === null ? null : await outputsOf(session, path, signal);
    if (path !== null && outputs !== null) return { generation, file: { path, outputs }, by: "base" };
  }
  return null;
}

/** Only the base of today is named with its hash; an older one in a folder is read as it stands, and one elsewhere not at all. */
async function basePath(deps: SyncDeps, stream: Stream, key: string, current: Current, signal: AbortSignal): Promise<string | null> {
  const named: FileRef | null = current.base?.key === key ? current.base : null;
  if (named === null) return deps.state.pathOf?.(key) ?? null;
  const found = await wholeFile(deps, stream, named, signal);
  return found === "missing" || found === "other" ? null : found.path;
}
