import { z } from "zod";
import type { ObjectStore } from "../core/ports.ts";
import { planSchema } from "./documents.ts";
import type { StateKeys } from "./state-keys.ts";
import { createDocument, readDocument, unlessDamaged } from "./state-store.ts";

const HELD = "held.json";
const DECISION = "decision.json";

/** A delta that waits for approval: the plan that would be created, and what stands against it. Beside the staged bytes. */
const heldSchema = z
  .strictObject({
    format: z.literal("spillway/held/1"),
    run: z.string(),
    at: z.iso.datetime(),
    findings: z.array(z.strictObject({ guard: z.string(), text: z.string() }).readonly()).readonly(),
    plan: planSchema,
  })
  .readonly();
export type Held = z.infer<typeof heldSchema>;

/** What was decided about a held run, once and for all. */
const decisionSchema = z
  .strictObject({
    format: z.literal("spillway/decision/1"),
    run: z.string(),
    decision: z.enum(["approved", "rejected"]),
    /** Who decided, as the command line knows them; or the run that took its place. */
    by: z.string(),
    reason: z.string().nullable(),
    at: z.iso.datetime(),
  })
  .readonly();
export type Decision = z.infer<typeof decisionSchema>;

/** A held run and what was decided about it, if anything. */
export interface HeldRun {
  readonly held: Held;
  readonly decision: Decision | null;
}

/** Makes a staged run a held one. */
export async function createHeld(store: ObjectStore, keys: StateKeys, held: Held, signal: AbortSignal): Promise<void> {
  await createDocument(store, keys.staging(held.run) + HELD, held, signal);
}

/** A held run whose bytes are still staged, or null. */
export async function readHeld(store: ObjectStore, keys: StateKeys, run: string, signal: AbortSignal): Promise<HeldRun | null> {
  const held = await readDocument(store, keys.staging(run) + HELD, heldSchema, signal);
  if (held === null) return null;
  return { held, decision: await readDocument(store, keys.staging(run) + DECISION, decisionSchema, signal) };
}

/** Held runs of a stream, decided or not, oldest first. One that is damaged can be neither approved nor waited for, so it is none. */
export async function heldRuns(store: ObjectStore, keys: StateKeys, signal: AbortSignal): Promise<readonly HeldRun[]> {
  const found: HeldRun[] = [];
  for (const key of await store.list(keys.stagingPrefix, signal)) {
    const [run, name] = key.slice(keys.stagingPrefix.length).split("/");
    if (run === undefined || name !== HELD) continue;
    const held = await unlessDamaged(readHeld(store, keys, run, signal));
    if (held !== null) found.push(held);
  }
  return found;
}

/** Decides about a held run; of several who do so at once, one is heard, and all are told what it was. */
export async function decide(store: ObjectStore, keys: StateKeys, decision: Decision, signal: AbortSignal): Promise<Decision> {
  const key = keys.staging(decision.run) + DECISION;
  if ((await createDocument(store, key, decision, signal)) === "created") return decision;
  return (await readDocument(store, key, decisionSchema, signal)) ?? decision;
}
