import { SyncError } from "../core/errors.ts";
import type { Place } from "../core/ports.ts";
import { counted } from "../core/readable.ts";
import type { Stream } from "../core/types.ts";
import { readCurrent } from "../state/current.ts";
import type { Plan, RunStatus } from "../state/documents.ts";
import { ObjectNotes, readPlan } from "../state/plans.ts";
import { stateKeys } from "../state/state-keys.ts";
import { deliveries } from "./deliver-plan.ts";
import { mustReadCurrent } from "./open-stream.ts";
import { recordedRun, type RunResult } from "./recorded-run.ts";
import { openPlan, recordFinished } from "./resume-plan.ts";
import type { RunContext } from "./run-context.ts";
import { finishOpenPlan } from "./run-stream.ts";
import { abandonPlan } from "./swap-current.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** A delivery that was begun and has not ended. */
export interface OpenDelivery {
  readonly stream: string;
  readonly generation: number;
  readonly run: string;
  readonly at: string;
  readonly destination: Place;
  /** In the order of delivery; `confirmed`: it is known to have arrived. Of the others nothing is known. */
  readonly objects: readonly { readonly key: string; readonly confirmed: boolean }[];
}

/** The open delivery of a stream, or null. */
export async function openDelivery(deps: Pick<SyncDeps, "state">, stream: string, signal: AbortSignal): Promise<OpenDelivery | null> {
  const current = await readCurrent(deps.state, stream, signal);
  const plan = current === null ? null : await readPlan(deps.state, stateKeys(stream), current.generation + 1, signal);
  if (plan === null) return null;
  const objects: OpenDelivery["objects"][number][] = [];
  for (const { index, key } of deliveries(plan)) {
    const notes = new ObjectNotes(deps.state, stateKeys(stream), plan.generation, index);
    objects.push({ key, confirmed: await notes.isMarked(signal) });
  }
  return { stream, generation: plan.generation, run: plan.run, at: plan.at, destination: plan.identity.destination, objects };
}

/**
 * Brings the open delivery of a stream to its end: sends what is left of it, or, with `abandon`, gives its generation up. A generation
 * that was given up may be visible in part; the next delta states every row of it again.
 */
export async function recoverStream(
  deps: SyncDeps,
  stream: Stream,
  options: { readonly abandon: number | null },
  signal: AbortSignal,
): Promise<RunResult> {
  return await recordedRun(deps, stream, null, (context) => recover(context, options.abandon, signal), signal);
}

async function recover(context: RunContext, abandon: number | null, signal: AbortSignal): Promise<RunStatus> {
  const current = await mustReadCurrent(context, signal);
  const open = await openPlan(context, current, signal);
  if (abandon !== null && open?.generation !== abandon) throw notOpen(context, abandon, open);
  if (open === null) return "unchanged";
  context.report.planned(open);
  if (abandon === null) {
    await finishOpenPlan(context, current, signal);
    return "recovered";
  }
  const { end } = await abandonPlan(context, open, signal);
  if (end === "closed_by_another") return "superseded";
  const known = await openlyKnown(context, open, signal);
  context.report.warn(
    `Generation ${open.generation} of ${open.stream} was given up. Of its ${counted(known.length, "object")}, ${known.filter(({ confirmed }) => confirmed).length} ` +
      "had arrived for certain and the others may have; the next delta states every row of it again.",
  );
  await recordFinished(context, open, end, signal);
  return "abandoned";
}

async function openlyKnown(context: RunContext, plan: Plan, signal: AbortSignal): Promise<readonly { readonly confirmed: boolean }[]> {
  return await Promise.all(
    deliveries(plan).map(async ({ index }) => ({
      confirmed: await new ObjectNotes(context.state, context.keys, plan.generation, index).isMarked(signal),
    })),
  );
}

function notOpen({ stream }: RunContext, generation: number, open: Plan | null): SyncError {
  const what = open === null ? "no delivery is under way" : `it is generation ${open.generation} that is under way`;
  return new SyncError("PLAN_NOT_OPEN", `Generation ${generation} of ${stream.name} cannot be given up: ${what}.`, {
    hint: `\`sync state recover -m ${stream.name}\` shows what is under way.`,
    context: { stream: stream.name, generation },
  });
}
