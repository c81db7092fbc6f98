import { z } from "zod";
import type { ObjectStore } from "../core/ports.ts";
import { stateKeys } from "./state-keys.ts";
import { createDocument } from "./state-store.ts";

/** That what a stream no longer needs was looked through on a day: once a day is often enough, and a listing of names tells. */
const pruneSchema = z
  .strictObject({ format: z.literal("spillway/prune/1"), stream: z.string(), run: z.string(), at: z.iso.datetime(), deleted: z.int() })
  .readonly();

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}

/** Whether a stream was looked through on the day (UTC) of an instant. */
export async function wasPruned(store: ObjectStore, stream: string, at: Date, signal: AbortSignal): Promise<boolean> {
  const keys = stateKeys(stream);
  return (await store.list(keys.prunedPrefix, signal)).includes(keys.pruned(dayOf(at)));
}

/** Notes that a stream was looked through, and lets go of the notes of other days. */
export async function notePruned(
  store: ObjectStore,
  stream: string,
  { run, at, deleted }: { readonly run: string; readonly at: Date; readonly deleted: number },
  signal: AbortSignal,
): Promise<void> {
  const keys = stateKeys(stream);
  const note = pruneSchema.parse({ format: "spillway/prune/1", stream, run, at: at.toISOString(), deleted });
  const today = keys.pruned(dayOf(at));
  await createDocument(store, today, note, signal);
  for (const key of await store.list(keys.prunedPrefix, signal)) if (key !== today) await store.delete(key, signal);
}
