import { resolve } from "node:path";
import { SyncError } from "../../core/errors.ts";
import { EXIT } from "../../core/exit-codes.ts";
import { counted } from "../../core/readable.ts";
import { lintStreamFile } from "../../sync/lint-stream-file.ts";
import { assemble } from "../assemble.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { openProject } from "../open-project.ts";
import type { StreamChoice } from "../stream-choice.ts";

/** Says what in a file breaks the contract of a stream's files, line by line, and never a value. */
export async function lintFileOfStream(
  options: { readonly file: string; readonly choice: StreamChoice; readonly limit: number },
  context: CommandContext,
): Promise<CommandOutcome> {
  const { project, streams, warnings } = await openProject(options.choice, "refuse", context);
  const [stream, ...others] = streams;
  if (stream === undefined || others.length > 0) {
    throw new SyncError("USAGE", `A file is held against one stream, not against ${streams.length}.`, { hint: "Name it: -m users." });
  }
  await using program = await assemble(project, context);
  const found = await lintStreamFile(program.deps, stream, resolve(context.host.cwd, options.file), options.limit, context.signal);
  const lines = found.problems.map(({ line, message }) => (line === null ? message : `line ${line}: ${message}`));
  const more = found.problemCount - found.problems.length;
  const summary = `${options.file}: ${counted(found.rows, "row")}, ${counted(found.problemCount, "problem")}`;
  const data = { stream: stream.name, file: options.file, ...found };
  const text = [...lines, ...(more > 0 ? [`and ${counted(more, "problem")} more`] : []), summary].join("\n");
  if (found.problemCount === 0) return { warnings, data, text };
  const error = new SyncError("FILE_UNFIT", `${options.file} is no file of ${stream.name}: ${counted(found.problemCount, "problem")}.`, {
    hint: "docs/files.md tells what files of a stream look like.",
    context: { stream: stream.name, problems: found.problemCount },
  });
  return { warnings, data, text, exit: EXIT.data, error };
}
