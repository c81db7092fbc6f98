import { SyncError } from "../core/errors.ts";
import type { ObjectStore } from "../core/ports.ts";
import { readLastEntry, swapCurrent } from "../state/current.ts";
import { currentSchema, type Current, movedSchema, type MovedMark, type Plan } from "../state/documents.ts";
import { readPlan } from "../state/plans.ts";
import { type StateKeys, stateKeys } from "../state/state-keys.ts";
import { createDocument, readDocument, unlessDamaged } from "../state/state-store.ts";
import { deliveries } from "./deliver-plan.ts";

/** A stream of a root that went elsewhere, as it stood at the last. */
export interface ClosedStream {
  readonly stream: string;
  /** The last entry of CURRENT before the one that says so. */
  readonly current: Current;
  /** The delivery that is under way, which goes on at the new place. */
  readonly open: Plan | null;
  /** Objects of it (their place in the order of delivery) that are known to have arrived. */
  readonly marked: ReadonlySet<number>;
  /** Keys that hold nothing but the word that the root went elsewhere. */
  readonly marks: ReadonlySet<string>;
}

/**
 * Sees to it that no host, however long it slept, tells anything of a stream from this root again. CURRENT first: nothing can be promoted after that.
 * Then the next generation's plan: it is either there, and goes along, or none can be made any more. Then the marks of a delivery under way: a host that
 * looks at one takes its object for delivered and goes on to CURRENT, which stops it. Null for a stream that was never opened.
 */
export async function closeStream(store: ObjectStore, stream: string, mark: MovedMark, signal: AbortSignal): Promise<ClosedStream | null> {
  const keys = stateKeys(stream);
  const current = await closeCurrent(store, keys, mark, signal);
  if (current === null) return null;
  const marks = new Set<string>();
  const generation = current.generation + 1;
  const key = keys.plan(generation);
  if ((await planUnderWay(store, keys, generation, signal)) === null) await createDocument(store, key, mark, signal);
  // Whoever was first: a plan that a host made in between goes along, the word that there is none stays.
  const open = await planUnderWay(store, keys, generation, signal);
  if (open === null) return { stream, current, open, marked: new Set(), marks: marks.add(key) };
  const marked = new Set<number>();
  for (const { index } of deliveries(open)) {
    const at = keys.mark(generation, index);
    await createDocument(store, at, mark, signal);
    if ((await unlessDamaged(readDocument(store, at, movedSchema, signal))) === null) marked.add(index);
    else marks.add(at);
  }
  return { stream, current, open, marked, marks };
}

/** Adds the last entry of CURRENT, and returns the one before it. */
async function closeCurrent(store: ObjectStore, keys: StateKeys, mark: MovedMark, signal: AbortSignal): Promise<Current | null> {
  for (;;) {
    const last = await readLastEntry(store, keys.stream, signal);
    if (last === null) return null;
    if (last.moved !== undefined) return await entryBefore(store, keys, last, signal);
    const { run, to, at } = mark;
    const next: Current = { ...last, seq: last.seq + 1, run, at, reason: "moved", moved: { to, at } };
    if ((await swapCurrent(store, keys.stream, last.seq, next, signal)) === "swapped") return last;
  }
}

async function entryBefore(store: ObjectStore, keys: StateKeys, last: Current, signal: AbortSignal): Promise<Current> {
  const before = await readDocument(store, keys.current(last.seq - 1), currentSchema, signal);
  if (before !== null) return before;
  throw new SyncError("STATE_DAMAGED", `${keys.current(last.seq - 1)}, which is to be copied, is gone from the old state root.`, {
    hint: "Restore it from a backup of the state root, then run the same command again.",
    context: { stream: keys.stream },
  });
}

/** The plan of a generation; null where there is none, or nothing but the word that none can come. */
export async function planUnderWay(store: ObjectStore, keys: StateKeys, generation: number, signal: AbortSignal): Promise<Plan | null> {
  try {
    return await readPlan(store, keys, generation, signal);
  } catch (error) {
    if (error instanceof SyncError && error.code === "STATE_MOVED") return null;
    throw error;
  }
}
