import type { ObjectStore } from "../core/ports.ts";
import { movedSchema, planSchema, type Plan } from "./documents.ts";
import { stateMoved } from "./root-marks.ts";
import type { StateKeys } from "./state-keys.ts";
import { createDocument, damaged, hasDocument, isDamage, readDocument, unlessDamaged } from "./state-store.ts";

/** Creates the plan of a generation: from here on exactly these bytes are delivered. `exists`: another run's plan stands there. */
export async function createPlan(store: ObjectStore, keys: StateKeys, plan: Plan, signal: AbortSignal): Promise<"created" | "exists"> {
  if (await isPlanLost(store, keys, plan.generation, signal))
    throw damaged(keys.plan(plan.generation), "is gone, yet objects of it are marked as delivered");
  return await createDocument(store, keys.plan(plan.generation), plan, signal);
}

/** Whether the plan of a generation is gone although some of it was delivered: another plan must not take its place. */
export async function isPlanLost(store: ObjectStore, keys: StateKeys, generation: number, signal: AbortSignal): Promise<boolean> {
  // A mark is younger than its plan, so the plan is looked for last.
  if ((await store.list(keys.marksPrefix(generation), signal)).length === 0) return false;
  return !(await hasDocument(store, keys.plan(generation), signal));
}

/** The plan of a generation, or null. STATE_MOVED where none can come any more because the root went elsewhere. */
export async function readPlan(store: ObjectStore, keys: StateKeys, generation: number, signal: AbortSignal): Promise<Plan | null> {
  const key = keys.plan(generation);
  const plan = await readDocument(store, key, planSchema, signal).catch(async (error: unknown) => {
    const moved = isDamage(error) ? await unlessDamaged(readDocument(store, key, movedSchema, signal)) : null;
    throw moved === null ? error : stateMoved(keys.stream, moved);
  });
  if (plan !== null && (plan.generation !== generation || plan.stream !== keys.stream)) {
    throw damaged(key, `is the plan of ${plan.stream}, generation ${plan.generation}`);
  }
  return plan;
}

/** What is known in the state root about one object of a plan; `object` counts from 0, the manifest comes last. */
export class ObjectNotes {
  readonly #store: ObjectStore;
  readonly #keys: StateKeys;
  readonly #generation: number;
  readonly #object: number;

  constructor(store: ObjectStore, keys: StateKeys, generation: number, object: number) {
    this.#store = store;
    this.#keys = keys;
    this.#generation = generation;
    this.#object = object;
  }

  /** Whether the object was confirmed: it is never sent again. */
  isMarked(signal: AbortSignal): Promise<boolean> {
    return hasDocument(this.#store, this.#keys.mark(this.#generation, this.#object), signal);
  }

  /** Confirms the object. */
  async mark(note: object, signal: AbortSignal): Promise<void> {
    await createDocument(this.#store, this.#keys.mark(this.#generation, this.#object), note, signal);
  }

  /** Records an attempt before its PUT; `attempt` is unique to it. */
  async recordAttempt(attempt: string, note: object, signal: AbortSignal): Promise<void> {
    await createDocument(this.#store, this.#keys.attempt(this.#generation, this.#object, attempt), note, signal);
  }

  /** Whether another attempt than this one is on record. */
  async hasOtherAttempt(attempt: string, signal: AbortSignal): Promise<boolean> {
    const own = this.#keys.attempt(this.#generation, this.#object, attempt);
    return (await this.#store.list(this.#keys.triesPrefix(this.#generation, this.#object), signal)).some((key) => key !== own);
  }

  /** Whether somebody else's object was found under the key. */
  isForeign(signal: AbortSignal): Promise<boolean> {
    return hasDocument(this.#store, this.#keys.foreign(this.#generation, this.#object), signal);
  }

  /** Records that somebody else's object stands under the key. */
  async markForeign(note: object, signal: AbortSignal): Promise<void> {
    await createDocument(this.#store, this.#keys.foreign(this.#generation, this.#object), note, signal);
  }
}
