import { SyncError } from "../core/errors.ts";
import type { Stream } from "../core/types.ts";
import type { RunResult } from "../sync/recorded-run.ts";
import type { SyncDeps } from "../sync/sync-deps.ts";
import { assemble } from "./assemble.ts";
import type { CommandContext, CommandOutcome } from "./command.ts";
import { confirm } from "./confirm.ts";
import { openProject } from "./open-project.ts";
import { runData } from "./render/run-data.ts";
import { runSummary } from "./render/run-record.ts";
import { asSyncError } from "./report-error.ts";
import type { StreamChoice } from "./stream-choice.ts";

/** A change of a stream's snapshot that is asked about first. */
export interface StateChange {
  readonly warning: (streams: string) => string;
  readonly apply: (deps: SyncDeps, stream: Stream, signal: AbortSignal) => Promise<RunResult>;
}

/** Asks, then changes the state of the chosen streams one after the other; stops at the first that fails. */
export async function changeState(change: StateChange, choice: StreamChoice, context: CommandContext): Promise<CommandOutcome> {
  const { project, streams, warnings } = await openProject(choice, "refuse", context);
  const names = streams.map((stream) => stream.name).join(", ");
  await confirm(change.warning(names), names, context);
  await using program = await assemble(project, context);
  const results: RunResult[] = [];
  for (const stream of streams) {
    const result = await change.apply(program.deps, stream, context.signal);
    results.push(result);
    if (result.error !== null) break;
  }
  return { warnings, ...resultsOutcome(results, streams.length, context) };
}

/** What several changes one after the other came to; of the last one, why it failed. */
export function resultsOutcome(results: readonly RunResult[], asked: number, { paint }: CommandContext): CommandOutcome {
  const outcome = {
    data: { runs: results.map(({ record }) => runData(record)) },
    text: results.map(({ record }) => runSummary(record, paint)).join("\n"),
  };
  const failed = results.find(({ error }) => error !== null);
  if (failed === undefined) return outcome;
  const cause = asSyncError(failed.error);
  if (asked === 1 || cause.code === "INTERRUPTED") return { ...outcome, error: cause };
  const done = results.length - 1;
  return {
    ...outcome,
    causes: [cause],
    error: new SyncError("RUNS_FAILED", `${failed.record.stream} failed; ${done} of ${asked} streams are done.`),
  };
}
