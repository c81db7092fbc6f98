import { DEFAULT_RETENTION, type Retention } from "../core/retention.ts";
import type { Current } from "../state/documents.ts";
import { notePruned, wasPruned } from "../state/prune-notes.ts";
import { deleteRun, type RunName } from "../state/run-records.ts";
import { foldLog } from "./fold-when-due.ts";
import { mustReadCurrent } from "./open-stream.ts";
import { cutHistory, type HistoryCut, historyToCut, logReachesBehind } from "./prune-history.ts";
import { type PruneLimit, runsToDrop, triggersToDrop } from "./prune-runs.ts";
import { heldToReject, rejectUnanswered, stagedToDrop } from "./prune-staging.ts";
import type { RunContext } from "./run-context.ts";

/** What of a stream is older than `retention` keeps it. */
export interface Prunable {
  readonly stream: string;
  readonly retention: Retention;
  readonly runs: readonly RunName[];
  readonly triggers: readonly string[];
  readonly held: readonly string[];
  readonly staged: readonly { readonly run: string; readonly keys: readonly string[] }[];
  readonly history: HistoryCut | null;
  /** Whether the log is folded into a new base, so that its deltas can go once they are old enough. */
  readonly fold: boolean;
}

/** After a run so much is looked at; `sync state prune` looks at everything. */
const AFTER_RUN: PruneLimit = { runs: 500, triggers: 200 };
/** See `PruneLimit`; nothing is left for another day. */
export const NO_LIMIT: PruneLimit = { runs: Number.MAX_SAFE_INTEGER, triggers: Number.MAX_SAFE_INTEGER };

type Pruning = Pick<RunContext, "deps" | "stream" | "state" | "keys">;

/** Looks what of a stream is no longer kept; changes nothing. */
export async function findPrunable(context: Pruning, current: Current, limit: PruneLimit, signal: AbortSignal): Promise<Prunable> {
  const { deps, stream, state } = context;
  const retention = stream.retention ?? DEFAULT_RETENTION;
  const now = deps.clock.now();
  const before = (ms: number | null): Date | null => (ms === null ? null : new Date(now.getTime() - ms));
  const [runs, log, staging, held] = [before(retention.runs), before(retention.log), before(retention.staging), before(retention.held)];
  // History goes in steps, from table to table: without one in the middle it would be kept twice as long as was said.
  const half = before(retention.log === null ? null : retention.log / 2);
  return {
    stream: stream.name,
    retention,
    runs: runs === null ? [] : await runsToDrop(state, stream.name, runs, limit.runs, signal),
    triggers: runs === null ? [] : await triggersToDrop(state, stream.name, { before: runs, now, limit: limit.triggers }, signal),
    held: held === null ? [] : await heldToReject(context, held, signal),
    staged: staging === null ? [] : await stagedToDrop(context, current, staging, signal),
    history: log === null ? null : await historyToCut(context, current, log, signal),
    fold: half !== null && (await logReachesBehind(context, current, half, signal)),
  };
}

/** How many objects of the state root a prune deletes. */
function prunedObjects({ runs, triggers, staged, history }: Prunable): number {
  return runs.length + triggers.length + staged.reduce((sum, { keys }) => sum + keys.length, 0) + (history?.files.length ?? 0);
}

/** Deletes what was found to be no longer kept. A crash at any point leaves what the next prune finds again. */
export async function prune(context: RunContext, read: Current, found: Prunable, signal: AbortSignal): Promise<void> {
  const { state } = context;
  for (const run of found.held) await rejectUnanswered(context, run, signal);
  for (const key of found.staged.flatMap(({ keys }) => keys)) await state.delete(key, signal);
  const current = found.fold ? await foldLog(context, read, signal) : read;
  if (found.history !== null) await cutHistory(context, current, found.history, signal);
  for (const key of found.triggers) await state.delete(key, signal);
  for (const name of found.runs) await deleteRun(state, name, signal);
}

/** Once a day, after a run, lets go of what is no longer kept. */
export async function pruneWhenDue(context: RunContext, signal: AbortSignal): Promise<void> {
  const { deps, stream, state, run } = context;
  const now = deps.clock.now();
  if (await wasPruned(state, stream.name, now, signal)) return;
  const current = await mustReadCurrent(context, signal);
  const found = await findPrunable(context, current, AFTER_RUN, signal);
  await prune(context, current, found, signal);
  // Where more is left than a run looks at, the next one goes on.
  if (found.runs.length < AFTER_RUN.runs) await notePruned(state, stream.name, { run, at: now, deleted: prunedObjects(found) }, signal);
}
