import { SyncError } from "../../src/core/errors.ts";
import type { ObjectStore } from "../../src/core/ports.ts";

/** A store whose changes fail from the nth on, as if the process had been killed before it. */
export function failingStore(store: ObjectStore, from: number): ObjectStore {
  let changes = 0;
  const killed = (): boolean => (changes += 1) >= from;
  const end = (): Promise<never> => Promise.reject(new SyncError("STATE_UNAVAILABLE", "the test ended this process"));
  return {
    place: store.place,
    putNew: (key, body, facts, signal) => (killed() ? end() : store.putNew(key, body, facts, signal)),
    replace: (key, body, facts, signal) => (killed() ? end() : store.replace(key, body, facts, signal)),
    head: (key, signal) => store.head(key, signal),
    get: (key, signal) => store.get(key, signal),
    list: (prefix, signal) => store.list(prefix, signal),
    delete: (key, signal) => (killed() ? end() : store.delete(key, signal)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
    ...(store.pathOf === undefined ? {} : { pathOf: store.pathOf }),
  };
}
