import { DEFAULT_RETENTION } from "../core/retention.ts";
import type { Current } from "../state/documents.ts";
import { stageSchema } from "../state/documents.ts";
import { decide, heldRuns, readHeld } from "../state/held-runs.ts";
import { readPlan } from "../state/plans.ts";
import { readDocument, unlessDamaged } from "../state/state-store.ts";
import { deliveries } from "./deliver-plan.ts";
import { recordDecision } from "./hold-run.ts";
import type { RunContext } from "./run-context.ts";

type Reading = Pick<RunContext, "state" | "keys">;

/** Held runs that have waited for an answer since before an instant. */
export async function heldToReject({ state, keys }: Reading, before: Date, signal: AbortSignal): Promise<readonly string[]> {
  const held = await heldRuns(state, keys, signal);
  return held.filter((each) => each.decision === null && Date.parse(each.held.at) < before.getTime()).map((each) => each.held.run);
}

/** Rejects the held runs of a stream that nobody answered in time, so that no run waits for them. */
export async function rejectOverdue(context: RunContext, signal: AbortSignal): Promise<void> {
  const { stream, deps } = context;
  const ms = (stream.retention ?? DEFAULT_RETENTION).held;
  if (ms === null) return;
  const before = new Date(deps.clock.now().getTime() - ms);
  for (const run of await heldToReject(context, before, signal)) await rejectUnanswered(context, run, signal);
}

/** Rejects a held run that nobody answered in time, unless somebody does at this moment. */
export async function rejectUnanswered(context: RunContext, run: string, signal: AbortSignal): Promise<void> {
  const { state, keys, deps } = context;
  const waiting = await unlessDamaged(readHeld(state, keys, run, signal));
  if (waiting === null) return;
  const at = deps.clock.now().toISOString();
  const reason = "nobody answered in the time of retention.held";
  const mine = { format: "spillway/decision/1", run, decision: "rejected", by: "retention", reason, at } as const;
  const decision = await decide(state, keys, mine, signal);
  if (decision.decision === "approved") return;
  for (const { staged } of deliveries(waiting.held.plan)) await state.delete(staged, signal);
  await recordDecision(context, decision, "rejected", signal);
}

/**
 * Staged bytes, by key, of runs that began before an instant and that neither a plan nor an answer waits for. The note of what a staging is for
 * stays until its generation has passed, as does the delta beside the log: a host that plans these bytes after all finds that they are gone.
 */
export async function stagedToDrop(
  { state, keys }: Reading,
  current: Current,
  before: Date,
  signal: AbortSignal,
): Promise<readonly { readonly run: string; readonly keys: readonly string[] }[]> {
  const waiting = new Set((await heldRuns(state, keys, signal)).map(({ held }) => held.run));
  const planned = (await unlessDamaged(readPlan(state, keys, current.generation + 1, signal)))?.run;
  const staged = await state.list(keys.stagingPrefix, signal);
  const runs = new Set(staged.map((key) => key.slice(keys.stagingPrefix.length).split("/")[0] ?? ""));
  const found: { readonly run: string; readonly keys: readonly string[] }[] = [];
  for (const run of runs) {
    if (waiting.has(run) || run === planned) continue;
    const about = await unlessDamaged(readDocument(state, `${keys.staging(run)}stage.json`, stageSchema, signal));
    if (about?.at === undefined || Date.parse(about.at) >= before.getTime()) continue;
    const bytes = staged.filter((key) => key.startsWith(keys.staging(run)) && !key.endsWith("/stage.json"));
    if (bytes.length > 0) found.push({ run, keys: bytes });
  }
  return found;
}
