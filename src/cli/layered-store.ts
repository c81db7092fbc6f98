import { SyncError } from "../core/errors.ts";
import type { ObjectStore } from "../core/ports.ts";

/**
 * A store that reads through to another one and never changes it: what is written lies in `own`, which alone is also what can be deleted. Disposing
 * it closes both. It has no folder of this machine, so nobody writes beside it either.
 */
export function layeredStore(below: ObjectStore, own: ObjectStore): ObjectStore {
  return {
    place: below.place,
    putNew: async (key, body, facts, signal) => {
      const stands = (await below.head(key, signal)).kind === "found";
      return stands ? { kind: "exists", afterUnanswered: false } : await own.putNew(key, body, facts, signal);
    },
    replace: async (key) => await refuse(key),
    head: async (key, signal) => {
      const found = await own.head(key, signal);
      return found.kind === "found" ? found : await below.head(key, signal);
    },
    get: async (key, signal) => (await own.get(key, signal)) ?? (await below.get(key, signal)),
    list: async (prefix, signal) => {
      const keys = [...(await below.list(prefix, signal)), ...(await own.list(prefix, signal))];
      return [...new Set(keys)].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    },
    delete: async (key, signal) => await own.delete(key, signal),
    [Symbol.asyncDispose]: async () => {
      await own[Symbol.asyncDispose]();
      await below[Symbol.asyncDispose]();
    },
  };
}

/** A store of which only the place matters: whatever else is asked of it is refused. */
export function placeAlone({ place }: ObjectStore): ObjectStore {
  return {
    place,
    putNew: refuse,
    replace: refuse,
    head: refuse,
    get: refuse,
    list: refuse,
    delete: refuse,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function refuse(key: string): Promise<never> {
  return await Promise.reject(new SyncError("INTERNAL", `A command that only reads was about to touch ${key}.`));
}
