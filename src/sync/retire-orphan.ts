import { SyncError } from "../core/errors.ts";
import { readCurrent } from "../state/current.ts";
import type { Closing } from "../state/documents.ts";
import { takeLease } from "../state/lease.ts";
import { readPlan } from "../state/plans.ts";
import { stateKeys } from "../state/state-keys.ts";
import { closeCurrent } from "./close-current.ts";
import type { SyncDeps } from "./sync-deps.ts";

type OrphanDeps = Pick<SyncDeps, "state" | "clock" | "owner" | "leaseTtlMs" | "newRunId">;

/** Whether the state knows a stream of this name. */
export async function hasState(deps: Pick<OrphanDeps, "state">, stream: string, signal: AbortSignal): Promise<boolean> {
  return /^[a-z][a-z0-9_.-]*$/.test(stream) && (await readCurrent(deps.state, stream, signal)) !== null;
}

/** Closes a stream that no model file stands for any more, and delivers nothing: what its files look like is not known. */
export async function retireOrphan(deps: OrphanDeps, stream: string, by: string, signal: AbortSignal): Promise<Closing> {
  const run = deps.newRunId();
  await using _lease = await takeLease({ ...deps, ttlMs: deps.leaseTtlMs, store: deps.state, stream, run }, signal);
  const current = await readCurrent(deps.state, stream, signal);
  if (current?.retired !== undefined) return current.retired;
  const open = current === null ? null : await readPlan(deps.state, stateKeys(stream), current.generation + 1, signal);
  if (open !== null) {
    throw new SyncError("STREAM_UNKNOWN", `Generation ${open.generation} of ${stream} is under way, and no model file says where to.`, {
      hint: `Bring the model file of ${stream} back, finish the delivery with \`sync state recover -m ${stream}\`, then retire it.`,
      context: { stream, generation: open.generation },
    });
  }
  const retired = { by, at: deps.clock.now().toISOString() };
  await closeCurrent(deps, stream, run, retired, signal);
  return retired;
}
