import { SyncError } from "../core/errors.ts";
import { outputsOf } from "../diffing/write-delta.ts";
import { swapCurrent } from "../state/current.ts";
import type { Current, FileRef, Plan } from "../state/documents.ts";
import { readPlan } from "../state/plans.ts";
import { storedFile } from "../state/state-files.ts";
import { numberOf } from "../state/state-keys.ts";
import { unlessDamaged } from "../state/state-store.ts";
import { mustReadCurrent } from "./open-stream.ts";
import { cacheFolder, type RunContext } from "./run-context.ts";
import { keptFiles, namedFiles } from "./stage-folder.ts";

/** What of a stream's history is older than it is kept. */
export interface HistoryCut {
  /** Generations up to this one are told no more. */
  readonly generation: number;
  /** The stored table that was told with it; null: the delta after it is a whole table. */
  readonly base: string | null;
  /** Deltas and bases that nothing needs. */
  readonly files: readonly string[];
}

type Reading = Pick<RunContext, "state" | "keys">;

/**
 * How much of the history can go when deltas delivered before an instant are not kept: all up to the newest stored table that is that old, so that
 * what is left still leads from a whole table to the snapshot. null: nothing.
 */
export async function historyToCut(context: Reading, current: Current, before: Date, signal: AbortSignal): Promise<HistoryCut | null> {
  const { state, keys } = context;
  const known = current.horizon ?? null;
  const bases = await state.list(keys.basePrefix, signal);
  const kept = await firstKept(context, current, before, signal);
  const found = await newestTable(context, current, { bases, kept }, signal);
  const cut = found !== null && found.generation > (known?.generation ?? 0) ? found : known && { ...known, base: known.base?.key ?? null };
  if (cut === null) return null;
  const named = new Set([...namedFiles(current).map(({ key }) => key), ...(cut.base === null ? [] : [cut.base])]);
  // Files of the newest generation may be those of a host that is about to name them.
  const last = Math.min(cut.generation, current.generation - 1);
  const stored = [...(await state.list(keys.logPrefix, signal)), ...bases];
  const files = stored.filter((key) => (numberOf(key) ?? Number.POSITIVE_INFINITY) <= last && !named.has(key));
  return cut.generation === known?.generation && files.length === 0 ? null : { ...cut, files };
}

/** The first generation that was planned at an instant or after it; plans are as old as their numbers. */
async function firstKept(context: Reading, current: Current, before: Date, signal: AbortSignal): Promise<number> {
  let low = (current.horizon?.generation ?? 0) + 1;
  let high = current.generation + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const plan = await planOf(context, middle, signal);
    if (plan === null || Date.parse(plan.at) < before.getTime()) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function planOf({ state, keys }: Reading, generation: number, signal: AbortSignal): Promise<Plan | null> {
  return await unlessDamaged(readPlan(state, keys, generation, signal));
}

async function newestTable(
  context: Reading,
  current: Current,
  { bases, kept }: { readonly bases: readonly string[]; readonly kept: number },
  signal: AbortSignal,
): Promise<Pick<HistoryCut, "generation" | "base"> | null> {
  const base = bases.findLast((key) => (numberOf(key) ?? kept) < kept) ?? null;
  const found = base === null ? null : { generation: numberOf(base) ?? 0, base };
  for (const generation of new Set([kept, numberOf(current.base?.key ?? "") ?? 0])) {
    if (
      generation < 1 ||
      generation > Math.min(kept, current.generation) ||
      generation - 1 <= (found?.generation ?? 0) ||
      current.abandoned.includes(generation)
    )
      continue;
    const plan = await planOf(context, generation, signal);
    if (plan !== null && (plan.wholeSnapshot || plan.replaces)) return { generation: generation - 1, base: null };
  }
  return found;
}

/** Whether a fold would let old history go: the log that CURRENT names reaches back before an instant. */
export async function logReachesBehind(context: Reading, current: Current, before: Date, signal: AbortSignal): Promise<boolean> {
  const [oldest] = current.log;
  if (oldest === undefined) return false;
  const plan = await planOf(context, numberOf(oldest.key) ?? 0, signal);
  // What was only refreshed tells nothing, and is as young as its run.
  return plan !== null && plan.delta.key === oldest.key && Date.parse(plan.at) < before.getTime();
}

/**
 * Lets old history go: CURRENT first says how far back it is kept, so that nobody builds on what is older, then the files are deleted that the
 * newest CURRENT does not name. `moved`: CURRENT is another by now; nothing was deleted.
 */
export async function cutHistory(
  context: RunContext,
  current: Current,
  { generation, base, files }: HistoryCut,
  signal: AbortSignal,
): Promise<"cut" | "moved"> {
  const { state, stream, run, deps } = context;
  if (generation !== current.horizon?.generation) {
    const horizon = { generation, base: base === null ? null : await refOf(context, current, base, signal) };
    const at = deps.clock.now().toISOString();
    const next: Current = { ...current, seq: current.seq + 1, run, at, reason: "pruned", horizon };
    if ((await swapCurrent(state, stream.name, current.seq, next, signal)) !== "swapped") return "moved";
  }
  const now = await mustReadCurrent(context, signal);
  const named = new Set(keptFiles(now).map(({ key }) => key));
  for (const key of files) if (!named.has(key)) await state.delete(key, signal);
  return "cut";
}

async function refOf(context: RunContext, current: Current, key: string, signal: AbortSignal): Promise<FileRef> {
  const named = keptFiles(current).find((file) => file.key === key);
  if (named !== undefined) return named;
  await using engine = await context.deps.openEngine(signal);
  const found = await storedFile(context.state, key, cacheFolder(context), signal);
  const outputs = found === null ? null : await outputsOf(engine, found.path, signal);
  if (found === null || outputs === null)
    throw new SyncError("STATE_DAMAGED", `${key} in the state root cannot be read.`, { context: { key } });
  return { key, size: found.size, sha256: found.sha256, outputs };
}
