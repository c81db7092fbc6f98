import { createHash } from "node:crypto";
import { Transform } from "node:stream";
import type { Readable } from "node:stream";
import { SyncError } from "../core/errors.ts";
import type { ObjectBody } from "../core/ports.ts";

/** A piece of a body: `start` inclusive, `end` exclusive. */
export interface Slice {
  readonly start: number;
  readonly end: number;
}

/** Reads a body through; BYTES_CHANGED when it is not what its SHA-256 says. */
export async function checkBody(body: ObjectBody, signal: AbortSignal): Promise<void> {
  const hash = createHash("sha256");
  if (body.size > 0) await readSlice(body, { start: 0, end: body.size }, signal, (chunk) => hash.update(chunk));
  if (hash.digest("hex") !== body.sha256) throw wrongHash();
}

/** Reads a slice chunk by chunk; BYTES_CHANGED when it cannot be read or is shorter or longer than announced. */
export async function readSlice(body: ObjectBody, slice: Slice, signal: AbortSignal, take: (chunk: Buffer) => unknown): Promise<void> {
  let length = 0;
  try {
    length = await (body.scan ?? opened(body))(slice.start, slice.end, take, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw unreadable(error);
  }
  if (length !== slice.end - slice.start) throw wrongLength(slice, length);
}

function opened(body: ObjectBody): NonNullable<ObjectBody["scan"]> {
  return async (start, end, take, signal) => {
    let length = 0;
    for await (const chunk of body.open(start, end) as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      take(chunk);
      length += chunk.length;
    }
    return length;
  };
}

/**
 * Opens a slice for one attempt, hands it to `send`, and closes it whatever happens. A body that fails, or holds more or
 * fewer bytes than announced, ends the attempt at once: the SDK would wait for the missing bytes until its timeout.
 */
export async function sendSlice<T>(
  body: ObjectBody,
  slice: Slice,
  signal: AbortSignal,
  send: (stream: Readable | Buffer, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (slice.end === slice.start) return send(Buffer.alloc(0), signal);
  const attempt = new AbortController();
  const source = body.open(slice.start, slice.end);
  const counted = countBytes(slice);
  let broken: unknown = null;
  const onBroken = (error: unknown): void => {
    broken ??= error;
    attempt.abort(error);
  };
  source.on("error", onBroken);
  counted.on("error", onBroken);
  source.pipe(counted);
  try {
    return await send(counted, AbortSignal.any([signal, attempt.signal]));
  } catch (error) {
    if (broken !== null) throw unreadable(broken);
    throw error;
  } finally {
    source.destroy();
    counted.destroy();
  }
}

function countBytes(slice: Slice): Transform {
  const expected = slice.end - slice.start;
  let length = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      length += chunk.length;
      done(length > expected ? wrongLength(slice, length) : null, chunk);
    },
    flush(done) {
      done(length === expected ? null : wrongLength(slice, length));
    },
  });
}

/** The error of bytes that are not the planned ones; only what was read here and found different is called so. */
export function wrongHash(): SyncError {
  return new SyncError("BYTES_CHANGED", "The staged file does not hold the bytes that were planned", { hint: CHANGED_HINT });
}

const CHANGED_HINT = "The file changed after it was staged. Run again: a plan whose bytes are gone is given up and the delta is made anew.";

function wrongLength(slice: Slice, length: number): SyncError {
  const expected = slice.end - slice.start;
  const than = length > expected ? "more than" : `${length} of`;
  return new SyncError("BYTES_CHANGED", `The staged file holds ${than} ${expected} bytes at offset ${slice.start}`, {
    hint: CHANGED_HINT,
  });
}

function unreadable(cause: unknown): SyncError {
  if (cause instanceof SyncError) return cause;
  return new SyncError("BYTES_CHANGED", "The staged file cannot be read while it is sent", {
    hint: "Look at the folder of the state (disk, rights), then run again.",
    cause,
  });
}
