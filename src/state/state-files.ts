import { createHash, randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { errnoOf, linkNew, makeFolder, syncFile } from "../core/durable-file.ts";
import { SyncError } from "../core/errors.ts";
import type { ObjectBody, ObjectStore } from "../core/ports.ts";
import { hashFile, scanFile } from "../core/scan-file.ts";
import type { FileRef } from "./documents.ts";
import { bytesBody, damaged, stateError } from "./state-store.ts";

/** Larger than what Node reads at a time by itself: fewer pieces cost less on their way to a socket. */
const READ_BYTES = 256 * 1024;

/** A file on this machine as bytes that can be sent again. */
export function fileBody(path: string, size: number, sha256: string): ObjectBody {
  return {
    size,
    sha256,
    open: (start = 0, end = size) =>
      end <= start ? Readable.from([]) : createReadStream(path, { start, end: end - 1, highWaterMark: READ_BYTES }),
    scan: async (start, end, take, signal) => await scanFile(path, { start, end }, take, signal),
  };
}

/**
 * Puts a finished file of this machine into the state root, once, and tells its hash. In a folder it gets a second name and no byte
 * is copied.
 */
export async function publishFile(
  store: ObjectStore,
  path: string,
  key: string,
  outputs: readonly string[],
  signal: AbortSignal,
): Promise<FileRef> {
  try {
    return await publish(store, path, key, outputs, signal);
  } catch (error) {
    throw stateError(error, key);
  }
}

async function publish(store: ObjectStore, path: string, key: string, outputs: readonly string[], signal: AbortSignal): Promise<FileRef> {
  await syncFile(path);
  const { sha256, size } = await hashFile(path, signal);
  const outcome =
    store.pathOf === undefined ? await upload(store, path, key, size, sha256, signal) : await linkNew(path, store.pathOf(key));
  if (outcome === "exists" && !(await isIntact(store, { key, size, sha256 }, signal)))
    throw damaged(key, "stands where a new file was to go");
  await rememberHash(store, { key, size, sha256 }, signal);
  return { key, size, sha256, outputs };
}

async function upload(
  store: ObjectStore,
  path: string,
  key: string,
  size: number,
  sha256: string,
  signal: AbortSignal,
): Promise<"created" | "exists"> {
  const outcome = await store.putNew(key, fileBody(path, size, sha256), null, signal);
  if (outcome.kind !== "unanswered") return outcome.kind;
  if (await isIntact(store, { key, size, sha256 }, signal)) return "created";
  throw new SyncError("STATE_UNAVAILABLE", `The state root gave no answer about ${key}.`, {
    retry: "transient",
    cause: outcome.cause,
    context: { key },
  });
}

/** Bytes of the state root named by a document that was written after them. */
export interface NamedBytes {
  readonly key: string;
  readonly size: number;
  readonly sha256: string;
}

/** Whether an object of the state root holds exactly the bytes that a document names; false also when it is gone. */
export async function isIntact(store: ObjectStore, named: NamedBytes, signal: AbortSignal): Promise<boolean> {
  if (store.pathOf !== undefined) return (await checkLocal(store, named, signal)) === "intact";
  const stream = await store.get(named.key, signal);
  if (stream === null) return false;
  const hash = createHash("sha256");
  await pipeline(stream, hash, { signal });
  return hash.digest("hex") === named.sha256;
}

/**
 * Path on this machine of a file of the state root whose bytes were checked. null (missing) leaves it to the caller to look whether CURRENT
 * has moved on; other bytes are STATE_DAMAGED.
 */
export async function localFile(store: ObjectStore, ref: NamedBytes, cache: string, signal: AbortSignal): Promise<string | null> {
  if (store.pathOf === undefined) return download(store, ref, cache, signal);
  const found = await checkLocal(store, ref, signal);
  if (found === "intact") return store.pathOf(ref.key);
  if (found === "missing") return null;
  throw damaged(ref.key, "does not hold the bytes that were written");
}

/**
 * Path on this machine of a file of the state root, hashed anew whatever is remembered, and nothing remembered of it: for those who look
 * whether the state is whole. `missing` and `other` are answers.
 */
export async function hashedFile(
  store: ObjectStore,
  ref: NamedBytes,
  cache: string,
  signal: AbortSignal,
): Promise<{ readonly path: string } | "missing" | "other"> {
  try {
    if (store.pathOf === undefined) {
      const path = await download(store, ref, cache, signal);
      return path === null ? "missing" : { path };
    }
    const path = store.pathOf(ref.key);
    return (await hashFile(path, signal)).sha256 === ref.sha256 ? { path } : "other";
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "missing";
    if (error instanceof SyncError && error.code === "STATE_DAMAGED") return "other";
    throw error;
  }
}

/**
 * Path on this machine of staged bytes; null when they are gone or not as long as they were. In a folder their hash is left to the
 * store that they are put into, which reads them anyway and refuses others.
 */
export async function stagedFile(store: ObjectStore, named: NamedBytes, cache: string, signal: AbortSignal): Promise<string | null> {
  if (store.pathOf !== undefined) {
    const path = store.pathOf(named.key);
    return (await sizeOf(path)) === named.size ? path : null;
  }
  try {
    return await download(store, named, cache, signal);
  } catch (error) {
    if (error instanceof SyncError && error.code === "STATE_DAMAGED") return null;
    throw error;
  }
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
}

async function checkLocal(store: ObjectStore, named: NamedBytes, signal: AbortSignal): Promise<"intact" | "missing" | "other"> {
  if (store.pathOf === undefined) return "missing";
  const path = store.pathOf(named.key);
  try {
    const memory = await hashMemoryKey(path, named);
    if (memory === null) return "other";
    if ((await store.head(memory, signal)).kind === "found") return "intact";
    const { sha256 } = await hashFile(path, signal);
    if (sha256 !== named.sha256) return "other";
    await store.putNew(memory, bytesBody(Buffer.alloc(0)), null, signal);
    return "intact";
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "missing";
    throw error;
  }
}

/** Where it is remembered that this very file (by size, time of change and inode) was hashed: checking a large base anew costs a run. */
async function hashMemoryKey(path: string, named: NamedBytes): Promise<string | null> {
  const found = await stat(path, { bigint: true });
  if (found.size !== BigInt(named.size)) return null;
  return `${checkedPrefix(named.key)}${named.sha256}.${found.ino}.${found.mtimeNs}`;
}

/** Forgets the checks, or this machine's copies, of files that are no longer named. */
export async function forgetChecks(
  store: ObjectStore,
  stream: string,
  named: readonly NamedBytes[],
  cache: string,
  signal: AbortSignal,
): Promise<void> {
  const kept = new Set(named.map((file) => file.sha256));
  if (store.pathOf === undefined) {
    for (const name of await readdir(cache).catch(() => [])) if (!kept.has(name)) await rm(join(cache, name), { force: true });
    return;
  }
  const prefix = checkedPrefix(`${stream}/`);
  for (const key of await store.list(prefix, signal)) {
    if (!kept.has(key.slice(prefix.length).split(".")[0] ?? "")) await store.delete(key, signal);
  }
}

/** Folder of the remembered checks of the stream that a key belongs to. */
function checkedPrefix(key: string): string {
  return `${key.slice(0, key.indexOf("/"))}/checked/`;
}

async function rememberHash(store: ObjectStore, named: NamedBytes, signal: AbortSignal): Promise<void> {
  if (store.pathOf === undefined) return;
  const memory = await hashMemoryKey(store.pathOf(named.key), named);
  if (memory !== null) await store.putNew(memory, bytesBody(Buffer.alloc(0)), null, signal);
}

/** Keeps a file that was just put into a state root elsewhere where `download` looks first, so that it is not fetched back; no byte is copied. */
export async function keepCopy(store: ObjectStore, path: string, sha256: string, cache: string): Promise<void> {
  if (store.pathOf !== undefined) return;
  try {
    await linkNew(path, join(cache, sha256));
  } catch (error) {
    // A file system without hard links: then it is fetched.
    if (errnoOf(error) === null) throw error;
  }
}

async function download(store: ObjectStore, ref: NamedBytes, cache: string, signal: AbortSignal): Promise<string | null> {
  await makeFolder(cache);
  const path = join(cache, ref.sha256);
  try {
    if ((await hashFile(path, signal)).sha256 === ref.sha256) return path;
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
  const found = await fetchAside(store, ref.key, cache, signal);
  if (found === null) return null;
  if (found.sha256 !== ref.sha256) {
    await rm(found.path, { force: true });
    throw damaged(ref.key, "does not hold the bytes that were written");
  }
  await rename(found.path, path);
  return path;
}

interface StoredFile {
  /** On this machine. */
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** A file of the state root that no document names, as it stands there, with its hash; null when it is gone. */
export async function storedFile(store: ObjectStore, key: string, cache: string, signal: AbortSignal): Promise<StoredFile | null> {
  if (store.pathOf !== undefined) {
    const path = store.pathOf(key);
    return (await sizeOf(path)) === null ? null : { path, ...(await hashFile(path, signal)) };
  }
  await makeFolder(cache);
  const found = await fetchAside(store, key, cache, signal);
  if (found === null) return null;
  const path = join(cache, found.sha256);
  await rename(found.path, path);
  return { ...found, path };
}

async function fetchAside(store: ObjectStore, key: string, cache: string, signal: AbortSignal): Promise<StoredFile | null> {
  const stream = await store.get(key, signal);
  if (stream === null) return null;
  const path = join(cache, `${randomBytes(12).toString("hex")}.part`);
  await pipeline(stream, createWriteStream(path), { signal });
  return { path, ...(await hashFile(path, signal)) };
}
