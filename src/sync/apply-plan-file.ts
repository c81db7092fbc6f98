import { SyncError } from "../core/errors.ts";
import type { Stream } from "../core/types.ts";
import type { Current, Plan } from "../state/documents.ts";
import { isIntact } from "../state/state-files.ts";
import { confirmClaim } from "./confirm-claim.ts";
import { deliveries } from "./deliver-plan.ts";
import { mustReadCurrent } from "./open-stream.ts";
import { readPlanFile } from "./plan-file.ts";
import { recordedRun, type RunResult } from "./recorded-run.ts";
import { openPlan } from "./resume-plan.ts";
import type { RunContext } from "./run-context.ts";
import { commitPlan } from "./run-stream.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** The stream that a plan file is for. */
export function planFileStream(text: string): string {
  return readPlanFile(text).stream;
}

/** Delivers exactly the bytes of a plan made by `planStream` with `keep`; refused when the state has moved on since. */
export async function applyPlanFile(deps: SyncDeps, stream: Stream, text: string, signal: AbortSignal): Promise<RunResult> {
  const plan = readPlanFile(text);
  if (plan.stream !== stream.name) {
    throw new SyncError("PLAN_FILE_INVALID", `The plan file is for ${plan.stream}, not ${stream.name}.`, {
      hint: `Run it with \`-m ${plan.stream}\`.`,
    });
  }
  return await recordedRun(
    deps,
    stream,
    new Date(plan.slot),
    async (context) => {
      const current = await mustReadCurrent(context, signal);
      await confirmClaim(context, current, signal);
      await refuseStale(context, current, plan, signal);
      return await commitPlan(context, plan, signal);
    },
    signal,
  );
}

/** A plan counts only while CURRENT is the very one it was compared with, its bytes are all there, and it goes where the model delivers. */
async function refuseStale(context: RunContext, current: Current, plan: Plan, signal: AbortSignal): Promise<void> {
  const hint = `Make a new plan: \`sync plan -m ${plan.stream} --out FILE\`.`;
  if (current.stateId !== plan.stateId)
    throw new SyncError("PLAN_FILE_INVALID", `The plan of ${plan.stream} was made for another state root.`, { hint });
  if (current.seq !== plan.seq || (await openPlan(context, current, signal)) !== null) {
    throw new SyncError(
      "PLAN_STALE",
      `${plan.stream} has moved on since the plan of generation ${plan.generation} was made. Nothing was sent.`,
      { hint },
    );
  }
  const named = [plan.delta, ...deliveries(plan).map(({ staged, size, sha256 }) => ({ key: staged, size, sha256 }))];
  for (const bytes of named) {
    if (!(await isIntact(context.state, bytes, signal))) {
      throw new SyncError("PLAN_STALE", `The bytes of the plan of ${plan.stream} are no longer in the state root (${bytes.key}).`, {
        hint,
      });
    }
  }
}
