import { createReadStream } from "node:fs";
import { access, constants, readdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import picomatch from "picomatch";
import { isAbort, SyncError } from "../core/errors.ts";
import type { ObjectStore } from "../core/ports.ts";
import type { Stream } from "../core/types.ts";
import { createUnzstd } from "../files/unzstd.ts";
import type { S3Options } from "../s3/s3-options.ts";
import type { HeldFile } from "../sync/adopt-files.ts";
import type { CommandContext } from "./command.ts";

/** Files as a person named them, globs in the last part resolved; disposing closes what they are read from. */
export interface HeldFiles extends AsyncDisposable {
  readonly files: readonly HeldFile[];
}

const S3_URL = /^s3:\/\/([^/]+)\/(.+)$/;

/** Finds the files that `state baseline --from` names: on this machine, or in a bucket by the credentials of the stream's destination. */
export async function openHeldFiles(names: readonly string[], stream: Stream, { host, signal }: CommandContext): Promise<HeldFiles> {
  const stores: ObjectStore[] = [];
  const files: HeldFile[] = [];
  const close = async (): Promise<void> => {
    for (const store of stores) await store[Symbol.asyncDispose]();
  };
  try {
    for (const name of names) {
      const [, bucket, key] = S3_URL.exec(name) ?? [];
      if (bucket === undefined || key === undefined) files.push(...(await localFiles(name, host.cwd)));
      else {
        const store = await openBucket(bucket, stream);
        stores.push(store);
        files.push(...(await bucketFiles(store, bucket, key, signal)));
      }
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { files, [Symbol.asyncDispose]: close };
}

async function localFiles(name: string, cwd: string): Promise<readonly HeldFile[]> {
  const path = resolve(cwd, name);
  const folder = dirname(path);
  const isGlob = picomatch.scan(basename(path)).isGlob;
  const found = isGlob ? matching(await readdir(folder).catch(() => []), basename(path)).map((each) => join(folder, each)) : [path];
  if (found.length === 0) throw notFound(name);
  for (const each of found) {
    await access(each, constants.R_OK).catch((cause: unknown) => {
      throw notFound(name, cause);
    });
  }
  return found.map((each) =>
    heldFile(isGlob ? join(dirname(name), basename(each)) : name, (signal) =>
      Promise.resolve(createReadStream(each, { highWaterMark: 1 << 18, signal })),
    ),
  );
}

async function bucketFiles(store: ObjectStore, bucket: string, key: string, signal: AbortSignal): Promise<readonly HeldFile[]> {
  const folder = key.includes("/") ? `${dirname(key)}/` : "";
  const isGlob = picomatch.scan(basename(key)).isGlob;
  const listed = isGlob ? (await store.list(folder, signal)).filter((each) => !each.slice(folder.length).includes("/")) : [key];
  const found = isGlob
    ? matching(
        listed.map((each) => each.slice(folder.length)),
        basename(key),
      ).map((each) => folder + each)
    : listed;
  if (found.length === 0) throw notFound(`s3://${bucket}/${key}`);
  return found.map((each) =>
    heldFile(`s3://${bucket}/${each}`, async (own) => {
      const stream = await store.get(each, own);
      if (stream === null) throw notFound(`s3://${bucket}/${each}`);
      return stream;
    }),
  );
}

function matching(names: readonly string[], pattern: string): readonly string[] {
  const fits = picomatch(pattern);
  return names.filter((name) => fits(name)).toSorted();
}

/** By its name: packed files are unpacked as they are read. */
function heldFile(name: string, open: (signal: AbortSignal) => Promise<Readable>): HeldFile {
  if (/\.(?:pgp|gpg|asc)$/.test(name))
    throw new SyncError("USAGE", `${name} is encrypted.`, { hint: "Decrypt it first: gpg --decrypt FILE." });
  return {
    name,
    open: async (signal) => {
      const file = await open(signal);
      const plain = name.endsWith(".gz") ? createGunzip() : name.endsWith(".zst") ? await createUnzstd() : null;
      if (plain === null) return file;
      file.on("error", (error) => plain.destroy(error));
      return Readable.from(unpacked(file.pipe(plain), name), { objectMode: false });
    },
  };
}

/** What is no such archive, or ends too early, is told as that. */
async function* unpacked(plain: Readable, name: string): AsyncGenerator<Buffer> {
  try {
    yield* plain as AsyncIterable<Buffer>;
  } catch (cause) {
    if (cause instanceof SyncError || isAbort(cause)) throw cause;
    throw new SyncError("FILE_UNFIT", `${name} cannot be unpacked.`, {
      hint: "Look whether it arrived whole: gzip -t FILE, zstd -t FILE.",
      cause,
    });
  }
}

async function openBucket(bucket: string, { destination }: Stream): Promise<ObjectStore> {
  const { openS3Store } = await import("../s3/s3-store.ts");
  const { s3StateUrlSchema } = await import("../s3/s3-state-options.ts");
  // The configuration's schema made the options.
  const options =
    destination.type === "s3" ? { ...(destination.options as S3Options), bucket, prefix: "" } : s3StateUrlSchema.parse(`s3://${bucket}`);
  return openS3Store(options, { sessionName: "spillway-baseline" });
}

function notFound(name: string, cause?: unknown): SyncError {
  return new SyncError("USAGE", `${name} cannot be read: there is no such file, or it may not be read.`, {
    hint: "Name files of this machine, or s3://bucket/key; `*` may stand in the last part.",
    ...(cause === undefined ? {} : { cause }),
  });
}
