import { createHash } from "node:crypto";
import { Transform } from "node:stream";
import type { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { SyncError } from "../core/errors.ts";
import type { ObjectBody } from "../core/ports.ts";

/** A piece of a body: `start` inclusive, `end` exclusive. */
export interface Slice {
  readonly start: number;
  readonly end: number;
}

/** CRC-32 of a slice, read in one pass. */
export async function crc32Of(body: ObjectBody, slice: Slice, signal: AbortSignal): Promise<number> {
  let crc = 0;
  await eachChunk(body, slice, signal, (chunk) => {
    crc = crc32(chunk, crc);
  });
  return crc;
}

/** SHA-256 of a slice in lower-case hex, read in one pass. */
export async function sha256Of(body: ObjectBody, slice: Slice, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  await eachChunk(body, slice, signal, (chunk) => hash.update(chunk));
  return hash.digest("hex");
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

async function eachChunk(body: ObjectBody, slice: Slice, signal: AbortSignal, take: (chunk: Buffer) => unknown): Promise<void> {
  let length = 0;
  const source = body.open(slice.start, slice.end);
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      take(chunk);
      length += chunk.length;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw unreadable(error);
  }
  if (length !== slice.end - slice.start) throw wrongLength(slice, length);
}

function wrongLength(slice: Slice, length: number): SyncError {
  const expected = slice.end - slice.start;
  const than = length > expected ? "more than" : `${length} of`;
  return new SyncError("BYTES_CHANGED", `The staged file holds ${than} ${expected} bytes at offset ${slice.start}`, {
    hint: "The file changed after it was staged. Run again: a plan whose bytes are gone is given up and the delta is made anew.",
  });
}

function unreadable(cause: unknown): SyncError {
  if (cause instanceof SyncError) return cause;
  return new SyncError("BYTES_CHANGED", "The staged file cannot be read while it is sent", {
    hint: "Look at the folder of the state (disk, rights), then run again.",
    cause,
  });
}
