import { createHash } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const BUFFER_BYTES = 1 << 20;
const LOOK_AGAIN_MS = 20;

/** Memory of scans that have ended, for the next ones. */
const idle: Buffer[] = [];
const MOST_IDLE = 4;

/** The hash of a file's bytes, and how many there are. */
export interface HashedFile {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly size: number;
}

/** The SHA-256 and size of a file. */
export async function hashFile(path: string, signal: AbortSignal): Promise<HashedFile> {
  const hash = createHash("sha256");
  const size = await scanFile(path, {}, (bytes) => hash.update(bytes), signal);
  return { sha256: hash.digest("hex"), size };
}

/**
 * Hands the bytes of a file from `start` (inclusive) to `end` (exclusive) to `take`, in order, and tells how many there were. All pieces lie in
 * the same memory, one after the other: new memory for each would keep the garbage collector busier than the hash.
 */
export async function scanFile(
  path: string,
  { start = 0, end = Number.MAX_SAFE_INTEGER }: { readonly start?: number; readonly end?: number },
  take: (bytes: Buffer) => unknown,
  signal: AbortSignal,
): Promise<number> {
  await using file = await open(path, "r");
  const buffer = idle.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
  let at = start;
  try {
    while (at < end) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, Math.min(BUFFER_BYTES, end - at), at);
      if (bytesRead === 0) break;
      take(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
  } finally {
    if (idle.length < MOST_IDLE) idle.push(buffer);
  }
  return at - start;
}

/**
 * Hashes a file while `write` writes it from front to back, which a file format does that is not gone back to; done soon after the writer. A file
 * that stands there goes first, for its bytes are others.
 */
export async function hashWhileWritten<T>(
  path: string,
  write: () => Promise<T>,
  signal: AbortSignal,
): Promise<{ readonly written: T; readonly hashed: HashedFile }> {
  await rm(path, { force: true });
  const hash = createHash("sha256");
  let size = 0;
  let ended = false;
  const writing = write().finally(() => {
    ended = true;
  });
  const follow = async (): Promise<void> => {
    for (let last = false; !last;) {
      last = ended;
      size += await scanFile(path, { start: size }, (bytes) => hash.update(bytes), signal).catch((error: unknown) => {
        if (last || !isMissing(error)) throw error;
        return 0;
      });
      if (!last) await Promise.race([writing, sleep(LOOK_AGAIN_MS)]);
    }
  };
  try {
    const [written] = await Promise.all([writing, follow()]);
    return { written, hashed: { sha256: hash.digest("hex"), size } };
  } finally {
    await writing.catch(() => undefined);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
