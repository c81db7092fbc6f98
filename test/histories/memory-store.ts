import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { ObjectBody, ObjectFacts, ObjectStore, Place, PutOutcome } from "../../src/core/ports.ts";

/** An object in memory. */
export interface StoredObject {
  readonly bytes: Buffer;
  readonly facts: ObjectFacts | null;
}

/** Objects in memory; the map can be replaced under the stores that are open on it. */
export interface Bucket {
  objects: Map<string, StoredObject>;
}

/** Objects in memory that keep the contract of every store: create-once, hashes checked, keys in UTF-8 order. */
export function memoryStore(bucket: Bucket, place: Place): ObjectStore {
  const read = async (key: string, body: ObjectBody): Promise<Buffer> => {
    const bytes = await buffer(body.open());
    if (createHash("sha256").update(bytes).digest("hex") !== body.sha256) throw new Error(`${key} is not what its hash says`);
    return bytes;
  };
  return {
    place,
    putNew: async (key, body, facts): Promise<PutOutcome> => {
      const bytes = await read(key, body);
      if (bucket.objects.has(key)) return { kind: "exists", afterUnanswered: false };
      bucket.objects.set(key, { bytes, facts });
      return { kind: "created" };
    },
    replace: async (key, body, facts) => {
      bucket.objects.set(key, { bytes: await read(key, body), facts });
      return { kind: "created" };
    },
    head: (key) => {
      const found = bucket.objects.get(key);
      return Promise.resolve(found === undefined ? { kind: "missing" } : { kind: "found", size: found.bytes.length, facts: found.facts });
    },
    get: (key) => {
      const found = bucket.objects.get(key);
      return Promise.resolve(found === undefined ? null : Readable.from([found.bytes]));
    },
    list: (prefix) => {
      const keys = [...bucket.objects.keys()].filter((key) => key.startsWith(prefix));
      return Promise.resolve(keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    },
    delete: (key) => {
      bucket.objects.delete(key);
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
