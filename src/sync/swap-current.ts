import { failpoint } from "../core/failpoint.ts";
import { swapCurrent } from "../state/current.ts";
import type { Current, Plan } from "../state/documents.ts";
import { mustReadCurrent } from "./open-stream.ts";
import type { RunContext } from "./run-context.ts";
import { identityDiffers } from "./stream-identity.ts";
import { withNames } from "./used-keys.ts";

/** What a plan came to for this host. */
export type PlanEnd = "promoted" | "voided" | "abandoned" | "closed_by_another";

/** Moves CURRENT to the plan's generation: everything of it has arrived. */
export function promotePlan(
  context: RunContext,
  plan: Plan,
  signal: AbortSignal,
): Promise<{ readonly current: Current; readonly end: PlanEnd }> {
  return closePlan(context, plan, "promoted", (current) => promoted(current, plan), signal);
}

/** Consumes the plan's generation without its table: its bytes are lost, and what of it was sent is not known to one host. */
export function voidPlan(
  context: RunContext,
  plan: Plan,
  signal: AbortSignal,
): Promise<{ readonly current: Current; readonly end: PlanEnd }> {
  return closePlan(context, plan, "voided", (current) => voided(current, plan), signal);
}

/** Consumes the plan's generation because a person gives it up; another host may be delivering it at this moment, so all its keys are uncertain. */
export function abandonPlan(
  context: RunContext,
  plan: Plan,
  signal: AbortSignal,
): Promise<{ readonly current: Current; readonly end: PlanEnd }> {
  return closePlan(context, plan, "abandoned", (current) => ({ ...voided(current, plan), reason: "abandoned" }), signal);
}

/** Always computed from the CURRENT that it swaps: a fold or refresh in between is kept, a higher generation ends it. */
async function closePlan(
  context: RunContext,
  plan: Plan,
  end: Exclude<PlanEnd, "closed_by_another">,
  close: (current: Current) => Omit<Current, "seq" | "run" | "at">,
  signal: AbortSignal,
): Promise<{ readonly current: Current; readonly end: PlanEnd }> {
  const { state, stream, run, deps } = context;
  for (;;) {
    const current = await mustReadCurrent(context, signal);
    if (current.generation >= plan.generation) return { current, end: "closed_by_another" };
    if (end === "promoted") await failpoint("promote.before-swap");
    const next = { ...close(current), seq: current.seq + 1, run, at: deps.clock.now().toISOString() };
    if ((await swapCurrent(state, stream.name, current.seq, next, signal)) !== "swapped") continue;
    if (end === "promoted") await failpoint("promote.after-swap");
    return { current: next, end };
  }
}

/** CURRENT once a plan has arrived whole: snapshot + delta, uncertain − stated. */
export function promoted(current: Current, plan: Plan): Current {
  const wasReset = current.resetSeq !== null && current.resetSeq > plan.seq;
  return {
    ...current,
    reason: "promoted",
    generation: plan.generation,
    identity: plan.identity,
    layout: plan.layout,
    // After a reset in between, the plan's count was made for another table; the next fold counts anew.
    rows: wasReset && !plan.wholeSnapshot ? null : plan.counts.snapshotAfter,
    ...snapshotFiles(current, plan),
    uncertain: plan.replaces ? [] : current.uncertain.filter((file) => !plan.states.includes(file.key)),
    names: withNames(current.names, plan),
    ...(plan.closes === undefined ? {} : { retired: plan.closes }),
    watermark: promotedWatermark(current, plan, wasReset),
    members: wasReset && !plan.wholeSnapshot ? undefined : plan.members,
    whole: promotedWhole(current, plan),
    manifest: plan.manifest === null ? current.manifest : { generation: plan.generation, sha256: plan.manifest.sha256 },
  };
}

/** A look at an event table that found nothing may have gone further meanwhile; after a reset, all of it is to be read again. */
function promotedWatermark(current: Current, plan: Plan, wasReset: boolean): Current["watermark"] {
  if (wasReset) return undefined;
  const [now, then] = [current.watermark, plan.watermark];
  if (now === undefined || then === undefined || identityDiffers(current.identity, plan.identity)) return then;
  return now.upTo > then.upTo ? now : then;
}

/** A plan that stands for a day long past takes back no slot of a checkpoint. */
function promotedWhole({ whole }: Current, { wholeAt, generation }: Plan): Current["whole"] {
  if (wholeAt === undefined) return whole;
  return { generation, at: whole !== undefined && whole.at > wholeAt ? whole.at : wholeAt };
}

function snapshotFiles(current: Current, plan: Plan): Pick<Current, "base" | "log"> {
  if (plan.wholeSnapshot) return { base: plan.delta, log: [] };
  if (plan.replaces) return { base: null, log: [plan.delta] };
  return { base: current.base, log: [...current.log, plan.delta] };
}

/** CURRENT once a plan is given up: the table as it was, every key of the plan uncertain. */
export function voided(current: Current, plan: Plan): Current {
  return {
    ...current,
    reason: "voided",
    generation: plan.generation,
    names: withNames(current.names, plan),
    // Where nothing was told before, what may have been told belongs to where the plan went.
    ...(current.layout === null ? { layout: plan.layout, identity: plan.identity } : {}),
    // A plan for another place or key says nothing about the keys of this table; what follows it is a full one again.
    uncertain: plan.replaces ? current.uncertain : [...current.uncertain.filter((file) => file.key !== plan.delta.key), plan.delta],
    abandoned: [...current.abandoned, plan.generation],
  };
}
