import type { Clock } from "../core/clock.ts";
import type { ObjectStore } from "../core/ports.ts";
import type { Slots } from "../core/slots.ts";
import type { Slot, Stream } from "../core/types.ts";
import { isPaused, readPause, type Pause } from "../state/pauses.ts";
import { listRuns, readRun } from "../state/run-records.ts";
import { lastSettled, settledSlots, settleSlot, type SlotEnd } from "../state/slot-ledger.ts";
import { closingOf } from "./retired-streams.ts";

/** A slot that is begun so much later than its instant is late; under `catch_up: none` it is left out. */
const ON_TIME_MS = 15 * 60_000;
/** More missed slots than these are not counted. */
const COUNTED = 1000;

/** What a look at the slots on record comes to. */
export type DueSlot =
  /** Nothing is to be run now; `slot`: one that waits until the stream is resumed. */
  | { readonly kind: "idle"; readonly waits: Slot | null }
  /** The slot is to be run, and stands for the `coalesced` ones before it as well. */
  | { readonly kind: "due"; readonly slot: Slot; readonly coalesced: number }
  /** The slot, and the ones before it, will not be run, and that is on record now. */
  | { readonly kind: "missed"; readonly slot: Slot; readonly count: number; readonly why: "paused" | "downtime" };

/** What the look needs. */
export interface SlotLook {
  readonly state: ObjectStore;
  readonly clock: Clock;
  readonly stream: Stream;
  readonly slots: Slots;
}

/**
 * What of a stream's schedule is to be run now: the newest slot that came due and is not done with, or nothing. A schedule begins when
 * it is looked at for the first time, so a new model does not run for a slot of yesterday.
 */
export async function dueSlot(look: SlotLook, signal: AbortSignal): Promise<DueSlot> {
  const { state, clock, stream, slots } = look;
  const now = clock.now();
  const last = lastSettled(await settledSlots(state, stream.name, signal), now);
  if (last === null) {
    await settle(look, { at: now, wall: now.toISOString().slice(0, 19), zone: "UTC" }, "enrolled", signal);
    return { kind: "idle", waits: null };
  }
  const slot = slots.latest(new Date(last.getTime() + 1), now);
  if (slot === null) return { kind: "idle", waits: null };
  const count = countSlots(slots, last, slot);
  const pause = await readPause(state, stream.name, signal);
  if (isPaused(pause, slot.at)) return await miss(look, { slot, count, why: "paused" }, signal);
  // It came due before the pause began: what is paused is left alone, retries included.
  if (isPaused(pause, now)) return { kind: "idle", waits: slot };
  const isLate = now.getTime() - slot.at.getTime() > ON_TIME_MS;
  if (isLate && stream.schedule?.catchUp === "none" && !(await wasBegun(look, slot, signal))) {
    return await miss(look, { slot, count, why: "downtime" }, signal);
  }
  // Who closed the stream wants none of its slots; opened again, it runs the newest.
  if ((await closingOf(state, stream.name, signal)) !== null) return { kind: "idle", waits: slot };
  return { kind: "due", slot, coalesced: count - 1 };
}

/** The pause of a stream that is in force, or null. */
export async function activePause(look: Pick<SlotLook, "state" | "clock">, stream: string, signal: AbortSignal): Promise<Pause | null> {
  const pause = await readPause(look.state, stream, signal);
  return isPaused(pause, look.clock.now()) ? pause : null;
}

async function miss(
  look: SlotLook,
  missed: { readonly slot: Slot; readonly count: number; readonly why: "paused" | "downtime" },
  signal: AbortSignal,
): Promise<DueSlot> {
  await settle(look, missed.slot, missed.why === "paused" ? "paused" : "missed", signal);
  return { kind: "missed", ...missed };
}

function countSlots(slots: Slots, after: Date, last: Slot): number {
  let count = 0;
  for (const { at } of slots.following(after)) {
    if (at.getTime() > last.at.getTime() || count === COUNTED) break;
    count += 1;
  }
  return count;
}

/** A slot whose run began and did not end well is run again, however late that is. */
async function wasBegun({ state, stream }: SlotLook, slot: Slot, signal: AbortSignal): Promise<boolean> {
  const newest = (await listRuns(state, signal)).find((name) => name.stream === stream.name);
  const record = newest === undefined ? null : await readRun(state, newest, signal);
  return record?.scheduled !== undefined && record.slot === slot.at.toISOString();
}

async function settle({ state, clock, stream }: SlotLook, { at, wall, zone }: Slot, end: SlotEnd, signal: AbortSignal): Promise<void> {
  const whole = new Date(Math.floor(at.getTime() / 1000) * 1000).toISOString();
  const settledAt = clock.now().toISOString();
  await settleSlot(state, { format: "spillway/slot/1", stream: stream.name, at: whole, wall, zone, end, run: null, settledAt }, signal);
}
