import { SyncError } from "../core/errors.ts";
import { readCurrent } from "../state/current.ts";
import type { Current, Plan } from "../state/documents.ts";
import { readPlan } from "../state/plans.ts";
import { stateKeys } from "../state/state-keys.ts";
import { unlessDamaged } from "../state/state-store.ts";
import type { PreviousManifest } from "./rebuild-files.ts";
import { firstKept } from "./stored-history.ts";
import { findRun } from "./stream-status.ts";
import type { SyncDeps } from "./sync-deps.ts";

type PlanDeps = Pick<SyncDeps, "state">;

/** Which delivered generations are meant. */
export type GenerationChoice =
  | { readonly by: "run"; readonly run: string }
  | { readonly by: "generation"; readonly first: number; readonly last: number }
  /** Those whose slot falls on a day, UTC. */
  | { readonly by: "date"; readonly date: string };

/** A generation that was delivered. */
export interface DeliveredGeneration {
  readonly plan: Plan;
  readonly previous: PreviousManifest;
  /** Whether its delta is older than history is kept. */
  readonly isBeyondHorizon: boolean;
}

/** The delivered generations of a stream that a choice names, oldest first; GENERATION_NOT_DELIVERED when one that it names was not. */
export async function deliveredGenerations(
  deps: PlanDeps,
  stream: string,
  choice: GenerationChoice,
  signal: AbortSignal,
): Promise<readonly DeliveredGeneration[]> {
  const current = await readCurrent(deps.state, stream, signal);
  if (current === null) throw notDelivered(stream, "nothing of it was ever delivered");
  const plans =
    choice.by === "date" ? await ofDay(deps, current, stream, choice.date, signal) : await named(deps, current, stream, choice, signal);
  const first = firstKept(current);
  return await Promise.all(
    plans.map(async (plan) => ({
      plan,
      previous: await manifestBefore(deps, current, plan, signal),
      isBeyondHorizon: plan.generation < first,
    })),
  );
}

async function named(
  deps: PlanDeps,
  current: Current,
  stream: string,
  choice: Exclude<GenerationChoice, { readonly by: "date" }>,
  signal: AbortSignal,
): Promise<readonly Plan[]> {
  const { first, last } = choice.by === "run" ? await ofRun(deps, stream, choice.run, signal) : choice;
  const plans: Plan[] = [];
  const given: number[] = [];
  for (let generation = first; generation <= last; generation += 1) {
    if (generation < 1 || generation > current.generation)
      throw notDelivered(stream, `generation ${generation} is not delivered: the last one is ${current.generation}`);
    if (current.abandoned.includes(generation)) given.push(generation);
    else plans.push(await mustReadPlan(deps, stream, generation, signal));
  }
  // In a range, one that was given up is no more missing than it is for a consumer.
  if (plans.length === 0) throw notDelivered(stream, `generation ${given.join(", ")} was given up`);
  return plans;
}

async function ofRun(
  deps: PlanDeps,
  stream: string,
  id: string,
  signal: AbortSignal,
): Promise<{ readonly first: number; readonly last: number }> {
  const { run, status, generation } = await findRun(deps, id, signal);
  const plan = generation === null ? null : await readPlan(deps.state, stateKeys(stream), generation, signal);
  if (plan === null || generation === null || (plan.run !== run && status !== "delivered"))
    throw notDelivered(stream, `run ${run} delivered nothing (${status})`);
  return { first: generation, last: generation };
}

async function ofDay(deps: PlanDeps, current: Current, stream: string, date: string, signal: AbortSignal): Promise<readonly Plan[]> {
  const plans: Plan[] = [];
  for (let generation = current.generation; generation > 0; generation -= 1) {
    if (current.abandoned.includes(generation)) continue;
    const plan = await mustReadPlan(deps, stream, generation, signal);
    // Plans are as old as their numbers, and no run stands for a day that is still to come.
    if (plan.at.slice(0, date.length) < date) break;
    if (plan.slot.startsWith(date)) plans.unshift(plan);
  }
  if (plans.length === 0) throw notDelivered(stream, `none of its generations stands for ${date} (UTC)`);
  return plans;
}

async function mustReadPlan({ state }: PlanDeps, stream: string, generation: number, signal: AbortSignal): Promise<Plan> {
  const keys = stateKeys(stream);
  const plan = await readPlan(state, keys, generation, signal);
  if (plan !== null) return plan;
  throw new SyncError("STATE_DAMAGED", `${keys.plan(generation)} is missing, so what generation ${generation} delivered is not known.`, {
    hint: `Restore ${keys.plan(generation)} from a backup of the state root.`,
    context: { stream, generation },
  });
}

/** The manifest that a generation's names: that of the newest one before it that has any. */
export async function manifestBefore(
  deps: PlanDeps,
  { abandoned }: Pick<Current, "abandoned">,
  { stream, generation }: Pick<Plan, "stream" | "generation">,
  signal: AbortSignal,
): Promise<PreviousManifest> {
  for (let before = generation - 1; before > 0; before -= 1) {
    const plan = abandoned.includes(before) ? null : await unlessDamaged(readPlan(deps.state, stateKeys(stream), before, signal));
    if (plan?.manifest != null) return { generation: before, sha256: plan.manifest.sha256 };
  }
  return null;
}

function notDelivered(stream: string, why: string): SyncError {
  return new SyncError("GENERATION_NOT_DELIVERED", `Of ${stream} there is nothing to deliver again: ${why}.`, {
    hint: `\`sync history -m ${stream}\` lists its runs with their generations.`,
    context: { stream },
  });
}
