import { SyncError } from "../../core/errors.ts";
import type { Stream } from "../../core/types.ts";
import type { Pause } from "../../state/pauses.ts";
import { pauseStream, resumeStream } from "../../sync/pause-stream.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { openProject } from "../open-project.ts";
import { openState } from "../open-state.ts";
import { parseInstant } from "../parse-slot.ts";
import { personAt } from "../person-at.ts";
import { pauseText } from "../render/pause-text.ts";
import type { StreamChoice } from "../stream-choice.ts";

/** What `sync pause` was asked for. */
export interface PauseOptions {
  readonly choice: StreamChoice;
  /** An instant; null: until `sync resume`. */
  readonly until: string | null;
  readonly reason: string | null;
}

/** Stops the schedules of the chosen streams; runs by hand go on as ever. */
export async function pauseSchedules(options: PauseOptions, context: CommandContext): Promise<CommandOutcome> {
  const { host, signal } = context;
  const until = parseInstant("--until", options.until);
  if (until !== null && until <= host.clock.now()) {
    throw new SyncError("USAGE", `--until ${options.until} has passed already.`, { hint: "Name an instant that is still to come." });
  }
  const request = { until, reason: options.reason, by: personAt(host) };
  return await eachStream(options.choice, context, async (deps, stream) => {
    const pause = await pauseStream(deps, stream.name, request, signal);
    const unscheduled = stream.schedule === undefined ? "; it has no schedule, so nothing changes for now" : "";
    return { pause, text: pause === null ? "" : `${stream.name}  ${pauseText(pause)}${unscheduled}` };
  });
}

/** Lets the schedules of the chosen streams go on. Slots that came due meanwhile are not made up for. */
export async function resumeSchedules(options: { readonly choice: StreamChoice }, context: CommandContext): Promise<CommandOutcome> {
  const by = personAt(context.host);
  return await eachStream(options.choice, context, async (deps, stream) => {
    const ended = await resumeStream(deps, stream.name, by, context.signal);
    return { pause: ended, text: `${stream.name}  ${ended === null ? "was not paused" : "goes on with its next slot"}` };
  });
}

async function eachStream(
  choice: StreamChoice,
  context: CommandContext,
  change: (deps: Parameters<typeof pauseStream>[0], stream: Stream) => Promise<{ readonly pause: Pause | null; readonly text: string }>,
): Promise<CommandOutcome> {
  const { host, signal } = context;
  const { project, streams, warnings } = await openProject(choice, "refuse", context);
  await using state = await openState(project.state, signal);
  const changed: { readonly stream: string; readonly pause: Pause | null; readonly text: string }[] = [];
  for (const stream of streams) changed.push({ stream: stream.name, ...(await change({ state, clock: host.clock }, stream)) });
  return {
    warnings,
    data: { streams: changed.map(({ stream, pause }) => ({ stream, ...asData(pause, host.clock.now()) })) },
    text: changed.map(({ text }) => text).join("\n"),
  };
}

function asData(pause: Pause | null, now: Date): Readonly<Record<string, unknown>> {
  if (pause === null) return { paused: false, since: null, until: null, reason: null, by: null };
  const { paused, since, until, reason, by } = pause;
  return { paused: paused && (until === null || now.getTime() < Date.parse(until)), since, until, reason, by };
}
