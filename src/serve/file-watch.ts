import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../core/durable-file.ts";

/** Files whose change matters, and a folder in which one may appear or go. */
export interface WatchedFiles {
  readonly files: readonly string[];
  readonly folder: string;
}

/**
 * Sees that files were changed by looking at them now and then: that works on every file system, in containers as well, where files
 * are changed by swapping a link above them.
 */
export class FileWatch {
  #watched: WatchedFiles;
  #known: string | null = null;
  #unsettled: string | null = null;

  constructor(watched: WatchedFiles) {
    this.#watched = watched;
  }

  /** Watches these files from now on. Where they are others than before, what they look like next is what they are compared with. */
  watch(watched: WatchedFiles): void {
    if (JSON.stringify(watched) === JSON.stringify(this.#watched)) return;
    this.#watched = watched;
    this.#known = null;
    this.#unsettled = null;
  }

  /** Whether something was changed since it was last said so, and looks the same in two looks: who saves several files is waited for. */
  async look(): Promise<boolean> {
    const seen = await this.#print();
    const known = (this.#known ??= seen);
    if (seen === known) {
      this.#unsettled = null;
      return false;
    }
    const isSettled = seen === this.#unsettled;
    this.#unsettled = seen;
    if (isSettled) this.#known = seen;
    return isSettled;
  }

  async #print(): Promise<string> {
    const { files, folder } = this.#watched;
    const models = (await entriesOf(folder)).filter((name) => /\.ya?ml$/i.test(name)).map((name) => join(folder, name));
    const paths = [...new Set([...files, ...models])].toSorted();
    return (await Promise.all(paths.map(printOf))).join("\n");
  }
}

async function printOf(path: string): Promise<string> {
  try {
    const { mtimeNs, size, ino } = await stat(path, { bigint: true });
    return `${path} ${mtimeNs} ${size} ${ino}`;
  } catch (error) {
    return `${path} ${errnoOf(error) ?? "unreadable"}`;
  }
}

async function entriesOf(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder, { recursive: true });
  } catch (error) {
    if (errnoOf(error) === null) throw error;
    return [];
  }
}
