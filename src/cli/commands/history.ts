import { runHistory } from "../../sync/stream-status.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { openProject } from "../open-project.ts";
import { openState } from "../open-state.ts";
import { runData } from "../render/run-data.ts";
import { historyTable } from "../render/run-record.ts";
import type { StreamChoice } from "../stream-choice.ts";

/** Lists runs, newest first; without a choice also those of streams that the project no longer has. */
export async function showHistory(
  options: { readonly choice: StreamChoice; readonly limit: number },
  context: CommandContext,
): Promise<CommandOutcome> {
  const { choice, limit } = options;
  const { project, streams, warnings } = await openProject(choice, "all", context);
  await using state = await openState(project.state, context.signal);
  const everything = choice.models.length === 0 && choice.select.length === 0 && choice.exclude.length === 0;
  const runs = await runHistory({ state }, { streams: everything ? null : streams.map(({ name }) => name), limit }, context.signal);
  const text = runs.length === 0 ? "No runs yet." : historyTable(runs, context.paint);
  return { warnings, data: { runs: runs.map(runData) }, text };
}
