import { ERROR_CODES } from "../core/error-codes.ts";
import { SyncError, isAbort } from "../core/errors.ts";
import { EXIT } from "../core/exit-codes.ts";
import type { Plan, RunStatus } from "../state/documents.ts";
import { isSettled, pruneSlots, settledSlots, settleSlot, type SlotEnd } from "../state/slot-ledger.ts";
import type { RunContext } from "./run-context.ts";
import { failedStatus } from "./run-report.ts";

// A slot that a schedule named is run once. A run looks here after it has read CURRENT; a delivery notes its slot before it moves CURRENT.
// So a run that would plan another generation for the slot finds it done with, and one that does not find it so read a CURRENT for which
// the first one's plan stands already. The lease has no part in this.

/** Whether the run's slot is done with; a run that no schedule named never is. */
export async function isDone({ deps, state, stream, scheduled }: RunContext, signal: AbortSignal): Promise<boolean> {
  if (scheduled === null) return false;
  return isSettled(await settledSlots(state, stream.name, signal), scheduled.at, deps.clock.now());
}

/**
 * Does a run's work and notes its slot as done with, while the stream is still held: also when the run is held or failed for good. A run
 * that was stopped, or whose failure may pass, leaves the slot open.
 */
export async function settling(context: RunContext, work: () => Promise<RunStatus>, signal: AbortSignal): Promise<RunStatus> {
  try {
    const status = await work();
    if (status === "delivered" || status === "unchanged" || status === "baselined" || status === "superseded")
      await settle(context, status, signal);
    return status;
  } catch (error) {
    const status = failedStatus(error);
    if (status === "held") await settle(context, "held", signal);
    else if (status === "failed" && !mayPass(error) && !signal.aborted) await settle(context, "failed", signal);
    throw error;
  }
}

/** Whether a failed run is worth trying again for the same slot: source and destination failed, or the failure says that it passes. */
export function mayPass(error: unknown): boolean {
  if (isAbort(error)) return true;
  if (!(error instanceof SyncError)) return false;
  const { exit } = ERROR_CODES[error.code];
  return error.retry === "transient" || exit === EXIT.source || exit === EXIT.destination || exit === EXIT.busy;
}

/** Notes the slot of a plan whose objects have all arrived, whoever sent them. */
export async function settleDelivered(context: RunContext, plan: Plan, signal: AbortSignal): Promise<void> {
  const { deps, state, stream } = context;
  if (plan.scheduled === undefined) return;
  const settledAt = deps.clock.now().toISOString();
  const name = { stream: stream.name, at: plan.slot, ...plan.scheduled };
  await settleSlot(state, { format: "spillway/slot/1", ...name, end: "delivered", run: plan.run, settledAt }, signal);
}

async function settle(context: RunContext, end: SlotEnd, signal: AbortSignal): Promise<void> {
  const { deps, state, stream, scheduled, run } = context;
  if (scheduled === null) return;
  const now = deps.clock.now();
  const name = { stream: stream.name, at: scheduled.at.toISOString(), wall: scheduled.wall, zone: scheduled.zone };
  await settleSlot(state, { format: "spillway/slot/1", ...name, end, run, settledAt: now.toISOString() }, signal);
  await pruneSlots(state, stream.name, await settledSlots(state, stream.name, signal), now, signal);
}
