import { link, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";

const LINK_ATTEMPTS = 5;

/** Makes the names in a folder survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  await syncFile(path);
}

/** Makes the bytes of a file survive a power cut. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Folders whose names this process has made, or seen to be, durable all the way up. */
const durable = new Set<string>();

/** Creates a folder and its missing parents, durably. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return await keepFolder(path);
  // Every new folder is a name in its parent, from the innermost up to the parent of the first one made.
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

/** A folder that stands there may have been made by a process that died before it synced the parents; those that may not be opened are others' to keep. */
async function keepFolder(path: string): Promise<void> {
  for (let at = path; !durable.has(at) && dirname(at) !== at; at = dirname(at)) {
    try {
      await syncFolder(dirname(at));
    } catch (error) {
      if (!["EACCES", "EPERM", "EINVAL", "EROFS"].includes(errnoOf(error) ?? "")) throw error;
      break;
    }
  }
  for (let at = path; !durable.has(at) && dirname(at) !== at; at = dirname(at)) durable.add(at);
}

/** Gives a finished, synced file a second name on the same file system, never over an existing one; durable when it answers `created`. */
export async function linkNew(from: string, to: string): Promise<"created" | "exists"> {
  for (let attempt = 1; ; attempt += 1) {
    await makeFolder(dirname(to));
    try {
      await link(from, to);
      await syncFolder(dirname(to));
      return "created";
    } catch (error) {
      const code = errnoOf(error);
      if (code === "EEXIST") return "exists";
      // Somebody who tidied up took the empty folder away between the two steps; a source that is gone stays gone.
      if (code !== "ENOENT" || attempt === LINK_ATTEMPTS) throw error;
    }
  }
}

/** The operating system's code of an error (ENOENT, EEXIST, …), or null. */
export function errnoOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}
