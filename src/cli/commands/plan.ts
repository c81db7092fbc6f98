import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { SyncError } from "../../core/errors.ts";
import { EXIT } from "../../core/exit-codes.ts";
import type { Stream } from "../../core/types.ts";
import type { Answers } from "../../sync/judge-delta.ts";
import { planStream, type PlanPreview } from "../../sync/plan-stream.ts";
import { assemble } from "../assemble.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { notRetired, openProject, switchedOn } from "../open-project.ts";
import { parseSlot } from "../parse-slot.ts";
import { refuseEventTables } from "../refuse-event-tables.ts";
import { planText } from "../render/plan-preview.ts";
import type { StreamChoice } from "../stream-choice.ts";

/** What `sync plan` was asked for. */
export interface PlanOptions {
  readonly choice: StreamChoice;
  /** Sample rows of each kind of change. */
  readonly show: number;
  /** Where the plan is kept for `run --plan`; null = nowhere. */
  readonly out: string | null;
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
  if (options.out !== null && chosen.length !== 1) {
    throw new SyncError("USAGE", `--out keeps the plan of one stream, and ${chosen.length} were chosen.`, { hint: "Name one with -m." });
  }
  await using program = await assemble(project, context);
  const looks = {
    slot: parseSlot(options.slot),
    fullResync: options.fullResync,
    checkpoint: options.checkpoint,
    answers: options.answers,
    samples: options.show,
    keep: options.out !== null,
  };
  const { chosen: open, skipped: retired } = await notRetired(chosen, program.deps.state, context.signal);
  const plans: PlanPreview[] = [];
  for (const stream of open) plans.push(await planStream(program.deps, stream, looks, context.signal));
  const kept = await keepPlan(options.out, plans[0], context);
  const hasChanges = plans.some(({ outcome }) => ["deliver", "held", "unfinished"].includes(outcome));
  const texts = plans.map((plan, at) => planText(plan, targetOf(open[at]), context.paint));
  return {
    warnings: [...warnings, ...skipped, ...retired],
    data: { plans: plans.map(({ planFile: _text, run, samples, ...plan }) => ({ runId: run, ...plan, samples })), planFile: kept },
    text: [...texts, ...(kept === null ? [] : [`Deliver exactly this:  ${context.host.name} run --plan ${kept}`])].join("\n\n"),
    exit: options.detailedExitcode && hasChanges ? EXIT.changesFound : EXIT.done,
  };
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
