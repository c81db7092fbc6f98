import { SyncError } from "../core/errors.ts";
import { currentSchema, type Current, type FileRef, type Plan } from "../state/documents.ts";
import { readErasures } from "../state/erasures.ts";
import { ObjectNotes, readPlan } from "../state/plans.ts";
import { stateMoved } from "../state/root-marks.ts";
import { numberOf } from "../state/state-keys.ts";
import { isDamage, readDocument, unlessDamaged } from "../state/state-store.ts";
import { deliveries } from "./deliver-plan.ts";
import { firstCurrent, openStream } from "./open-stream.ts";
import type { RunContext } from "./run-context.ts";
import { withNames } from "./used-keys.ts";

/** A CURRENT to reset, and the entry that the reset follows. */
export interface ResettableCurrent {
  readonly current: Current;
  /** Number of the highest entry that stands there, readable or not; -1 when there is none. */
  readonly seq: number;
}

/**
 * CURRENT for a reset: as it is, or, where it is damaged or lost, put together from older entries and from the plans, which are never
 * pruned: every row that was ever told stands in one of their deltas.
 */
export async function resettableCurrent(context: RunContext, signal: AbortSignal): Promise<ResettableCurrent> {
  try {
    const current = await openStream(context, signal);
    return { current, seq: current.seq };
  } catch (error) {
    if (!isDamage(error)) throw error;
    return await salvage(context, signal);
  }
}

async function salvage(context: RunContext, signal: AbortSignal): Promise<ResettableCurrent> {
  const { state, keys, stream, deps } = context;
  const seqs = (await state.list(keys.currentPrefix, signal)).map(numberOf).filter((seq) => seq !== null);
  const known = await newestReadable(context, seqs, signal);
  const plans = await readablePlans(context, known?.generation ?? 0, signal);
  const seenPlans = await state.list(keys.planPrefix, signal);
  // Without any plan nothing was delivered: then the stream begins again, as another state.
  const stateId = known?.stateId ?? plans.at(-1)?.stateId ?? (seenPlans.length === 0 ? deps.newStateId() : undefined);
  if (stateId === undefined) {
    throw new SyncError(
      "STATE_DAMAGED",
      `Neither CURRENT nor any plan of ${stream.name} can be read, so nothing says which state this is.`,
      {
        hint: `Restore ${keys.currentPrefix} or ${keys.planPrefix} from a backup of the state root.`,
        context: { stream: stream.name },
      },
    );
  }
  context.report.warn(`CURRENT of ${stream.name} was damaged; what it had told was put together from ${plans.length} plans.`);
  const base = known ?? { ...firstCurrent(context), stateId };
  const generations = seenPlans.map(numberOf).filter((generation) => generation !== null);
  return {
    seq: Math.max(-1, ...seqs),
    current: {
      ...base,
      generation: Math.max(base.generation, ...generations),
      identity: plans.at(-1)?.identity ?? base.identity,
      layout: base.layout ?? plans.at(-1)?.layout ?? null,
      names: plans.reduce<Current["names"]>(withNames, base.names),
      manifest: (await lastManifest(context, plans, signal)) ?? base.manifest,
      uncertain: [...base.uncertain, ...plans.map((plan): FileRef => plan.delta)],
    },
  };
}

async function newestReadable(context: RunContext, seqs: readonly number[], signal: AbortSignal): Promise<Current | null> {
  for (const seq of seqs.toSorted((a, b) => b - a)) {
    const found = await unlessDamaged(readEntry(context, seq, signal));
    if (found !== null) return found;
  }
  return null;
}

/** One entry of CURRENT, or null. STATE_MOVED where it says that the root went elsewhere. */
export async function readEntry(
  { state, keys }: Pick<RunContext, "state" | "keys">,
  seq: number,
  signal: AbortSignal,
): Promise<Current | null> {
  const entry = await readDocument(state, keys.current(seq), currentSchema, signal);
  if (entry?.moved !== undefined) throw stateMoved(keys.stream, entry.moved);
  return entry;
}

async function readablePlans(context: RunContext, after: number, signal: AbortSignal): Promise<readonly Plan[]> {
  const { state, keys } = context;
  const plans: Plan[] = [];
  const erasures = await readErasures(state, keys, signal);
  for (const key of await state.list(keys.planPrefix, signal)) {
    const generation = numberOf(key);
    if (generation === null || generation <= after || key !== keys.plan(generation)) continue;
    const plan = await unlessDamaged(readPlan(state, keys, generation, signal));
    if (plan === null) context.report.warn(`${key} cannot be read: rows that only it told of cannot be removed at the destination.`);
    else plans.push(erasures.planned(plan));
  }
  return plans;
}

/** The newest manifest that was confirmed: the next one names it, so that a consumer's chain does not break. */
async function lastManifest(context: RunContext, plans: readonly Plan[], signal: AbortSignal): Promise<Current["manifest"]> {
  for (const plan of plans.toReversed()) {
    const manifest = deliveries(plan).find((object) => object.isManifest);
    if (plan.manifest === null || manifest === undefined) continue;
    const notes = new ObjectNotes(context.state, context.keys, plan.generation, manifest.index);
    if (await notes.isMarked(signal)) return { generation: plan.generation, sha256: plan.manifest.sha256 };
  }
  return null;
}
