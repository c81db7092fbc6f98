import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

/** The largest configuration or SQL file that is read. */
const MAX_FILE_BYTES = 1024 * 1024;

/** The text of a file without a byte order mark, or why there is none. */
export type TextRead =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly missing: boolean; readonly message: string; readonly hint: string };

/** Reads a UTF-8 text file of at most 1 MiB; whatever is wrong with it comes back as an answer. */
export async function readText(path: string, signal: AbortSignal): Promise<TextRead> {
  try {
    await using handle = await open(path, "r");
    const facts = await handle.stat();
    if (facts.isDirectory()) return refuse("it is a folder, not a file", "name a file");
    const bytes = await readAtMost(handle, facts.isFile() ? Math.min(facts.size, MAX_FILE_BYTES) + 1 : MAX_FILE_BYTES + 1, signal);
    return bytes === null ? refuse("the file is larger than 1 MiB", "split it, or name the right file") : decode(bytes);
  } catch (error) {
    signal.throwIfAborted();
    return explainSystemError(error);
  }
}

/** All bytes of a file that was `expected - 1` bytes long when it was looked at; null when they are too many. */
async function readAtMost(handle: FileHandle, expected: number, signal: AbortSignal): Promise<Buffer | null> {
  let bytes = Buffer.allocUnsafe(expected);
  let length = 0;
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length);
    length += bytesRead;
    if (bytesRead === 0) return bytes.subarray(0, length);
    if (length > MAX_FILE_BYTES) return null;
    if (length === bytes.length) bytes = Buffer.concat([bytes], Math.min(bytes.length * 2, MAX_FILE_BYTES + 1));
  }
}

function decode(bytes: Buffer): TextRead {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return refuse("the file is UTF-16 text", "save it as UTF-8");
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (text.includes("\0")) return refuse("the file holds NUL characters", "name a text file");
    return { ok: true, text };
  } catch {
    return refuse("the file is not UTF-8 text", "save it as UTF-8");
  }
}

function explainSystemError(error: unknown): TextRead {
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "ENOENT" || code === "ENOTDIR") {
    return { ok: false, missing: true, message: "the file does not exist", hint: "create it or name another" };
  }
  if (code === "EACCES" || code === "EPERM")
    return refuse("the file may not be read (permission denied)", "give the user that runs this the right to read it");
  if (code === "EISDIR") return refuse("it is a folder, not a file", "name a file");
  return refuse(`the file cannot be read (${typeof code === "string" ? code : "unknown error"})`, "look at the file and its disk");
}

function refuse(message: string, hint: string): TextRead {
  return { ok: false, missing: false, message, hint };
}
