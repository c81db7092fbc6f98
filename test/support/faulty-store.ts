import { SyncError } from "../../src/core/errors.ts";
import type { ObjectBody, ObjectFacts, ObjectStore, PutOutcome } from "../../src/core/ports.ts";

/** What happens to one PUT: its reply is lost although it arrived or before it did, it fails, or another's object is there first. */
export type PutFault = "pass" | "lost_arrived" | "lost_never" | "fail";

/** What a test does to a store. */
export interface Faults {
  /** Decides about the nth PUT (from 1) at a key; both are counted over the life of the store. */
  put?: (nth: number, key: string) => PutFault | Promise<PutFault>;
  /** The credentials may only write. */
  writeOnly?: boolean;
}

/** Every object that was ever created, by key, with the bytes it was created with. */
export interface History {
  readonly created: { readonly key: string; readonly sha256: string }[];
  puts: number;
}

/** A store that loses replies and refuses looks as told, and remembers every object that was ever created through it. */
export function faultyStore(store: ObjectStore, faults: Faults, history: History = { created: [], puts: 0 }): ObjectStore {
  const denied = (): Promise<never> => Promise.reject(new SyncError("DESTINATION_UNAVAILABLE", "denied"));
  const put = async (key: string, body: ObjectBody, facts: ObjectFacts | null, signal: AbortSignal): Promise<PutOutcome> => {
    history.puts += 1;
    const fault = (await faults.put?.(history.puts, key)) ?? "pass";
    if (fault === "fail") throw new SyncError("DESTINATION_UNAVAILABLE", "the test made this fail", { retry: "transient" });
    if (fault === "lost_never") return { kind: "unanswered", cause: new Error("lost") };
    const outcome = await store.putNew(key, body, facts, signal);
    if (outcome.kind === "created") history.created.push({ key, sha256: body.sha256 });
    return fault === "lost_arrived" ? { kind: "unanswered", cause: new Error("lost") } : outcome;
  };
  const reads =
    faults.writeOnly === true
      ? { head: () => Promise.resolve({ kind: "forbidden" } as const), get: denied, list: denied, delete: denied }
      : {};
  const kept: ObjectStore = {
    place: store.place,
    putNew: put,
    replace: (key, body, facts, signal) => store.replace(key, body, facts, signal),
    head: (key, signal) => store.head(key, signal),
    get: (key, signal) => store.get(key, signal),
    list: (prefix, signal) => store.list(prefix, signal),
    delete: (key, signal) => store.delete(key, signal),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    ...(store.pathOf === undefined ? {} : { pathOf: store.pathOf }),
  };
  return { ...kept, ...reads };
}
