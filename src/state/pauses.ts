import { z } from "zod";
import type { ObjectStore } from "../core/ports.ts";
import { numberOf, stateKeys } from "./state-keys.ts";
import { createDocument, readDocument } from "./state-store.ts";

const KEPT = 2;

/** One entry of the sequence that tells whether a stream's schedule is paused; the highest number counts. */
const pauseSchema = z
  .strictObject({
    format: z.literal("spillway/pause/1"),
    stream: z.string(),
    seq: z.int().nonnegative(),
    paused: z.boolean(),
    /** When the pause began. */
    since: z.iso.datetime(),
    /** When it ends by itself, or ended because somebody resumed the schedule. */
    until: z.iso.datetime().nullable(),
    reason: z.string().nullable(),
    by: z.string(),
    at: z.iso.datetime(),
  })
  .readonly();
export type Pause = z.infer<typeof pauseSchema>;

/** The pause that counts, whether it is over or not; null: there never was one. */
export async function readPause(store: ObjectStore, stream: string, signal: AbortSignal): Promise<Pause | null> {
  const keys = stateKeys(stream);
  for (;;) {
    const seqs = (await store.list(keys.pausePrefix, signal)).map(numberOf).filter((seq) => seq !== null);
    if (seqs.length === 0) return null;
    const found = await readDocument(store, keys.pause(Math.max(...seqs)), pauseSchema, signal);
    // null: it was deleted between the listing and the reading, so a higher one stands there.
    if (found !== null) return found;
  }
}

/** Adds an entry after the one that counts; who comes second is told the first one's and decides anew. */
export async function writePause(
  store: ObjectStore,
  stream: string,
  make: (before: Pause | null) => Omit<Pause, "format" | "stream" | "seq"> | null,
  signal: AbortSignal,
): Promise<Pause | null> {
  const keys = stateKeys(stream);
  for (;;) {
    const before = await readPause(store, stream, signal);
    const made = make(before);
    if (made === null) return before;
    const next: Pause = { ...made, format: "spillway/pause/1", stream, seq: (before?.seq ?? -1) + 1 };
    if ((await createDocument(store, keys.pause(next.seq), next, signal)) === "exists") continue;
    const entries = await store.list(keys.pausePrefix, signal);
    for (const key of entries.slice(0, -KEPT)) await store.delete(key, signal);
    return next;
  }
}

/** Whether a pause is in force at an instant. */
export function isPaused(pause: Pause | null, at: Date): pause is Pause {
  if (pause === null || at.getTime() < Date.parse(pause.since)) return false;
  return pause.until === null || at.getTime() < Date.parse(pause.until);
}
