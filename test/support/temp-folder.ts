import { access, constants, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A folder that is gone, with all in it, once disposed (`await using folder = await tempFolder()`). */
export interface TempFolder extends AsyncDisposable {
  readonly path: string;
  /** Absolute path of something in it. */
  at(...parts: readonly string[]): string;
  /** Writes a file, with its folders, and returns its absolute path. */
  write(name: string, content: string | Uint8Array): Promise<string>;
}

/** Makes an empty folder of its own for one test, below the system's folder for such things or another one. */
export async function tempFolder(below: string = tmpdir()): Promise<TempFolder> {
  const path = await mkdtemp(join(await realpath(below), "spillway-test-"));
  return {
    path,
    at: (...parts) => join(path, ...parts),
    write: async (name, content) => {
      const file = join(path, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
      return file;
    },
    [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** A file system in memory, where there is one: many small runs, each with dozens of syncs, take a third of the time there. */
export async function memoryFolder(): Promise<string | undefined> {
  return await access("/dev/shm", constants.W_OK).then(
    () => "/dev/shm",
    () => undefined,
  );
}
