import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { SyncError } from "../../core/errors.ts";
import { EXIT } from "../../core/exit-codes.ts";
import type { Stream } from "../../core/types.ts";
import type { Answers } from "../../sync/judge-delta.ts";
import { planStream, type PlanPreview } from "../../sync/plan-stream.ts";
import type { SyncDeps } from "../../sync/sync-deps.ts";
import { assemble } from "../assemble.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { notRetired, openProject, switchedOn } from "../open-project.ts";
import { parseSlot } from "../parse-slot.ts";
import { assembleReadOnly, withState } from "../read-only-program.ts";
import { refuseEventTables } from "../refuse-event-tables.ts";
import { type PlannedStream, planMarkdown } from "../render/plan-markdown.ts";
import { planText } from "../render/plan-preview.ts";
import { asSyncError } from "../report-error.ts";
import type { StreamChoice } from "../stream-choice.ts";

/** What `sync plan` was asked for. */
export interface PlanOptions {
  readonly choice: StreamChoice;
  /** Sample rows of each kind of change. */
  readonly show: number;
  /** Where the plan is kept for `run --plan`; null = nowhere. */
  readonly out: string | null;
  readonly format: "text" | "markdown";
  /** Another state root to compare with; null = the project's. */
  readonly state: string | null;
  /** Write nothing anywhere but to temporary files of this machine. */
  readonly readOnly: boolean;
  readonly fullResync: boolean;
  readonly checkpoint: boolean;
  readonly slot: string | null;
  readonly detailedExitcode: boolean;
  readonly answers: Answers;
}

/** Does all the work of a run but the sending, and shows what would be sent. */
export async function planStreams(options: PlanOptions, context: CommandContext): Promise<CommandOutcome> {
  const { project, streams, warnings } = await openProject(options.choice, "refuse", context);
  const { chosen, skipped } = switchedOn(streams);
  if (options.checkpoint) refuseEventTables(chosen);
  refuseMisfits(options, chosen);
  await using program = options.readOnly
    ? await assembleReadOnly(options.state === null ? project : withState(project, options.state, context.host.cwd), context)
    : await assemble(project, context);
  const { chosen: open, skipped: retired } = await notRetired(chosen, program.deps.state, context.signal);
  const planned = await planAll(program.deps, open, options, context);
  const plans = planned.flatMap((each) => ("plan" in each ? [each.plan] : []));
  const kept = await keepPlan(options.out, plans[0], context);
  const hasChanges = plans.some(({ outcome }) => ["deliver", "held", "unfinished"].includes(outcome));
  const markdown = options.format === "markdown" ? planMarkdown(planned) : null;
  const texts = plans.map((plan, at) => planText(plan, targetOf(open[at]), context.paint));
  const data = plans.map(({ planFile: _text, run, samples, ...plan }) => ({ runId: run, ...plan, samples }));
  return {
    warnings: [...warnings, ...skipped, ...retired, ...strangeState(options, plans)],
    data: { plans: data, planFile: kept, ...(markdown === null ? {} : { markdown }) },
    text: markdown ?? [...texts, ...(kept === null ? [] : [`Deliver exactly this:  ${context.host.name} run --plan ${kept}`])].join("\n\n"),
    ...(options.detailedExitcode && hasChanges ? { exit: EXIT.changesFound } : {}),
    ...failures(planned),
  };
}

function refuseMisfits({ out, readOnly, state }: PlanOptions, chosen: readonly Stream[]): void {
  const misfit = (what: string, hint: string): SyncError => new SyncError("USAGE", what, { hint });
  if (out !== null && chosen.length !== 1)
    throw misfit(`--out keeps the plan of one stream, and ${chosen.length} were chosen.`, "Name one with -m.");
  if (out !== null && readOnly)
    throw misfit("--out keeps the bytes of the plan in the state root, which --read-only leaves alone.", "Take one of the two away.");
  if (state !== null && !readOnly)
    throw misfit("--state compares with another state root, which only --read-only may.", "Add --read-only.");
}

async function planAll(
  deps: SyncDeps,
  chosen: readonly Stream[],
  options: PlanOptions,
  { signal }: CommandContext,
): Promise<readonly PlannedStream[]> {
  const { fullResync, checkpoint, answers, show } = options;
  const looks = { slot: parseSlot(options.slot), fullResync, checkpoint, answers, samples: show, keep: options.out !== null };
  const planned: PlannedStream[] = [];
  for (const stream of chosen) {
    const about = { stream: stream.name, destination: stream.destination.name };
    try {
      const hidesNames = show === 0 && stream.fileFormat.splitBy.some((column) => !column.startsWith("_"));
      planned.push({ ...about, plan: await planStream(deps, stream, looks, signal), hidesNames });
    } catch (error) {
      // In a comment, one stream that cannot be planned must not hide what becomes of the others.
      if (options.format === "text" || signal.aborted) throw error;
      planned.push({ ...about, error: asSyncError(error) });
    }
  }
  return planned;
}

function failures(planned: readonly PlannedStream[]): Pick<CommandOutcome, "error" | "causes"> {
  const failed = planned.flatMap((each) => ("error" in each ? [each] : []));
  const [first] = failed;
  if (first === undefined) return {};
  if (planned.length === 1) return { error: first.error };
  const names = failed.map(({ stream, error }) => `${stream} (${error.code})`).join(", ");
  return {
    error: new SyncError("RUNS_FAILED", `${failed.length} of ${planned.length} streams cannot be planned: ${names}.`),
    causes: failed.map(({ error }) => error),
  };
}

/** A slip in the name of a state root looks like one in which nothing was delivered yet. */
function strangeState({ state }: PlanOptions, plans: readonly PlanPreview[]): readonly string[] {
  if (state === null || plans.length === 0 || plans.some(({ base }) => base.generation > 0 || base.watermark !== null)) return [];
  return [`${state} knows of no delivery of what was planned, so every row counts as new. Is it the right state root?`];
}

function targetOf(stream: Stream | undefined): string {
  return stream === undefined
    ? ""
    : `${stream.source.name} (${stream.source.type}) -> ${stream.destination.name} (${stream.destination.type})`;
}

async function keepPlan(out: string | null, plan: PlanPreview | undefined, { host, log }: CommandContext): Promise<string | null> {
  if (out === null || plan === undefined) return null;
  if (plan.planFile === null) {
    const why = plan.outcome === "held" ? `A guard would hold ${plan.stream}` : `There is nothing to keep for ${plan.stream}`;
    const answer =
      plan.outcome === "held" ? " Allow it here: --allow-removals N, --accept-schema-change; or run it and approve the run." : "";
    log.warn(`${why}, so ${out} was not written.${answer}`);
    return null;
  }
  await writeFile(resolve(host.cwd, out), plan.planFile);
  return out;
}
