import { SyncError } from "../core/errors.ts";
import type { ObjectStore } from "../core/ports.ts";
import { currentSchema, type Current } from "./documents.ts";
import { stateMoved } from "./root-marks.ts";
import { numberOf, stateKeys, type StateKeys } from "./state-keys.ts";
import { createDocument, damaged, readDocument } from "./state-store.ts";

/** How many entries of CURRENT are kept; two would be enough for safety. */
const KEPT = 5;

/** CURRENT of a stream: the entry with the highest number, or null where the stream has none and nothing else either. STATE_MOVED where it went elsewhere. */
export async function readCurrent(store: ObjectStore, stream: string, signal: AbortSignal): Promise<Current | null> {
  const current = await readLastEntry(store, stream, signal);
  if (current?.moved !== undefined) throw stateMoved(stream, current.moved);
  return current;
}

/** As `readCurrent`, also where that says that the root went elsewhere: for who copies it. */
export async function readLastEntry(store: ObjectStore, stream: string, signal: AbortSignal): Promise<Current | null> {
  const keys = stateKeys(stream);
  for (;;) {
    const highest = await highestSeq(store, keys, signal);
    if (highest === null) {
      const remains = await findRemains(store, keys, signal);
      if (remains === null) return null;
      // A first run may have begun between the two looks.
      if ((await highestSeq(store, keys, signal)) !== null) continue;
      throw damaged(keys.currentPrefix, `is empty, yet ${remains} stands beside it`);
    }
    const current = await readDocument(store, keys.current(highest), currentSchema, signal);
    // null: it was pruned between the listing and the reading, so a higher one stands there.
    if (current === null) continue;
    if (current.seq !== highest) throw damaged(keys.current(highest), `says that it is entry ${current.seq}`);
    return current;
  }
}

async function highestSeq(store: ObjectStore, keys: StateKeys, signal: AbortSignal): Promise<number | null> {
  const seqs = (await store.list(keys.currentPrefix, signal)).map(numberOf).filter((seq) => seq !== null);
  return seqs.length === 0 ? null : Math.max(...seqs);
}

/** Plans or logs without CURRENT mean that CURRENT was lost: taking that for a first run would tell everything twice. */
async function findRemains(store: ObjectStore, keys: StateKeys, signal: AbortSignal): Promise<string | null> {
  for (const prefix of [keys.planPrefix, keys.logPrefix, keys.basePrefix]) {
    const [remains] = await store.list(prefix, signal);
    if (remains !== undefined) return remains;
  }
  return null;
}

/**
 * Swaps CURRENT: creates the entry after `from`, then looks that nothing higher stands there (an old number may have been pruned and
 * be free again). `conflict`: somebody else swapped first.
 */
export async function swapCurrent(
  store: ObjectStore,
  stream: string,
  from: number,
  next: Current,
  signal: AbortSignal,
): Promise<"swapped" | "conflict"> {
  const keys = stateKeys(stream);
  if (next.seq !== from + 1) throw new SyncError("INTERNAL", "A swap creates the entry after the one it was computed from.");
  if ((await createDocument(store, keys.current(next.seq), next, signal)) === "exists") return "conflict";
  return (await highestSeq(store, keys, signal)) === next.seq ? "swapped" : "conflict";
}

/** Creates the first entry of CURRENT; `exists` when another host was quicker. */
export function createCurrent(store: ObjectStore, stream: string, first: Current, signal: AbortSignal): Promise<"created" | "exists"> {
  return createDocument(store, stateKeys(stream).current(first.seq), first, signal);
}

/** Deletes old entries of CURRENT, never the newest few. */
export async function pruneCurrent(store: ObjectStore, stream: string, signal: AbortSignal): Promise<void> {
  const entries = await store.list(stateKeys(stream).currentPrefix, signal);
  for (const key of entries.slice(0, -KEPT)) await store.delete(key, signal);
}
