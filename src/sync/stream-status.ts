import { SyncError } from "../core/errors.ts";
import type { StreamState } from "../core/stream-states.ts";
import { readCurrent } from "../state/current.ts";
import type { Current, RunRecord } from "../state/documents.ts";
import { heldRuns } from "../state/held-runs.ts";
import { readPlan } from "../state/plans.ts";
import { listRuns, readRun, type RunName } from "../state/run-records.ts";
import { stateKeys } from "../state/state-keys.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** How a stream stands. */
export interface StreamStatus {
  readonly stream: string;
  readonly state: StreamState;
  /** The run whose bytes wait for `sync approve` or `sync reject`. */
  readonly heldRun: string | null;
  readonly generation: number;
  readonly rows: number | null;
  /** Mode append: how far the event table was read, and from when on its rows are remembered; null where nothing was read. */
  readonly watermark: { readonly upTo: string; readonly from: string } | null;
  /** When CURRENT last moved. */
  readonly at: string | null;
  readonly openGeneration: number | null;
  readonly lastRun: RunRecord | null;
  /** The newest run that delivered something. */
  readonly lastDelivery: RunRecord | null;
}

type StatusDeps = Pick<SyncDeps, "state">;

/** How many of a stream's newest records are looked through for its last delivery. */
const LOOK_BACK = 20;

/** How the named streams stand, in their order. One listing of the runs' names serves all of them. */
export async function streamStatus(deps: StatusDeps, streams: readonly string[], signal: AbortSignal): Promise<readonly StreamStatus[]> {
  const runs = groupByStream(await listRuns(deps.state, signal));
  const statuses: StreamStatus[] = [];
  for (const stream of streams) statuses.push(await oneStatus(deps, stream, runs.get(stream) ?? [], signal));
  return statuses;
}

function groupByStream(names: readonly RunName[]): ReadonlyMap<string, readonly RunName[]> {
  const groups = new Map<string, RunName[]>();
  for (const name of names) {
    const group = groups.get(name.stream);
    if (group === undefined) groups.set(name.stream, [name]);
    else group.push(name);
  }
  return groups;
}

async function oneStatus(deps: StatusDeps, stream: string, names: readonly RunName[], signal: AbortSignal): Promise<StreamStatus> {
  const current = await readCurrent(deps.state, stream, signal);
  const plan = current === null ? null : await readPlan(deps.state, stateKeys(stream), current.generation + 1, signal);
  const [newest] = names;
  const lastRun = newest === undefined ? null : await readRun(deps.state, newest, signal);
  const heldRun = lastRun?.status === "held" && plan === null ? await waitingRun(deps, stream, signal) : null;
  const lastDelivery = await newestDelivery(deps, names, lastRun, signal);
  return {
    stream,
    state: stateOf(current, plan !== null, lastRun),
    heldRun,
    generation: current?.generation ?? 0,
    rows: current === null || current.layout === null ? null : current.rows,
    watermark: watermarkOf(current),
    at: current?.at ?? null,
    openGeneration: plan?.generation ?? null,
    lastRun,
    lastDelivery,
  };
}

/** How far an event table was read; null for a stream that is none, or that has told nothing. */
export function watermarkOf(current: Pick<Current, "watermark"> | null): StreamStatus["watermark"] {
  const { upTo, from } = current?.watermark ?? {};
  return upTo === undefined || from === undefined ? null : { upTo, from };
}

async function waitingRun(deps: StatusDeps, stream: string, signal: AbortSignal): Promise<string | null> {
  const waiting = (await heldRuns(deps.state, stateKeys(stream), signal)).filter(({ decision }) => decision === null);
  return waiting.at(-1)?.held.run ?? null;
}

async function newestDelivery(
  deps: StatusDeps,
  names: readonly RunName[],
  lastRun: RunRecord | null,
  signal: AbortSignal,
): Promise<RunRecord | null> {
  if (lastRun?.status === "delivered") return lastRun;
  for (const name of names.slice(1, LOOK_BACK)) {
    const record = await readRun(deps.state, name, signal);
    if (record?.status === "delivered") return record;
  }
  return null;
}

function stateOf(current: Current | null, isOpen: boolean, lastRun: RunRecord | null): StreamStatus["state"] {
  if (current === null) return "new";
  if (isOpen) return "unfinished";
  if (current.retired !== undefined) return "retired";
  if (lastRun?.status === "held") return "held";
  return lastRun?.status === "failed" ? "failed" : "ok";
}

/** Newest runs first, of all streams or the named ones. */
export async function runHistory(
  deps: StatusDeps,
  options: { readonly streams: readonly string[] | null; readonly limit: number },
  signal: AbortSignal,
): Promise<readonly RunRecord[]> {
  const names = (await listRuns(deps.state, signal)).filter((name) => options.streams === null || options.streams.includes(name.stream));
  const records: RunRecord[] = [];
  for (const name of names.slice(0, options.limit)) {
    const record = await readRun(deps.state, name, signal);
    if (record !== null) records.push(record);
  }
  return records;
}

/** The run whose id is, or alone begins with, what was typed; RUN_NOT_FOUND otherwise. */
export async function findRun(deps: StatusDeps, id: string, signal: AbortSignal): Promise<RunRecord> {
  const wanted = id.toUpperCase();
  const matches = (await listRuns(deps.state, signal)).filter((name) => name.run.toUpperCase().startsWith(wanted));
  const exact = matches.filter((name) => name.run.toUpperCase() === wanted);
  const [only, second] = exact.length > 0 ? exact : matches;
  const record = only === undefined || second !== undefined ? null : await readRun(deps.state, only, signal);
  if (record !== null) return record;
  const what = second === undefined ? `No run begins with ${id}.` : `${matches.length} runs begin with ${id}.`;
  throw new SyncError("RUN_NOT_FOUND", what, { hint: "`sync history` lists the runs.", context: { run: id } });
}
