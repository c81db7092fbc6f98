import { Slots, type ClockNote } from "../../core/slots.ts";
import type { Slot, Stream } from "../../core/types.ts";
import { readCurrent } from "../../state/current.ts";
import type { Current } from "../../state/documents.ts";
import type { Pause } from "../../state/pauses.ts";
import { comingCheckpoints } from "../../sync/checkpoint-due.ts";
import { activePause } from "../../sync/due-slot.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { openProject } from "../open-project.ts";
import { openState } from "../open-state.ts";
import { pauseText } from "../render/pause-text.ts";
import { table } from "../render/table.ts";
import type { StreamChoice } from "../stream-choice.ts";

interface ComingSlot {
  readonly stream: Stream;
  readonly slot: Slot;
  readonly clocks: ClockNote | null;
  readonly pause: Pause | null;
  /** Whether the pause is still in force when the slot comes. */
  readonly isLeftOut: boolean;
  /** Whether its run carries the whole snapshot, by `checkpoint`. */
  readonly isCheckpoint: boolean;
}

const CLOCK_NOTES: Readonly<Record<ClockNote, string>> = {
  skipped: "the clocks skip this time: runs right after the gap",
  twice: "the clocks show this time twice",
  forward: "clocks go forward on this day",
  back: "clocks go back on this day",
};

/** Tells the coming slots of the chosen streams, the soonest first. */
export async function showSchedule(
  options: { readonly choice: StreamChoice; readonly next: number },
  context: CommandContext,
): Promise<CommandOutcome> {
  const { host, paint, signal } = context;
  const { project, streams, warnings } = await openProject(options.choice, "all", context);
  await using state = await openState(project.state, signal);
  const look = { state, clock: host.clock };
  const coming: ComingSlot[] = [];
  for (const stream of streams) {
    if (stream.schedule === undefined || !stream.enabled) continue;
    const slots = slotsOf(stream, stream.schedule, await activePause(look, stream.name, signal), options.next, host.clock.now());
    coming.push(
      ...(stream.checkpoint === undefined ? slots : withCheckpoints(slots, stream, await readCurrent(state, stream.name, signal))),
    );
  }
  coming.sort((a, b) => a.slot.at.getTime() - b.slot.at.getTime());
  const header = ["STREAM", "TIME", "ZONE", "UTC", "NOTE"].map(paint.faint);
  const rows = coming.map((each) => [each.stream.name, ...line(each)]);
  const silent = streams.filter(({ schedule, enabled }) => schedule === undefined || !enabled).map(({ name }) => name);
  const none = silent.length === 0 ? [] : [paint.faint(`Without a schedule, or switched off: ${silent.join(", ")}`)];
  return {
    warnings,
    data: { slots: coming.map(asData) },
    text: [...(rows.length === 0 ? [] : [table([header, ...rows])]), ...none].join("\n"),
  };
}

function slotsOf(
  stream: Stream,
  schedule: NonNullable<Stream["schedule"]>,
  pause: Pause | null,
  count: number,
  now: Date,
): readonly ComingSlot[] {
  const slots = new Slots(schedule);
  const found: ComingSlot[] = [];
  for (const slot of slots.following(now)) {
    if (found.length === count) break;
    const isLeftOut = pause !== null && (pause.until === null || slot.at.getTime() < Date.parse(pause.until));
    found.push({ stream, slot, clocks: slots.clocksAt(slot), pause, isLeftOut, isCheckpoint: false });
  }
  return found;
}

function withCheckpoints(slots: readonly ComingSlot[], stream: Stream, current: Current | null): readonly ComingSlot[] {
  const run = slots.filter(({ isLeftOut }) => !isLeftOut).map(({ slot }) => slot);
  const carriers = comingCheckpoints(stream, current, run);
  return slots.map((each) => ({ ...each, isCheckpoint: carriers.has(each.slot) }));
}

function line({ slot, clocks, pause, isLeftOut, isCheckpoint }: ComingSlot): readonly string[] {
  const day = new Intl.DateTimeFormat("en", { weekday: "short", timeZone: "UTC" }).format(new Date(`${slot.wall}Z`));
  const notes = [
    ...(isCheckpoint ? ["checkpoint"] : []),
    ...(isLeftOut && pause !== null ? [pauseText(pause)] : []),
    ...(clocks === null ? [] : [CLOCK_NOTES[clocks]]),
  ];
  return [`${day} ${slot.wall.replace("T", " ")}`, slot.zone, `${slot.at.toISOString().slice(0, 19)}Z`, notes.join("; ")];
}

function asData({ stream, slot, clocks, pause, isLeftOut, isCheckpoint }: ComingSlot): Readonly<Record<string, unknown>> {
  const { at, wall, zone } = slot;
  return {
    stream: stream.name,
    at,
    wall,
    zone,
    cron: stream.schedule?.cron,
    clocks,
    checkpoint: isCheckpoint,
    paused: isLeftOut,
    pause: isLeftOut ? pauseData(pause) : null,
  };
}

function pauseData(pause: Pause | null): Readonly<Record<string, unknown>> | null {
  return pause === null ? null : { since: pause.since, until: pause.until, reason: pause.reason, by: pause.by };
}
