import { SyncError } from "../core/errors.ts";
import type { Current, Plan } from "../state/documents.ts";
import { readPlan } from "../state/plans.ts";
import { listRuns, readRun, recordFinish } from "../state/run-records.ts";
import { isIntact } from "../state/state-files.ts";
import { damaged } from "../state/state-store.ts";
import { deliverPlan } from "./deliver-plan.ts";
import type { RunContext } from "./run-context.ts";
import { planFacts } from "./run-report.ts";
import { settleDelivered } from "./settle-slot.ts";
import { placeName, samePlace } from "./stream-identity.ts";
import { promotePlan, voidPlan, type PlanEnd } from "./swap-current.ts";

/** The open plan of a stream: the one of the generation after CURRENT's, and nothing else says so. */
export function openPlan(context: RunContext, current: Current, signal: AbortSignal): Promise<Plan | null> {
  return readPlan(context.state, context.keys, current.generation + 1, signal);
}

/**
 * Brings a plan to its end, whoever made it: the rest is sent, then CURRENT moves. Only when staged bytes are lost while CURRENT still
 * waits for this generation is the plan voided.
 */
export async function rollForward(
  context: RunContext,
  plan: Plan,
  signal: AbortSignal,
): Promise<{ readonly current: Current; readonly end: PlanEnd }> {
  refuseElsewhere(context, plan);
  // Without the delta's own file neither promoting nor voiding could say what was told.
  if (!(await isIntact(context.state, plan.delta, signal))) throw damaged(plan.delta.key, "does not hold the bytes that its plan names");
  const outcome = await deliverPlan(context, plan, signal);
  // Before CURRENT moves: whoever reads a CURRENT with this generation finds its slot done with.
  if (outcome === "delivered") await settleDelivered(context, plan, signal);
  return outcome === "delivered" ? await promotePlan(context, plan, signal) : await voidPlan(context, plan, signal);
}

function refuseElsewhere(context: RunContext, plan: Plan): void {
  const now = context.destination.place;
  const then = plan.identity.destination;
  if (samePlace(then, now)) return;
  throw new SyncError(
    "OPEN_PLAN_ELSEWHERE",
    `Generation ${plan.generation} of ${plan.stream} is under way to ${placeName(then)}, but the configuration now names ${placeName(now)}.`,
    {
      hint: `Point the destination of ${context.stream.file} back and run \`sync run -m ${plan.stream}\`; change it after that.`,
      context: { stream: plan.stream, generation: plan.generation },
    },
  );
}

const ERRORS = {
  promoted: null,
  voided: { code: "BYTES_CHANGED", message: "The staged bytes were lost, so the delivery was given up.", hint: null },
  abandoned: { code: "PLAN_ABANDONED", message: "A person gave the delivery up; what of it arrived may be visible.", hint: null },
} as const;

/** Writes the end of a run whose delivery this run finished, unless it tells its end itself. */
export async function recordFinished(context: RunContext, plan: Plan, end: PlanEnd, signal: AbortSignal): Promise<void> {
  if (plan.run === context.run || end === "closed_by_another") return;
  const name = (await listRuns(context.state, signal)).find((each) => each.run === plan.run && each.stream === plan.stream);
  const started = name === undefined ? null : await readRun(context.state, name, signal);
  if (started !== null && started.status === "delivered") return;
  const base = started ?? { ...context.report.record, run: plan.run, startedAt: plan.at, warnings: [] };
  const endedAt = context.deps.clock.now().toISOString();
  const status = end === "promoted" ? "delivered" : "failed";
  const error = ERRORS[end];
  await recordFinish(context.state, { ...base, ...planFacts(plan), status, endedAt, finishedBy: context.run, error }, signal);
}
