import { linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import promises, { type FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";

/** Calls that change a disk. */
const CHANGES = ["open", "link", "mkdir", "rm", "rmdir", "rename", "writeFile"] as const;

/** What stands before each change below the folder; may wait for ever, or throw as a disk that is full does. */
type Before = (call: string, path: string) => Promise<void>;

interface Entry {
  readonly inode: number;
  readonly isFolder: boolean;
}

/**
 * A folder on a disk that keeps only what was synced: bytes of a file once the file was, names in a folder once the folder was. It watches
 * this process's calls; `losePower` leaves what a power cut could have left, by the choices it is given.
 */
export class LossyDisk implements Disposable {
  readonly #root: string;
  readonly #originals = { ...promises };
  readonly #files = new Map<number, Buffer>();
  readonly #folders = new Map<number, ReadonlyMap<string, Entry>>();
  /** A path whose sync does nothing, as if it had been forgotten. */
  forgets: (path: string) => boolean = () => false;
  before: Before = () => Promise.resolve();

  constructor(root: string) {
    this.#root = root;
    this.#record(root);
    const watched = Object.fromEntries(CHANGES.map((name) => [name, this.#watch(name)]));
    Object.assign(promises, watched);
    syncBuiltinESMExports();
  }

  [Symbol.dispose](): void {
    Object.assign(promises, this.#originals);
    syncBuiltinESMExports();
  }

  #watch(name: (typeof CHANGES)[number]): (...args: readonly unknown[]) => Promise<unknown> {
    const original = this.#originals[name] as (...args: readonly unknown[]) => Promise<unknown>;
    return async (...args) => {
      const path = String(args[0]);
      if (!path.startsWith(this.#root)) return await original(...args);
      await this.before(name, path);
      const result = await original(...args);
      if (name === "open") this.#watchSync(result as FileHandle, path);
      return result;
    };
  }

  #watchSync(handle: FileHandle, path: string): void {
    const sync = handle.sync.bind(handle);
    handle.sync = async () => {
      await sync();
      if (!this.forgets(path)) this.#record(path);
    };
  }

  #record(path: string): void {
    const found = statSync(path);
    if (found.isDirectory()) this.#folders.set(found.ino, entriesOf(path));
    else this.#files.set(found.ino, readFileSync(path));
  }

  /** Cuts the power: of everything that was not synced, `choose` (from 0 up to a number) says what is left. */
  losePower(choose: (below: number) => number): void {
    const paths = new Map<number, string>();
    const bytes = new Map<number, Buffer>();
    this.#scan(this.#root, paths, bytes);
    const root = lstatSync(this.#root).ino;
    const left = new Map<number, Buffer>();
    const tree = this.#leftOf(root, paths, bytes, choose, left);
    for (const name of readdirSync(this.#root)) rmSync(join(this.#root, name), { recursive: true, force: true });
    this.#files.clear();
    this.#folders.clear();
    rebuild(this.#root, tree, left, new Map());
    this.#recordAll(this.#root);
  }

  #scan(folder: string, paths: Map<number, string>, bytes: Map<number, Buffer>): void {
    paths.set(lstatSync(folder).ino, folder);
    for (const [name, { inode, isFolder }] of entriesOf(folder)) {
      if (isFolder) this.#scan(join(folder, name), paths, bytes);
      else bytes.set(inode, readFileSync(join(folder, name)));
    }
  }

  #leftOf(
    folder: number,
    paths: ReadonlyMap<number, string>,
    bytes: ReadonlyMap<number, Buffer>,
    choose: (below: number) => number,
    left: Map<number, Buffer>,
  ): Tree {
    const synced = this.#folders.get(folder) ?? new Map<string, Entry>();
    const path = paths.get(folder);
    const live = path === undefined ? new Map<string, Entry>() : entriesOf(path);
    const tree = new Map<string, number | Tree>();
    for (const name of new Set([...synced.keys(), ...live.keys()])) {
      const [before, now] = [synced.get(name), live.get(name)];
      const entry = before?.inode === now?.inode || choose(2) === 1 ? now : before;
      if (entry === undefined) continue;
      if (entry.isFolder) tree.set(name, this.#leftOf(entry.inode, paths, bytes, choose, left));
      else {
        tree.set(name, entry.inode);
        if (!left.has(entry.inode)) left.set(entry.inode, this.#bytesLeft(entry.inode, bytes.get(entry.inode), choose));
      }
    }
    return tree;
  }

  #bytesLeft(inode: number, live: Buffer | undefined, choose: (below: number) => number): Buffer {
    const synced = this.#files.get(inode);
    if (live === undefined || synced?.equals(live) === true) return synced ?? Buffer.alloc(0);
    const torn = live.subarray(0, choose(live.length + 1));
    return [synced ?? Buffer.alloc(0), torn, live][choose(3)] ?? live;
  }

  #recordAll(folder: string): void {
    for (const [name, { isFolder }] of entriesOf(folder)) {
      if (isFolder) this.#recordAll(join(folder, name));
      else this.#record(join(folder, name));
    }
    this.#record(folder);
  }
}

type Tree = ReadonlyMap<string, number | Tree>;

function entriesOf(folder: string): ReadonlyMap<string, Entry> {
  const entries = readdirSync(folder, { withFileTypes: true });
  return new Map(entries.map((entry) => [entry.name, { inode: lstatSync(join(folder, entry.name)).ino, isFolder: entry.isDirectory() }]));
}

function rebuild(folder: string, tree: Tree, bytes: ReadonlyMap<number, Buffer>, written: Map<number, string>): void {
  for (const [name, what] of tree) {
    const path = join(folder, name);
    if (typeof what !== "number") {
      mkdirSync(path);
      rebuild(path, what, bytes, written);
      continue;
    }
    const twin = written.get(what);
    if (twin === undefined) writeFileSync(path, bytes.get(what) ?? Buffer.alloc(0));
    else linkSync(twin, path);
    written.set(what, path);
  }
}
