import { SyncError } from "../../core/errors.ts";
import { counted } from "../../core/readable.ts";
import { adoptionText } from "../../sync/adopt-files.ts";
import { adoptStream, baselineStream } from "../../sync/run-many.ts";
import { assemble } from "../assemble.ts";
import { changeState, resultsOutcome } from "../change-state.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { confirm } from "../confirm.ts";
import { openHeldFiles } from "../open-held-files.ts";
import { openProject } from "../open-project.ts";
import type { StreamChoice } from "../stream-choice.ts";

/** What is taken as delivered. */
export interface BaselineOptions {
  readonly choice: StreamChoice;
  /** Files that the destination holds; none: the current result. */
  readonly from: readonly string[];
}

/** Takes the current result of the chosen streams, or the rows of files, as delivered and sends nothing. */
export async function baselineState({ choice, from }: BaselineOptions, context: CommandContext): Promise<CommandOutcome> {
  if (from.length > 0) return await baselineFrom(choice, from, context);
  const warning = (streams: string): string =>
    `What ${streams} would deliver now is taken as delivered and never sent; only later changes go out.`;
  return await changeState({ warning, apply: baselineStream }, choice, context);
}

async function baselineFrom(choice: StreamChoice, from: readonly string[], context: CommandContext): Promise<CommandOutcome> {
  const { project, streams, warnings } = await openProject(choice, "refuse", context);
  const [stream, ...others] = streams;
  if (stream === undefined || others.length > 0)
    throw new SyncError("USAGE", `Files are those of one stream, not of ${streams.length}.`, { hint: "Name it: -m users." });
  await using held = await openHeldFiles(from, stream, context);
  const { name } = stream;
  await confirm(
    `The rows of ${counted(held.files.length, "file")} are taken as what ${name} has delivered; its next run sends what differs from them.`,
    name,
    context,
  );
  await using program = await assemble(project, context);
  const result = await adoptStream(program.deps, stream, held.files, context.signal);
  const outcome = resultsOutcome([result], 1, context);
  const { counts } = result.record;
  if (result.error !== null || counts === null) return { warnings, ...outcome };
  const adopted = { adopted: counts.snapshotAfter, same: counts.unchanged, now: counts.current };
  const next = `What the next run sends: ${context.host.name} plan -m ${name}`;
  return {
    warnings,
    data: { ...(outcome.data as object), files: held.files.map((file) => file.name), ...adopted },
    text: [outcome.text, adoptionText(name, adopted), next].join("\n"),
  };
}
