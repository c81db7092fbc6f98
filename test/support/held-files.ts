import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createGunzip } from "node:zlib";
import type { Stream } from "../../src/core/types.ts";
import { createUnzstd } from "../../src/files/unzstd.ts";
import type { HeldFile } from "../../src/sync/adopt-files.ts";
import type { SyncDeps } from "../../src/sync/sync-deps.ts";
import { harness, testStream } from "./sync-harness.ts";

/** A program with a state root and a destination of its own. */
export function programAt(path: string): {
  readonly deps: SyncDeps;
  readonly stream: (sql: string, changes?: Partial<Stream>) => Stream;
  readonly out: string;
} {
  return { deps: harness({ root: path }), stream: (sql, changes) => testStream(path, sql, changes), out: join(path, "out") };
}

/** The files of a destination, as `state baseline --from` opens them. */
export async function filesBelow(folder: string): Promise<readonly HeldFile[]> {
  const names = (await readdir(join(folder, "users"))).toSorted();
  return names.map((name) => ({
    name,
    open: async () => {
      const file = createReadStream(join(folder, "users", name));
      return name.endsWith(".gz") ? file.pipe(createGunzip()) : name.endsWith(".zst") ? file.pipe(await createUnzstd()) : file;
    },
  }));
}
