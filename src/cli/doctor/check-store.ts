import { createHash } from "node:crypto";
import { statfs } from "node:fs/promises";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { Clock } from "../../core/clock.ts";
import { SyncError } from "../../core/errors.ts";
import type { ObjectBody, ObjectStore } from "../../core/ports.ts";
import { bytes } from "../../core/readable.ts";
import { attempt, fine, type Finding, type FindingName } from "./finding.ts";

/** Less than this is worth a warning: a base is written beside the one that it replaces. */
const LITTLE_SPACE = 1_000_000_000;

/** Writes, refuses to write again, reads, lists and deletes one small object: all that a state root, or a folder that is delivered to, has to do. */
export async function checkStore(
  name: FindingName,
  store: ObjectStore,
  trial: { readonly clock: Clock; readonly key: string },
  signal: AbortSignal,
): Promise<Finding> {
  return await attempt(name, async () => {
    const { clock, key } = trial;
    const began = clock.now().getTime();
    const first = await store.putNew(key, TRIAL_BODY, null, signal);
    if (first.kind === "unanswered") throw first.cause;
    const took = clock.now().getTime() - began;
    try {
      await mustAnswer(store, key, signal);
    } catch (error) {
      // What failed first is what has to be mended first.
      await store.delete(key, new AbortController().signal).catch(() => undefined);
      throw error;
    }
    await store.delete(key, signal);
    return fine(name, `written and synced in ${took} ms, refused a second time, read, listed and deleted`);
  });
}

async function mustAnswer(store: ObjectStore, key: string, signal: AbortSignal): Promise<void> {
  if ((await store.putNew(key, TRIAL_BODY, null, signal)).kind !== "exists") throw odd("was created a second time");
  const stream = await store.get(key, signal);
  if (stream === null || !(await buffer(stream)).equals(TRIAL_BYTES)) throw odd("does not hold what was written to it");
  if (!(await store.list(key.slice(0, key.lastIndexOf("/") + 1), signal)).includes(key)) throw odd("is missing from a listing");
}

function odd(what: string): SyncError {
  return new SyncError("STATE_UNAVAILABLE", `An object that was just written ${what}.`, {
    hint: "Use a folder of a local file system, AWS S3, or another store that keeps S3's promises.",
  });
}

/** How much room a folder's file system has. */
export async function checkSpace(name: FindingName, folder: string): Promise<Finding> {
  return await attempt(name, async () => {
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const found = fine(name, `${bytes(free)} free in ${folder}`);
    return free >= LITTLE_SPACE ? found : { ...found, status: "warn", fix: "Free space there, or move the folder to a larger disk." };
  });
}

const TRIAL_BYTES = Buffer.from("Spillway tries here whether this place can be written and read.\n");
const TRIAL_BODY: ObjectBody = {
  size: TRIAL_BYTES.length,
  sha256: createHash("sha256").update(TRIAL_BYTES).digest("hex"),
  open: (start, end) => Readable.from([TRIAL_BYTES.subarray(start, end)]),
};
