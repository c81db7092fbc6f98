import { SyncError } from "../core/errors.ts";
import type { Stream } from "../core/types.ts";
import type { Current, RunRecord } from "../state/documents.ts";
import { decide, heldRuns, readHeld, type Decision, type Held } from "../state/held-runs.ts";
import { isIntact } from "../state/state-files.ts";
import { stateKeys } from "../state/state-keys.ts";
import { confirmClaim } from "./confirm-claim.ts";
import { deliveries } from "./deliver-plan.ts";
import { recordDecision } from "./hold-run.ts";
import { mustReadCurrent } from "./open-stream.ts";
import { recordedRun, type RunResult } from "./recorded-run.ts";
import { openPlan } from "./resume-plan.ts";
import type { RunContext } from "./run-context.ts";
import { commitPlan } from "./run-stream.ts";
import { placeName, sameKey, samePlace } from "./stream-identity.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** Who answers about a held run, and why. */
export interface Answer {
  readonly by: string;
  readonly reason: string | null;
}

/** The id of the newest run of a stream that is held and has no answer; RUN_NOT_HELD when there is none. */
export async function findHeld(deps: Pick<SyncDeps, "state">, stream: string, signal: AbortSignal): Promise<string> {
  const waiting = (await heldRuns(deps.state, stateKeys(stream), signal)).filter(({ decision }) => decision === null);
  const newest = waiting.at(-1);
  if (newest !== undefined) return newest.held.run;
  throw new SyncError("RUN_NOT_HELD", `No run of ${stream} is held.`, { hint: `\`sync status -m ${stream}\` shows how it stands.` });
}

/**
 * Delivers exactly the bytes of a held run, as long as nothing was delivered since it was staged. HELD_ANSWERED when it was rejected or
 * superseded, HELD_STALE when the stream has moved on.
 */
export async function approveRun(deps: SyncDeps, stream: Stream, run: string, answer: Answer, signal: AbortSignal): Promise<RunResult> {
  const found = await mustReadHeld(deps, stream, run, signal);
  return await recordedRun(deps, stream, new Date(found.plan.slot), (context) => approve(context, found, answer, signal), signal);
}

async function approve(context: RunContext, held: Held, answer: Answer, signal: AbortSignal): Promise<RunRecord["status"]> {
  const current = await mustReadCurrent(context, signal);
  await refuseMoved(context, current, held, signal);
  await confirmClaim(context, current, signal);
  const decision = await decide(context.state, context.keys, decisionOf(held.run, "approved", answer, context.deps), signal);
  if (decision.decision === "rejected") throw answered(context.stream, decision);
  let status: RunRecord["status"] = "delivered";
  try {
    status = await commitPlan(context, held.plan, signal);
  } finally {
    const always = new AbortController().signal;
    await recordDecision(context, decision, status === "superseded" ? "superseded" : "approved", always);
  }
  return status;
}

/** Drops a held run: its bytes are deleted and it is never delivered. HELD_ANSWERED when it was approved before. */
export async function rejectRun(
  deps: SyncDeps,
  stream: Stream,
  run: string,
  answer: Answer,
  signal: AbortSignal,
): Promise<RunRecord | null> {
  const held = await mustReadHeld(deps, stream, run, signal);
  const keys = stateKeys(stream.name);
  const decision = await decide(deps.state, keys, decisionOf(run, "rejected", answer, deps), signal);
  if (decision.decision === "approved" || decision.reason === "superseded") throw answered(stream, decision);
  // The decision itself stays until the generation has passed: whoever looks later must find it.
  for (const { staged } of deliveries(held.plan)) await deps.state.delete(staged, signal);
  return await recordDecision({ deps, stream, state: deps.state, run: null }, decision, "rejected", signal);
}

async function mustReadHeld(deps: SyncDeps, stream: Stream, run: string, signal: AbortSignal): Promise<Held> {
  const found = await readHeld(deps.state, stateKeys(stream.name), run, signal);
  if (found === null) {
    throw new SyncError("RUN_NOT_HELD", `Run ${run} of ${stream.name} is not held: there are no staged bytes that wait for an answer.`, {
      hint: `\`sync show ${run}\` tells how it ended; \`sync status -m ${stream.name}\` how the stream stands.`,
      context: { stream: stream.name, run },
    });
  }
  return found.held;
}

/** Bytes that were staged on another table, for another place, or that are no longer all there are not delivered. */
async function refuseMoved(context: RunContext, current: Current, { plan, run }: Held, signal: AbortSignal): Promise<void> {
  const { stream, destination, state } = context;
  const hint = `\`sync run -m ${stream.name}\` compares anew.`;
  const stale = (why: string): SyncError =>
    new SyncError("HELD_STALE", `Run ${run} of ${stream.name} can no longer be delivered: ${why}. Nothing was sent.`, {
      hint,
      context: { stream: stream.name, run },
    });
  const open = await openPlan(context, current, signal);
  if (current.generation + 1 !== plan.generation || (open !== null && open.run !== plan.run))
    throw stale(
      `it was to be generation ${plan.generation}, and the stream has moved on to ${current.generation + (open === null ? 0 : 1)}`,
    );
  if (current.stateId !== plan.stateId) throw stale("it was staged by another state");
  if (!samePlace(plan.identity.destination, destination.place))
    throw stale(`it was staged for ${placeName(plan.identity.destination)}, and the configuration names ${placeName(destination.place)}`);
  if (current.layout !== null && !plan.replaces && !sameKey(current.identity.key, plan.identity.key))
    throw stale("the primary key is another");
  if (open !== null) return; // it was approved before, and its delivery is under way: marks tell what is left
  const named = [plan.delta, ...deliveries(plan).map(({ staged, size, sha256 }) => ({ key: staged, size, sha256 }))];
  const decided = await readHeld(state, context.keys, run, signal);
  if (decided?.decision?.decision === "rejected") throw answered(stream, decided.decision);
  for (const bytes of named) if (!(await isIntact(state, bytes, signal))) throw stale(`its staged bytes are damaged (${bytes.key})`);
}

function decisionOf(run: string, decision: Decision["decision"], { by, reason }: Answer, { clock }: Pick<SyncDeps, "clock">): Decision {
  return { format: "spillway/decision/1", run, decision, by, reason, at: clock.now().toISOString() };
}

function answered(stream: Stream, { run, decision, by, reason, at }: Decision): SyncError {
  const what = reason === "superseded" ? `superseded by ${by}` : `${decision} by ${by}`;
  return new SyncError("HELD_ANSWERED", `Run ${run} of ${stream.name} was ${what} at ${at}.`, {
    hint: `\`sync status -m ${stream.name}\` shows how the stream stands; \`sync run -m ${stream.name}\` compares anew.`,
    context: { stream: stream.name, run },
  });
}
