import { SyncError } from "../core/errors.ts";
import type { Stream } from "../core/types.ts";
import { readCurrent, swapCurrent } from "../state/current.ts";
import type { Current, FileRef, Plan, RunStatus } from "../state/documents.ts";
import { readErasures } from "../state/erasures.ts";
import { ObjectNotes, readPlan } from "../state/plans.ts";
import { listRuns, readRun } from "../state/run-records.ts";
import { isIntact } from "../state/state-files.ts";
import { numberOf } from "../state/state-keys.ts";
import { bytesBody, isDamage, readBytes, unlessDamaged } from "../state/state-store.ts";
import { deliveries } from "./deliver-plan.ts";
import { firstCurrent } from "./open-stream.ts";
import { recordedRun, type RunResult } from "./recorded-run.ts";
import type { RunContext } from "./run-context.ts";
import { readEntry } from "./salvage-current.ts";
import { namedFiles } from "./stage-folder.ts";
import { runOfFile } from "./stored-history.ts";
import { promoted, voided } from "./swap-current.ts";
import type { SyncDeps } from "./sync-deps.ts";

/**
 * Puts a damaged snapshot together from what is stored: the newest entry of CURRENT (or the first whole delta) whose files are intact,
 * and the deltas of the plans after it. The entries that stood there are copied aside first. STATE_DAMAGED when a part that is needed is lost too.
 */
export async function repairStream(deps: SyncDeps, stream: Stream, signal: AbortSignal): Promise<RunResult> {
  return await recordedRun(deps, stream, null, (context) => repair(context, { fromDeltas: false }, signal), signal);
}

/** Puts the snapshot together from the deltas that the plans prove, also where every file of it is as it was written: its content is wrong. */
export async function repairFromDeltas(deps: SyncDeps, stream: Stream, signal: AbortSignal): Promise<RunResult> {
  return await recordedRun(deps, stream, null, (context) => repair(context, { fromDeltas: true }, signal), signal);
}

async function repair(context: RunContext, { fromDeltas }: { readonly fromDeltas: boolean }, signal: AbortSignal): Promise<RunStatus> {
  const { state, keys, stream, run, deps, report } = context;
  for (;;) {
    const seqs = (await state.list(keys.currentPrefix, signal)).map(numberOf).filter((seq) => seq !== null);
    // A stream that was never opened; where anything stands beside a CURRENT that is gone, reading it is damage.
    if (seqs.length === 0 && !(await isDamaged(readCurrent(state, stream.name, signal)))) return "unchanged";
    const highest = Math.max(-1, ...seqs);
    const entries = await readableEntries(context, seqs, signal);
    const newest = entries.find(({ seq }) => seq === highest) ?? null;
    if (!fromDeltas && newest !== null && (await filesIntact(context, newest, signal))) return "unchanged";
    const entry = fromDeltas ? null : await intactEntry(context, entries, signal);
    const start = entry ?? (await fromHorizon(context, newest, signal)) ?? (await fromPlans(context, newest, signal));
    const rebuilt = await playForward(context, start, newest, signal);
    await copyAside(context, signal);
    const at = deps.clock.now().toISOString();
    // The count is taken anew by the next fold.
    const next: Current = {
      ...rebuilt,
      seq: highest + 1,
      run,
      at,
      reason: "repaired",
      rows: null,
      retired: newest?.retired ?? rebuilt.retired,
      horizon: newest?.horizon ?? rebuilt.horizon,
    };
    if ((await swapCurrent(state, stream.name, highest, next, signal)) !== "swapped") continue;
    report.warn(
      `The snapshot of ${stream.name} was put together from ${start.base?.key ?? "the first delta"} and the deltas up to generation ${rebuilt.generation}. What stood there is kept in ${aside(context)}.`,
    );
    return "repaired";
  }
}

async function isDamaged(reading: Promise<unknown>): Promise<boolean> {
  try {
    await reading;
    return false;
  } catch (error) {
    if (isDamage(error)) return true;
    throw error;
  }
}

async function readableEntries(context: RunContext, seqs: readonly number[], signal: AbortSignal): Promise<readonly Current[]> {
  const entries: Current[] = [];
  for (const seq of seqs.toSorted((a, b) => b - a)) {
    const entry = await unlessDamaged(readEntry(context, seq, signal));
    if (entry !== null && entry.seq === seq) entries.push(entry);
  }
  return entries;
}

async function filesIntact(context: RunContext, current: Current, signal: AbortSignal): Promise<boolean> {
  for (const file of namedFiles(current)) if (!(await isIntact(context.state, file, signal))) return false;
  return true;
}

/** The newest entry with all its files from which plans alone lead on: a baseline or reset after it is in no plan. */
async function intactEntry(context: RunContext, entries: readonly Current[], signal: AbortSignal): Promise<Current | null> {
  for (const entry of entries) {
    if ((await filesIntact(context, entry, signal)) && !(await tableWasSet(context, entry.run, signal))) return entry;
  }
  return null;
}

/** Whether the snapshot was made anew by something else than a delivery after a run; ids of runs sort by time. */
async function tableWasSet(context: RunContext, after: string, signal: AbortSignal): Promise<boolean> {
  for (const name of await listRuns(context.state, signal)) {
    if (name.stream !== context.stream.name || name.run <= after) continue;
    const record = await readRun(context.state, name, signal);
    if (record?.status === "baselined" || record?.status === "reset") return true;
  }
  return false;
}

/** The table that the history begins with, where older deltas are no longer kept and no later one is a whole table. */
async function fromHorizon(context: RunContext, newest: Current | null, signal: AbortSignal): Promise<Current | null> {
  const { state, keys } = context;
  const base = newest?.horizon?.base ?? null;
  if (newest?.horizon === undefined || base === null || !(await isIntact(state, base, signal))) return null;
  const { generation } = newest.horizon;
  const plans = await pastPlans(context, signal);
  for (let later = newest.generation; later > generation; later -= 1) {
    const plan = newest.abandoned.includes(later) ? null : await unlessDamaged(plans(later));
    if (plan?.wholeSnapshot === true && (await isIntact(state, plan.delta, signal))) return null;
  }
  if (await tableWasSet(context, runOfFile(base.key), signal)) return null;
  let told = await readPlan(state, keys, generation, signal);
  for (let at = generation - 1; told !== null && at > 0 && newest.abandoned.includes(told.generation); at -= 1)
    told = await readPlan(state, keys, at, signal);
  return {
    ...newest,
    generation,
    layout: told?.layout ?? newest.layout,
    identity: told?.identity ?? newest.identity,
    base,
    log: [],
    uncertain: newest.uncertain.filter(({ key }) => (numberOf(key) ?? 0) <= generation),
    abandoned: newest.abandoned.filter((each) => each <= generation),
    manifest: await manifestBefore(context, generation + 1, signal),
  };
}

/** Reads plans with the deltas that stand for theirs today. */
async function pastPlans({ state, keys }: RunContext, signal: AbortSignal): Promise<(generation: number) => Promise<Plan | null>> {
  const erasures = await readErasures(state, keys, signal);
  return async (generation) => {
    const plan = await readPlan(state, keys, generation, signal);
    return plan === null ? null : erasures.planned(plan);
  };
}

/** The state before the last delta that holds a whole table by itself. */
async function fromPlans(context: RunContext, newest: Current | null, signal: AbortSignal): Promise<Current> {
  const { state, keys, stream } = context;
  const generations = (await state.list(keys.planPrefix, signal)).filter((key) => key.endsWith(".json")).map(numberOf);
  const plans = await pastPlans(context, signal);
  for (const generation of generations.filter((each) => each !== null).toReversed()) {
    const plan = await unlessDamaged(plans(generation));
    if (plan === null || newest?.abandoned.includes(generation) === true || !(plan.wholeSnapshot || plan.replaces || generation === 1))
      continue;
    if (!(await isIntact(state, plan.delta, signal)) || (await tableWasSet(context, plan.run, signal))) continue;
    const before = generation - 1;
    const abandoned = (newest?.abandoned ?? []).filter((each) => each < generation);
    return {
      ...firstCurrent(context),
      generation: before,
      stateId: plan.stateId,
      identity: plan.identity,
      abandoned,
      names: newest?.names,
      ...(newest?.horizon === undefined ? {} : { horizon: newest.horizon }),
      manifest: await manifestBefore(context, generation, signal),
    };
  }
  throw new SyncError("STATE_DAMAGED", `Nothing from which the snapshot of ${stream.name} could be put together is left whole.`, {
    hint: `Restore ${keys.currentPrefix}, ${keys.basePrefix} and ${keys.logPrefix} from a backup; without one, \`sync state reset -m ${stream.name}\` delivers the whole table anew.`,
    context: { stream: stream.name },
  });
}

async function manifestBefore(context: RunContext, generation: number, signal: AbortSignal): Promise<Current["manifest"]> {
  for (let before = generation - 1; before > 0; before -= 1) {
    const plan = await unlessDamaged(readPlan(context.state, context.keys, before, signal));
    if (plan?.manifest != null && (await arrived(context, plan, signal))) return { generation: before, sha256: plan.manifest.sha256 };
  }
  return null;
}

/** Plays the plans after an entry, as their deliveries ended. A last one that has not arrived stays open: the next run goes on with it. */
async function playForward(context: RunContext, start: Current, newest: Current | null, signal: AbortSignal): Promise<Current> {
  const { state, keys } = context;
  const plans = await pastPlans(context, signal);
  let current = start;
  for (;;) {
    const generation = current.generation + 1;
    const plan = await plans(generation);
    if (plan === null) break;
    const end = await endOf(context, plan, newest, signal);
    if (end === "open") break;
    if (!(await isIntact(state, plan.delta, signal))) throw lost(context, plan.delta);
    current = end === "promoted" ? promoted(current, plan) : voided(current, plan);
  }
  if (newest !== null && current.generation < newest.generation) throw lost(context, { key: keys.plan(current.generation + 1) });
  return current;
}

async function endOf(
  context: RunContext,
  plan: Plan,
  newest: Current | null,
  signal: AbortSignal,
): Promise<"promoted" | "voided" | "open"> {
  const { generation } = plan;
  if (newest !== null && generation <= newest.generation) return newest.abandoned.includes(generation) ? "voided" : "promoted";
  if (newest !== null) return "open";
  // All of it arrived, so it is told, whether or not somebody got as far as writing that down.
  if (await arrived(context, plan, signal)) return "promoted";
  return (await unlessDamaged(readPlan(context.state, context.keys, generation + 1, signal))) === null ? "open" : "voided";
}

async function arrived(context: RunContext, plan: Plan, signal: AbortSignal): Promise<boolean> {
  for (const { index } of deliveries(plan)) {
    if (!(await new ObjectNotes(context.state, context.keys, plan.generation, index).isMarked(signal))) return false;
  }
  return true;
}

function aside({ stream, run }: RunContext): string {
  return `${stream.name}/repaired/${run}/`;
}

async function copyAside(context: RunContext, signal: AbortSignal): Promise<void> {
  const { state, keys } = context;
  for (const key of await state.list(keys.currentPrefix, signal)) {
    const bytes = await readBytes(state, key, signal);
    if (bytes !== null) await state.putNew(aside(context) + key.slice(keys.currentPrefix.length), bytesBody(bytes), null, signal);
  }
}

function lost({ stream }: RunContext, { key }: Pick<FileRef, "key">): SyncError {
  return new SyncError("STATE_DAMAGED", `${key} is lost or damaged as well, so the snapshot of ${stream.name} cannot be put together.`, {
    hint: `Restore ${key} from a backup and repair again; without one, \`sync state reset -m ${stream.name}\` delivers the whole table anew.`,
    context: { stream: stream.name, key },
  });
}
