import { counted } from "../../core/readable.ts";
import type { StreamPreview } from "../../sync/preview-stream.ts";
import { previewStream } from "../../sync/preview-stream.ts";
import { assemble } from "../assemble.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { openProject } from "../open-project.ts";
import type { StreamChoice } from "../stream-choice.ts";

/** Shows the first rows of the chosen streams byte for byte as they would stand in a file. */
export async function previewStreams(
  options: { readonly choice: StreamChoice; readonly limit: number },
  context: CommandContext,
): Promise<CommandOutcome> {
  const { project, streams, warnings } = await openProject(options.choice, "refuse", context);
  await using program = await assemble(project, context);
  const previews: StreamPreview[] = [];
  for (const stream of streams) previews.push(await previewStream(program.deps, stream, options.limit, context.signal));
  return { warnings, data: { streams: previews }, text: previews.map((preview) => previewText(preview, previews.length > 1)).join("\n\n") };
}

function previewText(preview: StreamPreview, several: boolean): string {
  const text = preview.text.replace(/\n$/, "");
  const body = text === "" ? "(no rows)" : text;
  return several ? `${preview.stream}: ${counted(preview.rows, "row")}\n${body}` : body;
}
