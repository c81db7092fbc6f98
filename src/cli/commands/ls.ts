import type { Stream } from "../../core/types.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { openProject } from "../open-project.ts";
import { table } from "../render/table.ts";
import type { StreamChoice } from "../stream-choice.ts";

/** Lists the chosen streams (all, when none was chosen), disabled ones included and marked. */
export async function listStreams(options: { readonly choice: StreamChoice }, context: CommandContext): Promise<CommandOutcome> {
  const { streams, warnings } = await openProject(options.choice, "all", context);
  const header = ["STREAM", "SOURCE", "DESTINATION", "MODE", "SCHEDULE", "TAGS", "DESCRIPTION"].map(context.paint.faint);
  const rows = streams.map((stream) => [
    stream.enabled ? stream.name : `${stream.name} (disabled)`,
    `${stream.source.name} (${stream.source.type})`,
    `${stream.destination.name} (${stream.destination.type})`,
    stream.mode,
    scheduleText(stream),
    stream.tags.join(", "),
    stream.description,
  ]);
  return { warnings, data: { streams: streams.map(asData) }, text: table([header, ...rows]) };
}

function scheduleText({ schedule }: Stream): string {
  if (schedule === undefined) return "-";
  return schedule.timezone === "UTC" ? schedule.cron : `${schedule.cron} (${schedule.timezone})`;
}

function asData(stream: Stream): Readonly<Record<string, unknown>> {
  return {
    name: stream.name,
    model: stream.model,
    delivery: stream.delivery,
    description: stream.description,
    enabled: stream.enabled,
    tags: stream.tags,
    source: stream.source.name,
    sourceType: stream.source.type,
    destination: stream.destination.name,
    destinationType: stream.destination.type,
    mode: stream.mode,
    primaryKey: stream.primaryKey,
    schedule: stream.schedule ?? null,
    file: stream.file,
  };
}
