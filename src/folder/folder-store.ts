import { createHash, randomBytes } from "node:crypto";
import { type BigIntStats, createWriteStream } from "node:fs";
import { open, readdir, readFile, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { Transform, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { errnoOf, linkNew, makeFolder, syncFile, syncFolder } from "../core/durable-file.ts";
import { SyncError } from "../core/errors.ts";
import type { HeadOutcome, ObjectBody, ObjectFacts, ObjectStore, Place, PutOutcome } from "../core/ports.ts";
import { hashFile } from "../core/scan-file.ts";
import { explainFolderError, type FolderRole } from "./folder-errors.ts";
import { factsRecord, parseFacts } from "./folder-facts.ts";

/** Hidden folder inside the root: unfinished writes, and whose each object is. Never listed, never delivered. */
const HIDDEN = ".spillway";
const ABANDONED_MS = 24 * 60 * 60 * 1000;

interface FolderStoreOptions {
  /** Absolute path; made when missing. */
  readonly path: string;
  /** Decides what an error tells its reader. */
  readonly role: FolderRole;
}

/**
 * Objects as files below a folder. A file appears whole or not at all (written aside, synced, then linked, which never replaces a name),
 * and its bytes were checked against the body's hash on the way.
 */
export function openFolderStore(options: FolderStoreOptions): ObjectStore {
  return new FolderStore(resolve(options.path), options.role);
}

class FolderStore implements ObjectStore {
  readonly place: Place;
  readonly pathOf: (key: string) => string;
  readonly #root: string;
  readonly #role: FolderRole;
  #swept = false;

  constructor(root: string, role: FolderRole) {
    this.#root = root;
    this.#role = role;
    this.place = { type: "local", endpoint: "", bucket: "", prefix: root };
    this.pathOf = (key) => join(this.#root, ...partsOf(key));
  }

  putNew(key: string, body: ObjectBody, facts: ObjectFacts | null, signal: AbortSignal): Promise<PutOutcome> {
    return this.#explained(key, () => this.#put(key, body, facts, signal));
  }

  async #put(key: string, body: ObjectBody, facts: ObjectFacts | null, signal: AbortSignal): Promise<PutOutcome> {
    const path = this.pathOf(key);
    // Saves writing bytes that could never be linked; the link below is what decides.
    if (await exists(path)) return { kind: "exists", afterUnanswered: false };
    const temporary = await this.#writeAside(key, body, signal);
    let record: string | null = null;
    try {
      if (facts !== null) record = await this.#writeFacts(key, temporary, facts);
      if ((await linkNew(temporary, path)) === "created") return { kind: "created" };
      if (record !== null) await rm(record, { force: true });
      return { kind: "exists", afterUnanswered: false };
    } finally {
      await rm(temporary, { force: true });
    }
  }

  replace(key: string, body: ObjectBody, facts: ObjectFacts | null, signal: AbortSignal): Promise<{ readonly kind: "created" }> {
    return this.#explained(key, async () => {
      const path = this.pathOf(key);
      const before = await stat(path, { bigint: true }).catch(() => null);
      const temporary = await this.#writeAside(key, body, signal);
      try {
        if (facts !== null) await this.#writeFacts(key, temporary, facts);
        await makeFolder(dirname(path));
        await rename(temporary, path);
        await syncFolder(dirname(path));
      } finally {
        await rm(temporary, { force: true });
      }
      if (before !== null) await rm(join(this.#root, HIDDEN, "facts", factsName(key, before)), { force: true });
      return { kind: "created" };
    });
  }

  async #writeAside(key: string, body: ObjectBody, signal: AbortSignal): Promise<string> {
    const folder = join(this.#root, HIDDEN, "tmp");
    await makeFolder(folder);
    const temporary = join(folder, randomBytes(12).toString("hex"));
    const hash = createHash("sha256");
    const tee = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    try {
      await pipeline(body.open(), tee, createWriteStream(temporary, { flags: "wx" }), { signal });
      if (hash.digest("hex") !== body.sha256) {
        throw new SyncError("BYTES_CHANGED", `The bytes of ${key} are not the ones whose hash was taken.`, { context: { key } });
      }
      await syncFile(temporary);
      await this.#sweepOnce(folder, temporary);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    return temporary;
  }

  /** Removes what writers that died left unfinished, once per store; a day is longer than any object takes. */
  async #sweepOnce(folder: string, fresh: string): Promise<void> {
    if (this.#swept) return;
    this.#swept = true;
    const { mtimeMs: now } = await stat(fresh);
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const found = await stat(path).catch(() => null);
      if (found !== null && found.mtimeMs < now - ABANDONED_MS) await rm(path, { force: true });
    }
  }

  /** Written before the object gets its name, and tied to the file that both names share: no crash leaves an object of ours unknown. */
  async #writeFacts(key: string, temporary: string, facts: ObjectFacts): Promise<string> {
    const folder = join(this.#root, HIDDEN, "facts");
    await makeFolder(folder);
    const record = join(folder, factsName(key, await stat(temporary, { bigint: true })));
    await writeFile(record, factsRecord(key, facts));
    await syncFile(record);
    await syncFolder(folder);
    return record;
  }

  head(key: string, signal: AbortSignal): Promise<HeadOutcome> {
    return this.#explained(key, async () => {
      const path = this.pathOf(key);
      try {
        const facts = await this.#readFacts(key, await stat(path, { bigint: true }));
        const { sha256, size } = await hashFile(path, signal);
        return { kind: "found", size, facts: facts?.sha256 === sha256 ? facts : null };
      } catch (error) {
        if (isMissing(error)) return { kind: "missing" };
        throw error;
      }
    });
  }

  async #readFacts(key: string, file: BigIntStats): Promise<ObjectFacts | null> {
    try {
      return parseFacts(await readFile(join(this.#root, HIDDEN, "facts", factsName(key, file)), "utf8"), key);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  get(key: string, signal: AbortSignal): Promise<Readable | null> {
    return this.#explained(key, async () => {
      signal.throwIfAborted();
      try {
        const handle = await open(this.pathOf(key), "r");
        return handle.createReadStream({ signal });
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    });
  }

  list(prefix: string, signal: AbortSignal): Promise<readonly string[]> {
    return this.#explained(prefix, async () => {
      signal.throwIfAborted();
      const below = prefix === "" ? this.#root : this.pathOf(prefix.replace(/\/$/, ""));
      const keys = await filesBelow(below, prefix);
      return keys.filter((key) => !key.startsWith(`${HIDDEN}/`)).toSorted(byUtf8);
    });
  }

  delete(key: string, signal: AbortSignal): Promise<void> {
    return this.#explained(key, async () => {
      signal.throwIfAborted();
      const path = this.pathOf(key);
      const file = await stat(path, { bigint: true }).catch(() => null);
      await rm(path, { force: true });
      if (file !== null) await rm(join(this.#root, HIDDEN, "facts", factsName(key, file)), { force: true });
      await this.#dropEmptyFolders(dirname(path));
    });
  }

  async #dropEmptyFolders(folder: string): Promise<void> {
    for (let path = folder; path.length > this.#root.length; path = dirname(path)) {
      try {
        await rmdir(path);
      } catch {
        return; // not empty, or somebody was quicker: either way there is nothing left to tidy
      }
    }
  }

  async #explained<T>(key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw explainFolderError(error, this.#role, this.#root, key);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** Splits a key, refusing whatever could leave the root. */
function partsOf(key: string): readonly string[] {
  const parts = key.split("/");
  if (parts.some((part) => part === "" || part === "." || part === ".." || part.includes("\0")) || parts[0] === HIDDEN) {
    throw new SyncError("OBJECT_KEY_REFUSED", `The key ${JSON.stringify(key)} cannot be a file below a folder.`, {
      hint: "Give `folder` and `name` in the model's `file` block without empty parts, `.` or `..`.",
      context: { key },
    });
  }
  return parts;
}

async function filesBelow(folder: string, prefix: string): Promise<string[]> {
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  const keys: string[] = [];
  for (const entry of entries) {
    if (entry.isDirectory()) keys.push(...(await filesBelow(join(folder, entry.name), `${prefix}${entry.name}/`)));
    else keys.push(prefix + entry.name);
  }
  return keys;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  const code = errnoOf(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

/** Inodes are given out again, so the time of writing, which a link keeps, belongs to it. */
function factsName(key: string, file: BigIntStats): string {
  return `${createHash("sha256").update(key).digest("hex").slice(0, 32)}.${file.ino}.${file.mtimeNs}.json`;
}

function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
