import type { Stream } from "../core/types.ts";
import { swapCurrent } from "../state/current.ts";
import type { Current, RunStatus } from "../state/documents.ts";
import { isPlanLost } from "../state/plans.ts";
import { isIntact } from "../state/state-files.ts";
import { isDamage } from "../state/state-store.ts";
import { supersedeHeld } from "./hold-run.ts";
import { recordedRun, type RunResult } from "./recorded-run.ts";
import { openPlan } from "./resume-plan.ts";
import type { RunContext } from "./run-context.ts";
import { resettableCurrent } from "./salvage-current.ts";
import { sameTable, streamIdentity } from "./stream-identity.ts";
import { voided } from "./swap-current.ts";
import type { SyncDeps } from "./sync-deps.ts";

/**
 * Forgets what a stream has told: the next run tells every row, and removals of all rows that were ever told and are gone. Generations
 * go on counting. A delivery under way is given up. Also the way out of a damaged state: it needs no more than the plans.
 */
export async function resetStream(deps: SyncDeps, stream: Stream, signal: AbortSignal): Promise<RunResult> {
  return await recordedRun(deps, stream, null, (context) => reset(context, signal), signal);
}

async function reset(context: RunContext, signal: AbortSignal): Promise<RunStatus> {
  const { state, stream, run, deps } = context;
  for (;;) {
    const { current, seq } = await resettableCurrent(context, signal);
    const closed = await closeOpenPlan(context, current, signal);
    const uncertain = await readable(context, resetUncertain(context, closed), signal);
    const next: Current = {
      ...closed,
      seq: seq + 1,
      run,
      at: deps.clock.now().toISOString(),
      reason: "reset",
      resetSeq: seq + 1,
      identity: streamIdentity(stream, context.destination.place),
      rows: 0,
      base: null,
      log: [],
      uncertain,
      watermark: undefined,
      members: undefined,
    };
    if ((await swapCurrent(state, stream.name, seq, next, signal)) !== "swapped") continue;
    await supersedeHeld(context, signal);
    return "reset";
  }
}

/** CURRENT with the open plan given up, also one that is gone or that nobody can read any more. */
async function closeOpenPlan(context: RunContext, current: Current, signal: AbortSignal): Promise<Current> {
  const generation = current.generation + 1;
  try {
    const open = await openPlan(context, current, signal);
    if (open !== null) return voided(current, open);
    if (!(await isPlanLost(context.state, context.keys, generation, signal))) return current;
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  context.report.warn(
    `${context.keys.plan(generation)} cannot be read: rows that only it told of cannot be removed at the destination of ${context.stream.name}.`,
  );
  return { ...current, generation, abandoned: [...current.abandoned, generation] };
}

/** Every key that may have been told; none when the stream now tells another table. */
function resetUncertain(context: RunContext, current: Current): Current["uncertain"] {
  if (!sameTable(current.identity, streamIdentity(context.stream, context.destination.place))) return [];
  const files = [...current.uncertain, ...(current.base === null ? [] : [current.base]), ...current.log];
  return files.filter((file, at) => files.findIndex((other) => other.key === file.key) === at);
}

async function readable(context: RunContext, files: Current["uncertain"], signal: AbortSignal): Promise<Current["uncertain"]> {
  const intact: Current["uncertain"][number][] = [];
  for (const file of files) {
    if (await isIntact(context.state, file, signal)) intact.push(file);
    else
      context.report.warn(`${file.key} is lost: rows that only it told of cannot be removed at the destination of ${context.stream.name}.`);
  }
  return intact;
}
