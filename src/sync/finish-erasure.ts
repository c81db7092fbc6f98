import { swapCurrent } from "../state/current.ts";
import { stageSchema, type Current, type FileRef } from "../state/documents.ts";
import { closeErasure, type Erasure, readErasures } from "../state/erasures.ts";
import { readDocument, unlessDamaged } from "../state/state-store.ts";
import { mustReadCurrent } from "./open-stream.ts";
import { openPlan } from "./resume-plan.ts";
import type { RunContext } from "./run-context.ts";
import { cleanStaging, dropStaging, keptFiles } from "./stage-folder.ts";

/** Brings erasures that were interrupted to their end; whoever does so need not know which rows they were. Tells the runs that began them. */
export async function finishErasures(context: RunContext, signal: AbortSignal): Promise<readonly Erasure[]> {
  const { open } = await readErasures(context.state, context.keys, signal);
  for (const erasure of open) await finishErasure(context, erasure, signal);
  return open;
}

/** Brings an erasure to its end: CURRENT names the new files, what was staged with the rows is gone, and so are the old files. */
export async function finishErasure(context: RunContext, erasure: Erasure, signal: AbortSignal): Promise<void> {
  const { state, keys, deps } = context;
  const current = await swapFiles(context, erasure, signal);
  await cleanStaging(context, current, signal);
  for (const run of erasure.staged) {
    if ((await openPlan(context, current, signal))?.run !== run) await dropStaging({ ...context, run }, signal);
  }
  const named = new Set(keptFiles(await mustReadCurrent(context, signal)).map(({ key }) => key));
  for (const { from } of erasure.files) if (!named.has(from.key)) await state.delete(from.key, signal);
  await closeErasure(state, keys, erasure, deps.clock.now(), signal);
}

/** Swaps CURRENT until it names none of the old files, and until none of the staged bytes can be planned any more: their generation is given up. */
async function swapFiles(context: RunContext, erasure: Erasure, signal: AbortSignal): Promise<Current> {
  const { state, stream, run, deps } = context;
  const moved = new Map(erasure.files.map(({ from, to }) => [from.key, to] as const));
  for (;;) {
    const current = await mustReadCurrent(context, signal);
    const isNamed = keptFiles(current).some(({ key }) => moved.has(key));
    const isPlannable = await stagedIsPlannable(context, erasure, current, signal);
    if (!isNamed && !isPlannable) return current;
    const at = deps.clock.now().toISOString();
    const next: Current = {
      ...(isNamed ? renamed(current, moved) : current),
      ...(isPlannable ? { generation: current.generation + 1, abandoned: [...current.abandoned, current.generation + 1] } : {}),
      seq: current.seq + 1,
      run,
      at,
      reason: "forgotten",
    };
    if ((await swapCurrent(state, stream.name, current.seq, next, signal)) === "swapped") return next;
  }
}

function renamed(current: Current, moved: ReadonlyMap<string, FileRef | null>): Current {
  const follow = (file: FileRef): FileRef | null => moved.get(file.key) ?? (moved.has(file.key) ? null : file);
  const base = current.base === null ? null : follow(current.base);
  const log = current.log.flatMap((file) => follow(file) ?? []);
  const isOther = base?.key !== current.base?.key || log.some(({ key }, at) => key !== current.log[at]?.key);
  const { horizon } = current;
  return {
    ...current,
    base,
    log,
    uncertain: current.uncertain.flatMap((file) => follow(file) ?? []),
    ...(horizon === undefined ? {} : { horizon: { ...horizon, base: horizon.base === null ? null : follow(horizon.base) } }),
    // The next fold counts what is left.
    ...(isOther ? { rows: null, members: undefined } : {}),
  };
}

async function stagedIsPlannable(context: RunContext, { staged }: Erasure, current: Current, signal: AbortSignal): Promise<boolean> {
  const { state, keys } = context;
  if (staged.length === 0 || (await openPlan(context, current, signal)) !== null) return false;
  for (const run of staged) {
    const about = await unlessDamaged(readDocument(state, `${keys.staging(run)}stage.json`, stageSchema, signal));
    if (about?.generation === current.generation + 1) return true;
  }
  return false;
}
