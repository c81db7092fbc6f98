import { findRun } from "../../sync/stream-status.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { openProject } from "../open-project.ts";
import { openState } from "../open-state.ts";
import { runData } from "../render/run-data.ts";
import { runDetails } from "../render/run-record.ts";

const EVERYTHING = { models: [], select: [], exclude: [], all: true };

/** Shows one run, named by its id or the beginning of it. */
export async function showRun(options: { readonly run: string }, context: CommandContext): Promise<CommandOutcome> {
  const { project, warnings } = await openProject(EVERYTHING, "all", context);
  await using state = await openState(project.state, context.signal);
  const run = await findRun({ state }, options.run, context.signal);
  return { warnings, data: { run: runData(run) }, text: runDetails(run, context.paint) };
}
