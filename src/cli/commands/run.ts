import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { SyncError } from "../../core/errors.ts";
import { counted } from "../../core/readable.ts";
import type { Project, Slot, Stream } from "../../core/types.ts";
import { applyPlanFile, planFileStream } from "../../sync/apply-plan-file.ts";
import { dueStreams } from "../../sync/due-streams.ts";
import type { Answers } from "../../sync/judge-delta.ts";
import type { RunResult } from "../../sync/recorded-run.ts";
import { runStreams } from "../../sync/run-many.ts";
import type { SyncDeps } from "../../sync/sync-deps.ts";
import { allowedJobs } from "../allowed-jobs.ts";
import { assemble } from "../assemble.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { type CommandAlerts, openCommandAlerts } from "../open-alerts.ts";
import { notRetired, openProject, switchedOn } from "../open-project.ts";
import { parseSlot } from "../parse-slot.ts";
import { refuseEventTables } from "../refuse-event-tables.ts";
import { missedLine, nothingDue } from "../render/due-text.ts";
import { duration } from "../render/numbers.ts";
import { runData } from "../render/run-data.ts";
import { runSummary } from "../render/run-record.ts";
import { asSyncError } from "../report-error.ts";
import type { StreamChoice } from "../stream-choice.ts";

/** What `sync run` was asked for. */
export interface RunOptions {
  readonly choice: StreamChoice;
  /** A file of `plan --out`; then nothing else is chosen. */
  readonly plan: string | null;
  readonly fullResync: boolean;
  readonly checkpoint: boolean;
  readonly slot: string | null;
  readonly jobs: number;
  readonly failFast: boolean;
  readonly answers: Answers;
  /** Only streams whose schedule has a slot that is not done with, each for its slot. */
  readonly due: boolean;
}

/** Delivers what changed in the chosen streams, or exactly the bytes of a kept plan. */
export async function runModels(options: RunOptions, context: CommandContext): Promise<CommandOutcome> {
  const { host, signal } = context;
  const started = host.clock.now().getTime();
  const { project, streams, warnings } = await openProject(choiceOf(options), options.due ? "all" : "refuse", context);
  await using program = await assemble(project, context);
  await using alerts = await openCommandAlerts(project, program.deps);
  if (options.plan !== null) {
    const results = [await runPlan(options.plan, project, program.deps, alerts, context)];
    return { warnings, ...summaryOf(results, started, context), ...errorOf(results, 1, signal) };
  }
  const { chosen, skipped } = switchedOn(streams);
  if (options.checkpoint) refuseEventTables(chosen);
  const due = options.due ? await dueStreams(program.deps, chosen, signal) : null;
  const open = due === null ? await notRetired(chosen, program.deps.state, signal) : { chosen: due.streams, skipped: [] };
  const asked = open.chosen;
  const results = await runChosen({ ...options, slots: due?.slots }, asked, program.deps, alerts, context);
  const said = due === null ? [...warnings, ...skipped, ...open.skipped] : [...warnings, ...due.missed.map(missedLine)];
  return {
    ...(due !== null && asked.length === 0 ? nothingDue(due, context) : summaryOf(results, started, context)),
    ...errorOf(results, asked.length, signal),
    warnings: said,
  };
}

function choiceOf({ choice, plan, fullResync, checkpoint, slot, answers, due }: RunOptions): StreamChoice {
  const answered = answers.allowRemovals !== null || answers.acceptSchemaChange || answers.sameDestination;
  if (due && (plan !== null || fullResync || checkpoint || slot !== null || answered)) {
    throw new SyncError("USAGE", "--due runs what schedules ask for, so only a choice of streams goes with it.", {
      hint: "sync run --due",
    });
  }
  if (plan === null) return choice;
  if (choice.models.length > 0 || choice.select.length > 0 || choice.all || fullResync || checkpoint || slot !== null || answered) {
    throw new SyncError("USAGE", "--plan delivers the plan's own stream as it was planned, so no other choice goes with it.", {
      hint: `sync run --plan ${plan}`,
    });
  }
  return { ...choice, all: true };
}

async function runChosen(
  options: RunOptions & { readonly slots: ReadonlyMap<string, Slot> | undefined },
  streams: readonly Stream[],
  deps: SyncDeps,
  alerts: CommandAlerts,
  { host, log, signal }: CommandContext,
): Promise<readonly RunResult[]> {
  const jobs = allowedJobs(options.jobs, host.env["UV_THREADPOOL_SIZE"], (message) => log.warn(message));
  const { fullResync, checkpoint, failFast, answers, slots } = options;
  const onEnd = (stream: Stream, { record }: RunResult): void => alerts.ended(stream, record);
  const how = { slot: parseSlot(options.slot), fullResync, checkpoint, jobs, failFast, answers, onEnd };
  return await runStreams(deps, streams, { ...how, ...(slots === undefined ? {} : { slots }) }, signal);
}

async function runPlan(
  file: string,
  project: Project,
  deps: SyncDeps,
  alerts: CommandAlerts,
  { host, signal }: CommandContext,
): Promise<RunResult> {
  const text = await readPlanText(resolve(host.cwd, file), file);
  const name = planFileStream(text);
  const stream = project.streams.find((one) => one.name === name);
  if (stream === undefined) {
    throw new SyncError("PLAN_FILE_INVALID", `${file} is for ${name}, which this project does not have.`, {
      hint: "Name the configuration that the plan was made with: -c FILE.",
    });
  }
  const result = await applyPlanFile(deps, stream, text, signal);
  alerts.ended(stream, result.record);
  return result;
}

async function readPlanText(path: string, file: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new SyncError("USAGE", `The plan file ${file} cannot be read.`, { cause, hint: "Make one: sync plan -m MODEL --out FILE." });
  }
}

function summaryOf(results: readonly RunResult[], started: number, { host, paint }: CommandContext): CommandOutcome {
  const files = results.flatMap(({ record }) => (record.status === "delivered" ? record.files : []));
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  const [only] = results;
  // A stream that was busy was not run, so there is nothing to show of it.
  const isShown = only !== undefined && (results.length > 1 || only.record.status !== "busy");
  const details = !isShown ? "" : `   Details: ${host.name} ${results.length === 1 ? `show ${only.record.run}` : "history"}`;
  const done = `Done in ${duration(host.clock.now().getTime() - started)}: ${counted(rows, "row")} in ${counted(files.length, "file")}.${details}`;
  return {
    data: { runs: results.map(({ record }) => runData(record)) },
    text: [...results.map(({ record }) => runSummary(record, paint)), done].join("\n"),
  };
}

/** Why the command as a whole did not succeed: the one stream's own error, or that some of several failed. */
function errorOf(results: readonly RunResult[], asked: number, signal: AbortSignal): Pick<CommandOutcome, "error" | "causes"> {
  const failed = results.filter(({ error }) => error !== null);
  const causes = failed.map(({ error }) => asSyncError(error));
  const [first] = causes;
  const stopped = causes.find(({ code }) => code === "INTERRUPTED");
  if (stopped !== undefined || (signal.aborted && results.length < asked)) return { error: stopped ?? asSyncError(signal.reason) };
  if (first === undefined) return {};
  if (asked === 1) return { error: first };
  const names = failed.map(({ record }) => `${record.stream} (${record.error?.code ?? "INTERNAL"})`).join(", ");
  const left = asked - results.length;
  const message = `${failed.length} of ${asked} streams failed: ${names}.${left > 0 ? ` ${left} were not started (--fail-fast).` : ""}`;
  return { causes, error: new SyncError("RUNS_FAILED", message) };
}
