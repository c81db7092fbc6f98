import { createHash } from "node:crypto";
import { z } from "zod";
import type { ObjectStore } from "../core/ports.ts";
import { stateKeys } from "./state-keys.ts";
import { createDocument, readDocument, unlessDamaged } from "./state-store.ts";

/** Which run a key of a caller started. The key itself is not kept: it may name what is nobody's business here. */
const triggerSchema = z
  .strictObject({ format: z.literal("spillway/trigger/1"), stream: z.string(), run: z.string(), at: z.iso.datetime() })
  .readonly();
export type RunTrigger = z.infer<typeof triggerSchema>;

/** Keeps which run a key starts; of several who do so at once one is heard, and all are told which run it is. */
export async function keepTrigger(
  store: ObjectStore,
  key: string,
  wanted: Omit<RunTrigger, "format">,
  signal: AbortSignal,
): Promise<{ readonly trigger: RunTrigger; readonly isNew: boolean }> {
  const at = stateKeys(wanted.stream).trigger(createHash("sha256").update(key).digest("hex"));
  const trigger: RunTrigger = { format: "spillway/trigger/1", ...wanted };
  if ((await createDocument(store, at, trigger, signal)) === "created") return { trigger, isNew: true };
  return { trigger: (await readDocument(store, at, triggerSchema, signal)) ?? trigger, isNew: false };
}

/** When the requests with these keys of the state root were made; one that cannot be read is left out. */
export async function triggerTimes(store: ObjectStore, keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Date>> {
  const times = new Map<string, Date>();
  for (const key of keys) {
    const trigger = await unlessDamaged(readDocument(store, key, triggerSchema, signal));
    if (trigger !== null) times.set(key, new Date(trigger.at));
  }
  return times;
}
