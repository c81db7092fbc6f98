import { SyncError } from "../core/errors.ts";
import { failpoint } from "../core/failpoint.ts";
import type { Current, Plan, RunRecord } from "../state/documents.ts";
import { createHeld, decide, heldRuns, type Decision, type HeldRun } from "../state/held-runs.ts";
import { listRuns, readRun, recordFinish } from "../state/run-records.ts";
import { guardCode, type Verdict } from "./judge-delta.ts";
import { mustReadCurrent } from "./open-stream.ts";
import type { RunContext } from "./run-context.ts";

/** Whether a guard is not content. */
export function isHeld(verdict: Verdict): boolean {
  return verdict.checks.some(({ ok }) => !ok);
}

/** Makes what was staged wait for approval, and says why; nothing was delivered. `overtaken`: its generation was delivered meanwhile. */
export async function holdPlan(context: RunContext, plan: Plan, verdict: Verdict, signal: AbortSignal): Promise<"overtaken"> {
  const { state, keys, run, deps, report } = context;
  const findings = verdict.checks.filter(({ ok }) => !ok);
  const told = findings.map(({ guard, text }) => ({ guard, text }));
  await failpoint("hold.before-held");
  await createHeld(state, keys, { format: "spillway/held/1", run, at: deps.clock.now().toISOString(), findings: told, plan }, signal);
  // Whoever delivered the generation has cleaned up before this run held anything: it would wait for ever.
  if ((await mustReadCurrent(context, signal)).generation >= plan.generation) return "overtaken";
  report.planned(plan);
  throw heldError(context, findings);
}

function heldError({ stream, run }: RunContext, findings: Verdict["checks"]): SyncError {
  const [first] = findings;
  const code = first === undefined ? "INTERNAL" : guardCode(first.guard);
  const why = findings.map(({ text }) => text).join("; ");
  const likely = code === "GUARD_REMOVED" || code === "GUARD_MIN_ROWS" ? "Likely: the query lost a join, or a partition is late.\n" : "";
  return new SyncError(code, `${stream.name} is held: ${why}. Nothing was sent.`, {
    hint: `${likely}Look: \`sync show ${run}\`\nRight after all? \`sync approve ${run}\`   Wrong? \`sync reject ${run}\``,
    context: { stream: stream.name, run },
  });
}

/** Under `held: wait`, nothing new is asked while a held run of this generation has no answer. */
export async function refuseWhileHeld(context: RunContext, current: Current, signal: AbortSignal): Promise<void> {
  if (context.stream.guards?.held !== "wait") return;
  const waiting = (await undecided(context, signal)).find(({ held }) => held.plan.generation === current.generation + 1);
  if (waiting === undefined) return;
  const { run } = waiting.held;
  throw new SyncError("HELD_WAITING", `${context.stream.name} waits for an answer to run ${run}, which is held.`, {
    hint: `\`sync approve ${run}\` delivers it, \`sync reject ${run}\` drops it.`,
    context: { stream: context.stream.name, run },
  });
}

async function undecided({ state, keys }: RunContext, signal: AbortSignal): Promise<readonly HeldRun[]> {
  return (await heldRuns(state, keys, signal)).filter(({ decision }) => decision === null);
}

/** A newer look at the source takes the place of what is held: that can no longer be approved. */
export async function supersedeHeld(context: RunContext, signal: AbortSignal): Promise<void> {
  for (const { held } of await undecided(context, signal)) {
    if (held.run !== context.run) await supersede(context, held.run, signal);
  }
}

/** Takes one held run out of the wait, unless somebody decided about it just now. */
export async function supersede(context: RunContext, run: string, signal: AbortSignal): Promise<void> {
  const { state, keys, deps } = context;
  const at = deps.clock.now().toISOString();
  const mine = { format: "spillway/decision/1", run, decision: "rejected", by: `run ${context.run}`, reason: "superseded", at } as const;
  const decision = await decide(state, keys, mine, signal);
  if (decision.decision === "rejected" && decision.by === mine.by) await recordDecision(context, decision, "superseded", signal);
}

/** Writes what became of a held run into its record. */
export async function recordDecision(
  context: Pick<RunContext, "state" | "stream" | "deps"> & { readonly run: string | null },
  decision: Decision,
  status: "approved" | "rejected" | "superseded",
  signal: AbortSignal,
): Promise<RunRecord | null> {
  const name = (await listRuns(context.state, signal)).find((each) => each.run === decision.run && each.stream === context.stream.name);
  const record = name === undefined ? null : await readRun(context.state, name, signal);
  if (record === null) return null;
  const { by, reason, at } = decision;
  const decided: RunRecord = { ...record, status, finishedBy: context.run, decision: { by, reason, at } };
  await recordFinish(context.state, decided, signal);
  return decided;
}
