import { SyncError } from "../../core/errors.ts";
import { count } from "../../core/readable.ts";
import { Slots } from "../../core/slots.ts";
import type { CheckpointSchedule, Project, Stream } from "../../core/types.ts";
import { audienceNames, type Members, toldMembers } from "../../sync/audience-members.ts";
import { retiredStreams } from "../../sync/retired-streams.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { openProject } from "../open-project.ts";
import { openState } from "../open-state.ts";
import type { Paint } from "../paint.ts";
import { table } from "../render/table.ts";
import type { StreamChoice } from "../stream-choice.ts";

/** Lists the chosen streams (all, when none was chosen), disabled ones included and marked, and the members of each audience as delivered last. */
export async function listStreams(options: { readonly choice: StreamChoice }, context: CommandContext): Promise<CommandOutcome> {
  const { project, streams, warnings } = await openProject(options.choice, "all", context);
  const members = await membersOf(project, streams, context);
  const header = ["STREAM", "SOURCE", "DESTINATION", "MODE", "SCHEDULE", "TAGS", "DESCRIPTION"].map(context.paint.faint);
  const rows = streams.map((stream) => [
    `${stream.name}${members.retired.has(stream.name) ? " (retired)" : stream.enabled ? "" : " (disabled)"}`,
    `${stream.source.name} (${stream.source.type})`,
    `${stream.destination.name} (${stream.destination.type})`,
    stream.mode,
    scheduleText(stream),
    stream.tags.join(", "),
    stream.description,
  ]);
  return {
    warnings: [...warnings, ...members.warnings],
    data: {
      streams: streams.map((stream) => ({
        ...asData(stream, members.told.get(stream.name) ?? null, context.host.clock.now()),
        retired: members.retired.has(stream.name),
      })),
    },
    text: [table([header, ...rows]), ...memberTable(streams, members.told, context.paint)].join("\n\n"),
  };
}

function scheduleText({ schedule, checkpoint }: Stream): string {
  const runs = schedule === undefined ? "-" : cronText(schedule);
  return checkpoint === undefined ? runs : `${runs}, checkpoint ${cronText(checkpoint)}`;
}

function cronText({ cron, timezone }: CheckpointSchedule): string {
  return timezone === "UTC" ? cron : `${cron} (${timezone})`;
}

/** What only the state knows of the streams. */
interface ToldMembers {
  readonly retired: ReadonlySet<string>;
  readonly told: ReadonlyMap<string, Members | null>;
  readonly warnings: readonly string[];
}

/** A list of what is configured does not fail because the state is out of reach. */
async function membersOf({ state: spec }: Project, streams: readonly Stream[], { signal }: CommandContext): Promise<ToldMembers> {
  const hasAudiences = streams.some((stream) => audienceNames(stream) !== null);
  try {
    await using state = await openState(spec, signal);
    const retired = new Set((await retiredStreams(state, streams, signal)).keys());
    return { told: hasAudiences ? await toldMembers({ state }, streams, signal) : new Map(), retired, warnings: [] };
  } catch (error) {
    if (!(error instanceof SyncError)) throw error;
    const unknown = hasAudiences ? "The members of audiences are" : "Which streams are retired is";
    return { told: new Map(), retired: new Set(), warnings: [`${unknown} not known: ${error.message}`] };
  }
}

function memberTable(streams: readonly Stream[], told: ToldMembers["told"], paint: Paint): readonly string[] {
  const rows = streams.flatMap((stream) =>
    audienceRows(stream, told.get(stream.name) ?? null).map(({ audience, members, configured }) => [
      stream.name,
      configured ? audience : `${audience} (no longer in the model)`,
      members === null ? "-" : count(members),
    ]),
  );
  return rows.length === 0 ? [] : [table([["STREAM", "AUDIENCE", "MEMBERS"].map(paint.faint), ...rows], ["left", "left", "right"])];
}

interface AudienceRow {
  readonly audience: string;
  /** As delivered last; null where it never was. */
  readonly members: number | null;
  readonly configured: boolean;
}

function audienceRows(stream: Stream, told: Members | null): readonly AudienceRow[] {
  const names = audienceNames(stream) ?? [];
  const others = (told ?? []).filter(({ audience }) => !names.includes(audience));
  return [
    ...names.map((name) => ({ audience: name, members: told?.find(({ audience }) => audience === name)?.rows ?? null, configured: true })),
    ...others.map(({ audience, rows }) => ({ audience, members: rows, configured: false })),
  ];
}

function asData(stream: Stream, told: Members | null, now: Date): Readonly<Record<string, unknown>> {
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
    checkpoint: stream.checkpoint === undefined ? null : { ...stream.checkpoint, next: new Slots(stream.checkpoint).after(now) },
    ...(audienceNames(stream) === null ? {} : { audiences: audienceRows(stream, told) }),
    file: stream.file,
  };
}
