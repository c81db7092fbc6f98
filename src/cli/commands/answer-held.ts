import { SyncError } from "../../core/errors.ts";
import type { Stream } from "../../core/types.ts";
import type { RunRecord } from "../../state/documents.ts";
import { approveRun, findHeld, rejectRun, type Answer } from "../../sync/answer-held.ts";
import { findRun } from "../../sync/stream-status.ts";
import type { SyncDeps } from "../../sync/sync-deps.ts";
import { assemble } from "../assemble.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { openCommandAlerts } from "../open-alerts.ts";
import { openProject } from "../open-project.ts";
import { personAt } from "../person-at.ts";
import { runData } from "../render/run-data.ts";
import { runSummary } from "../render/run-record.ts";
import { asSyncError } from "../report-error.ts";

/** Which held runs are answered, and why. */
export interface AnswerOptions {
  /** A run's id or its beginning; null: the newest held run of each chosen model. */
  readonly run: string | null;
  readonly models: readonly string[];
  readonly reason: string | null;
}

interface Target {
  readonly stream: Stream;
  readonly run: string;
}

interface Answered {
  readonly record: RunRecord | null;
  readonly error: Error | null;
}

/** Delivers or drops held runs, and writes down who said so. Stops at the first that cannot be answered. */
export async function answerHeld(verb: "approve" | "reject", options: AnswerOptions, context: CommandContext): Promise<CommandOutcome> {
  const { run, models } = options;
  if ((run === null) === (models.length === 0)) {
    throw new SyncError("USAGE", `Name either one run or, with -m, the streams whose held runs are meant.`, {
      hint: `${context.host.name} ${verb} RUN, or ${context.host.name} ${verb} -m NAME. \`${context.host.name} status\` shows what is held.`,
    });
  }
  const { project, streams, warnings } = await openProject({ models, select: [], exclude: [], all: run !== null }, "refuse", context);
  await using program = await assemble(project, context);
  await using alerts = await openCommandAlerts(project, program.deps);
  const targets = await findTargets(run, streams, program.deps, context.signal);
  const answer = { by: personAt(context.host), reason: options.reason };
  const results: Answered[] = [];
  for (const target of targets) {
    const result = await answerOne(verb, target, answer, program.deps, context.signal);
    results.push(result);
    if (result.record !== null) alerts.ended(target.stream, result.record);
    if (result.error !== null) break;
  }
  const records = results.flatMap(({ record }) => record ?? []);
  const failed = results.find(({ error }) => error !== null);
  return {
    warnings,
    data: { runs: records.map(runData) },
    text: records.map((record) => runSummary(record, context.paint)).join("\n"),
    ...(failed === undefined ? {} : { error: asSyncError(failed.error) }),
  };
}

async function findTargets(
  run: string | null,
  streams: readonly Stream[],
  deps: Pick<SyncDeps, "state">,
  signal: AbortSignal,
): Promise<readonly Target[]> {
  if (run === null) return await Promise.all(streams.map(async (stream) => ({ stream, run: await findHeld(deps, stream.name, signal) })));
  const record = await findRun(deps, run, signal);
  const stream = streams.find(({ name }) => name === record.stream);
  if (stream !== undefined) return [{ stream, run: record.run }];
  throw new SyncError("STREAM_UNKNOWN", `Run ${record.run} is of ${record.stream}, which this project does not have.`, {
    hint: "Name the configuration that it ran with: -c FILE.",
  });
}

async function answerOne(
  verb: "approve" | "reject",
  { stream, run }: Target,
  answer: Answer,
  deps: SyncDeps,
  signal: AbortSignal,
): Promise<Answered> {
  if (verb === "approve") return await approveRun(deps, stream, run, answer, signal);
  return { record: await rejectRun(deps, stream, run, answer, signal), error: null };
}
