import { Readable } from "node:stream";
import type { ObjectBody, ObjectFacts } from "../../../src/core/ports.ts";
import { s3OptionsSchema } from "../../../src/s3/s3-options.ts";
import type { S3Options } from "../../../src/s3/s3-options.ts";
import { openS3Store } from "../../../src/s3/s3-store.ts";
import type { S3Store } from "../../../src/s3/s3-store.ts";
import type { Grant } from "./accounts.ts";
import { sha256Hex } from "./checksums.ts";
import { startTestS3 } from "./test-s3-server.ts";
import type { TestS3, TestS3Options } from "./test-s3-server.ts";

/** The bucket and prefix that every fixture delivers to. */
export const BUCKET = "partner";
const PREFIX = "in";
/** The rights that a plain destination needs, and no more. */
export const PUT_ONLY: readonly Grant[] = [{ actions: ["s3:PutObject"], resources: [`arn:aws:s3:::${BUCKET}/${PREFIX}/*`] }];
/** Everything on the bucket. */
export const ALL_RIGHTS: readonly Grant[] = [{ actions: ["*"], resources: ["*"] }];
/** Parts of 64 KiB and waits of a few milliseconds, so that a test of large objects is a small one. */
export const SMALL = { partSizes: { singlePutLimit: 100_000, partSize: () => 65_536 }, backoff: { baseMs: 1, capMs: 5 } } as const;
/** A signal that never ends anything. */
export const ALWAYS = new AbortController().signal;

/** A test server with one bucket, and a store on it. */
export interface S3Fixture extends AsyncDisposable {
  readonly server: TestS3;
  readonly options: S3Options;
  /** The options with other keys, as YAML would give them. */
  optionsWith(changes: Record<string, unknown>): S3Options;
  readonly store: S3Store;
  /** Another store on the same place, as a second run or host would open it. */
  open(changes?: Record<string, unknown>): Promise<S3Store>;
}

/** Starts a server and opens a store as a user with these rights; `changes` are laid over the options as YAML would give them. */
export async function s3Fixture(
  setup: { readonly grants?: readonly Grant[]; readonly server?: TestS3Options; readonly changes?: Record<string, unknown> } = {},
): Promise<S3Fixture> {
  const server = await startTestS3({ minimumPart: 1, ...setup.server });
  server.buckets.add(BUCKET);
  const keys = server.accounts.addUser("spillway", setup.grants ?? ALL_RIGHTS);
  const optionsWith = (changes: Record<string, unknown>): S3Options =>
    s3OptionsSchema.parse({
      type: "s3",
      bucket: BUCKET,
      prefix: PREFIX,
      region: server.region,
      endpoint: server.endpoint,
      sts_endpoint: server.endpoint,
      path_style: true,
      credentials: { access_key_id: keys.accessKeyId, secret_access_key: keys.secretAccessKey },
      max_attempts: 3,
      ...setup.changes,
      ...changes,
    });
  const stores: S3Store[] = [];
  const open = async (changes: Record<string, unknown> = {}): Promise<S3Store> => {
    const store = openS3Store(optionsWith(changes), { sessionName: "spillway-users-000007", tuning: SMALL });
    stores.push(store);
    return store;
  };
  return {
    server,
    options: optionsWith({}),
    optionsWith,
    store: await open(),
    open,
    [Symbol.asyncDispose]: async () => {
      for (const store of stores) await store[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Bytes that differ at every place, of a given length. */
export function someBytes(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** A body that can be opened as often as one likes, in chunks. */
export function bodyOf(bytes: Buffer): ObjectBody {
  return {
    size: bytes.length,
    sha256: sha256Hex(bytes),
    open: (start = 0, end = bytes.length) => Readable.from(chunksOf(bytes.subarray(start, end))),
  };
}

/** Facts of a delivery of these bytes. */
export function factsOf(body: ObjectBody): ObjectFacts {
  return { stateId: "3f0c2a5e-state", generation: 7, run: "run-1", sha256: body.sha256 };
}

function* chunksOf(bytes: Buffer): Iterable<Buffer> {
  for (let at = 0; at < bytes.length; at += 16_384) yield bytes.subarray(at, at + 16_384);
}
