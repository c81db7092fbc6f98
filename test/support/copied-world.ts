import { expect } from "vitest";
import type { ObjectStore } from "../../src/core/ports.ts";
import type { SyncDeps } from "../../src/sync/sync-deps.ts";
import { type Bucket, memoryStore } from "../histories/memory-store.ts";
import type { World } from "./protocol-world.ts";

/** An empty place for a state root, in memory. */
export function elsewhere(bucket = "new"): ObjectStore {
  const objects: Bucket = { objects: new Map() };
  return memoryStore(objects, { type: "s3", endpoint: "", bucket, prefix: "state" });
}

/** A host of a world whose state lies elsewhere; the destination is the same. */
export function hostAt(at: World, state: ObjectStore, name = "new"): SyncDeps {
  return { ...at.host(name), state };
}

/** Every key of the destination got one version of bytes, and a consumer holds the table. */
export async function expectWhole(at: World, table: Readonly<Record<string, string>>): Promise<void> {
  const contents = new Map<string, string>();
  for (const { key, sha256 } of at.destinationHistory.created) {
    expect(contents.get(key) ?? sha256).toBe(sha256);
    contents.set(key, sha256);
  }
  expect(await at.consumed()).toEqual(table);
}
