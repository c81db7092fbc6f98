import { z } from "zod";
import type { ObjectStore } from "../core/ports.ts";
import { stateKeys, type StateKeys } from "./state-keys.ts";
import { createDocument } from "./state-store.ts";

// One document a slot that is done with, created once. The names alone tell which; a listing is all that is ever read.

/** How many entries before the last one are kept, for people. */
const KEPT = 4;

/** How a slot was done with: as its run ended, or without a run. `enrolled`: no slot, but the beginning of the schedule. */
const SLOT_ENDS = ["delivered", "unchanged", "baselined", "superseded", "held", "failed", "missed", "paused", "enrolled"] as const;
export type SlotEnd = (typeof SLOT_ENDS)[number];

const settledSlotSchema = z
  .strictObject({
    format: z.literal("spillway/slot/1"),
    stream: z.string(),
    at: z.iso.datetime(),
    wall: z.string(),
    zone: z.string(),
    end: z.enum(SLOT_ENDS),
    run: z.string().nullable(),
    settledAt: z.iso.datetime(),
  })
  .readonly();
export type SettledSlot = z.infer<typeof settledSlotSchema>;

/** Notes that a slot is done with. Of several who do so at once one is heard, and all of them were right. */
export async function settleSlot(store: ObjectStore, settled: SettledSlot, signal: AbortSignal): Promise<"created" | "exists"> {
  const key = stateKeys(settled.stream).slot(new Date(settled.at));
  return await createDocument(store, key, settledSlotSchema.parse(settled), signal);
}

/** The slots of a stream that are done with, oldest first. */
export async function settledSlots(store: ObjectStore, stream: string, signal: AbortSignal): Promise<readonly Date[]> {
  const keys = stateKeys(stream);
  return (await store.list(keys.slotPrefix, signal)).flatMap((key) => slotOfKey(keys, key) ?? []);
}

/**
 * The newest slot that is done with, of those that are not in the future: a clock that was wrong once leaves such entries, and they
 * must not keep the slots before them from being run.
 */
export function lastSettled(settled: readonly Date[], now: Date): Date | null {
  return settled.findLast((at) => at.getTime() <= now.getTime()) ?? null;
}

/** Whether a slot is done with: itself, or a later one that stands for it. */
export function isSettled(settled: readonly Date[], slot: Date, now: Date): boolean {
  const last = lastSettled(settled, now);
  return (last !== null && last.getTime() >= slot.getTime()) || settled.some((at) => at.getTime() === slot.getTime());
}

/** Deletes old entries, never the newest few. */
export async function pruneSlots(
  store: ObjectStore,
  stream: string,
  settled: readonly Date[],
  now: Date,
  signal: AbortSignal,
): Promise<void> {
  const past = settled.filter((at) => at.getTime() <= now.getTime());
  const keys = stateKeys(stream);
  for (const at of past.slice(0, -(KEPT + 1))) await store.delete(keys.slot(at), signal);
}

function slotOfKey(keys: StateKeys, key: string): Date | null {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.json$/.exec(key.slice(keys.slotPrefix.length));
  if (parts === null) return null;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second));
}
