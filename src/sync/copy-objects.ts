import { createHash, randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { errnoOf, makeFolder } from "../core/durable-file.ts";
import { SyncError } from "../core/errors.ts";
import type { ObjectBody, ObjectStore } from "../core/ports.ts";
import { hashFile } from "../core/scan-file.ts";
import { fileBody } from "../state/state-files.ts";
import { damaged } from "../state/state-store.ts";

const AT_ONCE = 8;
const ATTEMPTS = 8;

/** Where objects are copied from and to. */
export interface CopyRoute {
  readonly from: ObjectStore;
  readonly to: ObjectStore;
  /** A folder on this machine for what is under way. */
  readonly scratch: string;
}

/** What is known of the objects that were copied so far: the hash of each, taken of the bytes that stand at both places. */
export type Copied = Map<string, { readonly sha256: string; readonly size: number }>;

/** What is told of a copy as it goes on. */
export interface CopyProgress {
  readonly done: number;
  readonly total: number;
}

/**
 * Copies objects, a few at a time. One that stands at the new place already is held against the old one by its hash. An object whose hash a
 * document names must have it (STATE_DAMAGED); one that was deleted meanwhile and that no document names is left out.
 */
export async function copyObjects(
  route: CopyRoute,
  keys: readonly string[],
  expected: ReadonlyMap<string, string>,
  copied: Copied,
  told: (progress: CopyProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  await makeFolder(route.scratch);
  const waiting = keys.filter((key) => !copied.has(key));
  const total = waiting.length;
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  let done = 0;
  const work = async (): Promise<void> => {
    for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) {
      both.throwIfAborted();
      await copyOne(route, key, expected.get(key) ?? null, copied, both);
      told({ done: (done += 1), total });
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(AT_ONCE, total) }, () => work().catch(stopping(stop))));
  signal.throwIfAborted();
  const failed = ended.find((each) => each.status === "rejected");
  if (stop.signal.aborted || failed !== undefined) throw stop.signal.reason ?? failed?.reason;
}

function stopping(stop: AbortController): (error: unknown) => never {
  return (error) => {
    if (!stop.signal.aborted) stop.abort(error);
    throw error;
  };
}

async function copyOne(route: CopyRoute, key: string, expected: string | null, copied: Copied, signal: AbortSignal): Promise<void> {
  const read = await readOnce(route, key, signal);
  if (read === null) {
    if (expected !== null) throw damaged(key, "is missing");
    return;
  }
  try {
    const { sha256, size } = read.body;
    if (expected !== null && sha256 !== expected) throw damaged(key, "does not hold the bytes that were written");
    await put(route.to, key, read.body, signal);
    copied.set(key, { sha256, size });
  } finally {
    await read.dispose();
  }
}

/** The bytes of an object with their hash, on this machine; null when it is gone. */
async function readOnce(
  { from, scratch }: CopyRoute,
  key: string,
  signal: AbortSignal,
): Promise<{ readonly body: ObjectBody; readonly dispose: () => Promise<void> } | null> {
  try {
    if (from.pathOf !== undefined) {
      const path = from.pathOf(key);
      const { sha256, size } = await hashFile(path, signal);
      return { body: fileBody(path, size, sha256), dispose: () => Promise.resolve() };
    }
    const stream = await from.get(key, signal);
    if (stream === null) return null;
    const path = join(scratch, `copy-${randomBytes(8).toString("hex")}`);
    const dispose = (): Promise<void> => rm(path, { force: true });
    try {
      await pipeline(stream, createWriteStream(path), { signal });
      const { sha256, size } = await hashFile(path, signal);
      return { body: fileBody(path, size, sha256), dispose };
    } catch (error) {
      await dispose();
      throw error;
    }
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
}

async function put(to: ObjectStore, key: string, body: ObjectBody, signal: AbortSignal): Promise<void> {
  let cause: Error | null = null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const outcome = await to.putNew(key, body, null, signal);
    if (outcome.kind === "created") return;
    const there = await hashOf(to, key, signal);
    if (there === body.sha256) return;
    if (there !== null) {
      throw new SyncError("STATE_COPY_REFUSED", `${key} stands at the new place with other bytes than in the old state root.`, {
        hint: "Somebody else writes there. Copy to another place that nothing is stored under.",
        context: { key },
      });
    }
    if (outcome.kind === "unanswered") cause = outcome.cause;
  }
  throw new SyncError("STATE_UNAVAILABLE", `The new place gave no answer about ${key}.`, {
    hint: "Look at its storage, then run the same command again: it goes on where it stood.",
    retry: "transient",
    context: { key },
    ...(cause === null ? {} : { cause }),
  });
}

async function hashOf(store: ObjectStore, key: string, signal: AbortSignal): Promise<string | null> {
  const stream = await store.get(key, signal);
  if (stream === null) return null;
  const hash = createHash("sha256");
  await pipeline(stream, hash, { signal });
  return hash.digest("hex");
}
