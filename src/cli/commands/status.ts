import { count } from "../../core/readable.ts";
import { Slots } from "../../core/slots.ts";
import type { Slot, Stream } from "../../core/types.ts";
import type { Pause } from "../../state/pauses.ts";
import { activePause } from "../../sync/due-slot.ts";
import { streamStatus, type StreamStatus } from "../../sync/stream-status.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { openProject } from "../open-project.ts";
import { openState } from "../open-state.ts";
import type { Paint } from "../paint.ts";
import { slotText } from "../render/due-text.ts";
import { ago, second } from "../render/numbers.ts";
import { pauseText } from "../render/pause-text.ts";
import { runData } from "../render/run-data.ts";
import { type Align, table } from "../render/table.ts";
import type { StreamChoice } from "../stream-choice.ts";

const HEADER = ["STREAM", "STATE", "LAST DELIVERY", "ADDED", "CHANGED", "REMOVED", "LAST RUN"];
const ALIGN: readonly Align[] = ["left", "left", "left", "right", "right", "right", "left"];

interface NextRun {
  readonly next: Slot | null;
  readonly pause: Pause | null;
  readonly text: string;
}

/** One line per stream: how it stands, what was delivered last, and how its last run went. */
export async function showStatus(options: { readonly choice: StreamChoice }, context: CommandContext): Promise<CommandOutcome> {
  const { project, streams, warnings } = await openProject(options.choice, "all", context);
  await using state = await openState(project.state, context.signal);
  const names = streams.map((stream) => stream.name);
  const statuses = await streamStatus({ state }, names, context.signal);
  const now = context.host.clock.now();
  const off = new Set(streams.filter((stream) => !stream.enabled).map((stream) => stream.name));
  const times = await schedules(streams, { state, clock: context.host.clock }, context);
  const readsEvents = streams.some((stream) => stream.mode === "append");
  const rows = statuses.map((status) => [
    ...line(status, off.has(status.stream), now, context.paint),
    ...(times.size > 0 ? [times.get(status.stream)?.text ?? "-"] : []),
    ...(readsEvents ? [status.watermark === null ? "-" : `${second(status.watermark.upTo)} UTC`] : []),
  ]);
  const header = [...HEADER, ...(times.size > 0 ? ["NEXT"] : []), ...(readsEvents ? ["READ UP TO"] : [])].map(context.paint.faint);
  return {
    warnings,
    data: { streams: statuses.map((status) => asData(status, times)) },
    text: table([header, ...rows], [...ALIGN, "left", "left"]),
  };
}

function line(status: StreamStatus, isOff: boolean, now: Date, paint: Paint): readonly string[] {
  const { lastDelivery: delivery, lastRun: run } = status;
  const counts = delivery?.counts;
  return [
    status.stream,
    isOff ? paint.faint("disabled") : stateText(status, paint),
    delivery === null ? "-" : `gen ${delivery.generation} · ${ago(delivery.endedAt ?? delivery.startedAt, now)}`,
    ...(["added", "changed", "removed"] as const).map((name) => (counts == null ? "-" : count(counts[name]))),
    run === null ? "-" : `${run.status}${run.error === null ? "" : ` ${run.error.code}`} · ${ago(run.startedAt, now)}`,
  ];
}

function stateText({ state, openGeneration }: StreamStatus, paint: Paint): string {
  switch (state) {
    case "ok":
      return paint.good(state);
    case "new":
    case "retired":
      return state;
    case "unfinished":
      return paint.warning(`unfinished gen ${openGeneration}`);
    case "held":
      return paint.warning(state);
    case "failed":
      return paint.bad(state);
  }
}

/** When the streams that have a schedule run next. */
async function schedules(
  streams: readonly Stream[],
  look: Parameters<typeof activePause>[0],
  { paint, signal }: CommandContext,
): Promise<ReadonlyMap<string, NextRun>> {
  const found = new Map<string, NextRun>();
  for (const { name, schedule, enabled } of streams) {
    if (schedule === undefined || !enabled) continue;
    const pause = await activePause(look, name, signal);
    const next = pause === null ? new Slots(schedule).after(look.clock.now()) : null;
    const text = pause === null ? (next === null ? "never" : slotText(next)) : paint.warning(pauseText(pause));
    found.set(name, { next, pause, text });
  }
  return found;
}

function asData(
  { lastRun, lastDelivery, ...status }: StreamStatus,
  times: ReadonlyMap<string, NextRun>,
): Readonly<Record<string, unknown>> {
  const { next = null, pause = null } = times.get(status.stream) ?? {};
  return {
    next: next === null ? null : { at: next.at, wall: next.wall, zone: next.zone },
    pause: pause === null ? null : { since: pause.since, until: pause.until, reason: pause.reason, by: pause.by },
    ...status,
    lastRun: lastRun === null ? null : runData(lastRun),
    lastDelivery: lastDelivery === null ? null : runData(lastDelivery),
  };
}
