import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { SyncError } from "../core/errors.ts";
import type { ObjectStore } from "../core/ports.ts";
import { hashFile } from "../core/scan-file.ts";
import type { Stream } from "../core/types.ts";
import { deliveries, type Delivery } from "./deliver-plan.ts";
import type { DeliveredGeneration } from "./delivered-plans.ts";
import { type Rebuilt, rebuildFiles } from "./rebuild-files.ts";
import { samePlace } from "./stream-identity.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** An object of a delivered generation with its very bytes on this machine. */
export interface StoredObject {
  readonly object: Delivery;
  readonly path: string;
  /** Made anew from the stored delta, or read back from the destination. */
  readonly from: "delta" | "destination";
}

const WHY: Readonly<Record<Rebuilt["outcome"], string>> = {
  same: "",
  other_settings:
    "the model's columns or `file` settings are others now than when it was delivered, or its files are compressed or encrypted",
  differs: "the stored delta tells something else than the files did",
  delta_lost: "its stored delta is missing or damaged",
  forgotten: "",
};

/**
 * The bytes of a delivered generation, each proved by the hash in its plan: made anew from the stored delta, or, where that gives others,
 * read back from the destination. REPLAY_BYTES_LOST when neither has them.
 */
export async function storedBytes(
  deps: SyncDeps,
  stream: Stream,
  { plan, previous, isBeyondHorizon }: DeliveredGeneration,
  { destination, folder }: { readonly destination: ObjectStore; readonly folder: string },
  signal: AbortSignal,
): Promise<readonly StoredObject[]> {
  const { outcome, paths } = await rebuildFiles(deps, stream, plan, previous, folder, signal);
  // The partner's own copy must not be spread anew either.
  if (outcome === "forgotten") throw forgotten(stream, plan.generation);
  const isHere = samePlace(plan.identity.destination, destination.place);
  const found: StoredObject[] = [];
  for (const object of deliveries(plan)) {
    const path = paths.get(object.index);
    if (path !== undefined) found.push({ object, path, from: "delta" });
    else if (isHere && (await fetched(destination, object, join(folder, `read-${object.index}`), signal)))
      found.push({ object, path: join(folder, `read-${object.index}`), from: "destination" });
    else if (isBeyondHorizon) throw pruned(stream, plan.generation, object);
    else throw lost(stream, plan.generation, object, WHY[outcome]);
  }
  return found;
}

async function fetched(destination: ObjectStore, { key, sha256 }: Delivery, path: string, signal: AbortSignal): Promise<boolean> {
  try {
    const bytes = await destination.get(key, signal);
    if (bytes === null) return false;
    await pipeline(bytes, createWriteStream(path), { signal });
  } catch (error) {
    if (error instanceof SyncError && UNREADABLE.includes(error.code)) return false;
    throw error;
  }
  if ((await hashFile(path, signal)).sha256 === sha256) return true;
  await rm(path, { force: true });
  return false;
}

/** What a store answers when the credentials may not have an object's bytes. */
export const UNREADABLE: readonly string[] = ["DESTINATION_ACCESS_DENIED", "DESTINATION_KMS_REFUSED"];

function lost({ name, file }: Stream, generation: number, { key }: Delivery, why: string): SyncError {
  return new SyncError(
    "REPLAY_BYTES_LOST",
    `The bytes of ${key}, generation ${generation} of ${name}, cannot be had: ${why}, and the destination does not give the object back.`,
    {
      hint: `Bring ${file} back as it was when that generation was delivered (from version control, with the same version of Spillway) and replay again, or use credentials that may read the destination.`,
      context: { stream: name, generation, key },
    },
  );
}

function forgotten({ name }: Stream, generation: number): SyncError {
  return new SyncError(
    "REPLAY_FORGOTTEN",
    `Generation ${generation} of ${name} told of rows that were forgotten since, so its files are not delivered again.`,
    {
      hint: `\`sync run -m ${name} --full-resync\` delivers the whole table as it is, without them.`,
      context: { stream: name, generation },
    },
  );
}

function pruned({ name }: Stream, generation: number, { key }: Delivery): SyncError {
  return new SyncError(
    "REPLAY_BEYOND_HORIZON",
    `The delta of generation ${generation} of ${name} is older than \`retention.log\` keeps it, and the destination does not give ${key} back.`,
    {
      hint: `\`sync verify -m ${name}\` tells how far back the history goes; \`sync run -m ${name} --full-resync\` delivers the whole table anew. A longer \`retention.log\` keeps more from now on.`,
      context: { stream: name, generation, key },
    },
  );
}
