import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { z } from "zod";
import { errnoOf } from "../core/durable-file.ts";
import { SyncError, isAbort } from "../core/errors.ts";
import type { ObjectBody, ObjectStore } from "../core/ports.ts";

const ATTEMPTS = 8;

/** A document as bytes that can be sent again. */
export function bytesBody(bytes: Buffer): ObjectBody {
  return {
    size: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    open: (start = 0, end = bytes.length) => Readable.from([bytes.subarray(start, end)]),
  };
}

/** JSON of a document, one line, ended by a newline. */
function documentBytes(document: object): Buffer {
  return Buffer.from(`${JSON.stringify(document)}\n`);
}

/**
 * Creates a document once. A lost reply is settled by reading it: equal bytes are ours, since every document names its run.
 * `exists`: another one stands there.
 */
export async function createDocument(
  store: ObjectStore,
  key: string,
  document: object,
  signal: AbortSignal,
): Promise<"created" | "exists"> {
  const bytes = documentBytes(document);
  let cause: Error | null = null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const outcome = await store.putNew(key, bytesBody(bytes), null, signal);
    if (outcome.kind === "created") return "created";
    const found = await readBytes(store, key, signal);
    if (found !== null) return found.equals(bytes) ? "created" : "exists";
    if (outcome.kind === "unanswered") cause = outcome.cause;
  }
  throw new SyncError("STATE_UNAVAILABLE", `The state root gave no answer about ${key}.`, {
    hint: "Look at the state root's storage, then run the same command again: it goes on where it stood.",
    retry: "transient",
    context: { key },
    ...(cause === null ? {} : { cause }),
  });
}

/** The bytes of a small object, or null. */
export async function readBytes(store: ObjectStore, key: string, signal: AbortSignal): Promise<Buffer | null> {
  const stream = await store.get(key, signal);
  return stream === null ? null : buffer(stream);
}

/** Whether a document stands at a key. */
export async function hasDocument(store: ObjectStore, key: string, signal: AbortSignal): Promise<boolean> {
  return (await store.head(key, signal)).kind === "found";
}

/** Reads a document, or null when there is none. One that is not what it should be is STATE_DAMAGED, never a guess. */
export async function readDocument<T>(store: ObjectStore, key: string, schema: z.ZodType<T>, signal: AbortSignal): Promise<T | null> {
  const bytes = await readBytes(store, key, signal);
  return bytes === null ? null : parseDocument(bytes, key, schema);
}

/** Parses a document; see readDocument. */
function parseDocument<T>(bytes: Buffer, key: string, schema: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8"));
  } catch {
    throw damaged(key, `is not whole JSON (${bytes.length} bytes)`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw damaged(key, `breaks its format at ${issue?.path.join(".") || "its top"}`);
}

/** The error for an object of the state root that is not what was written. */
export function damaged(key: string, what: string): SyncError {
  const stream = key.split("/")[0] ?? key;
  return new SyncError("STATE_DAMAGED", `${key} in the state root ${what}.`, {
    hint: `\`sync state repair -m ${stream}\` puts the snapshot together from what is stored; or restore ${key} from a backup. Without either, \`sync state reset -m ${stream}\` delivers the whole table anew.`,
    context: { key },
  });
}

/** An operating system's error on a file of the state root as one that names it; any other error as it is. */
export function stateError(error: unknown, key: string): unknown {
  const errno = errnoOf(error);
  if (error instanceof SyncError || isAbort(error) || errno === null) return error;
  return new SyncError("STATE_UNAVAILABLE", `${key} in the state root could not be written or read: ${errno}.`, {
    hint: "Look at the space and the rights of the state root's folder and of engine.temp_directory, then run the same command again.",
    retry: "transient",
    context: { key, errno },
    cause: error,
  });
}

/** What was read, or null where it is damaged. */
export async function unlessDamaged<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (isDamage(error)) return null;
    throw error;
  }
}

/** Whether an error says that the state is damaged. */
export function isDamage(error: unknown): boolean {
  return error instanceof SyncError && error.code === "STATE_DAMAGED";
}
