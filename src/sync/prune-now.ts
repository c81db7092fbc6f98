import type { Stream } from "../core/types.ts";
import { readCurrent } from "../state/current.ts";
import { takeLease } from "../state/lease.ts";
import { findPrunable, NO_LIMIT, prune, type Prunable } from "./prune-stream.ts";
import { openRun } from "./run-context.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** Lets go of everything of a stream that is no longer kept, and tells what that was; null: it was never opened. STREAM_BUSY while it is run. */
export async function pruneStream(
  deps: SyncDeps,
  stream: Stream,
  { dryRun }: { readonly dryRun: boolean },
  signal: AbortSignal,
): Promise<Prunable | null> {
  const first = await readCurrent(deps.state, stream.name, signal);
  if (first === null) return null;
  const context = await openRun(deps, stream, null, signal);
  await using _destination = context.destination;
  if (dryRun) return await findPrunable(context, first, NO_LIMIT, signal);
  const { run, state } = context;
  await using _lease = await takeLease(
    { store: state, stream: stream.name, run, owner: deps.owner, clock: deps.clock, ttlMs: deps.leaseTtlMs },
    signal,
  );
  const current = (await readCurrent(state, stream.name, signal)) ?? first;
  const found = await findPrunable(context, current, NO_LIMIT, signal);
  await prune(context, current, found, signal);
  return found;
}
