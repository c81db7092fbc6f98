import { SyncError } from "../core/errors.ts";
import type { ObjectStore } from "../core/ports.ts";
import type { DestinationSpec } from "../core/types.ts";
import type { FolderOptions } from "../folder/folder-options.ts";
import type { S3Options } from "../s3/s3-options.ts";
import type { S3Store } from "../s3/s3-store.ts";

interface DestinationContext {
  readonly stream: string;
  readonly run: string;
  readonly generation: number | null;
  readonly warn: (message: string) => void;
}

type Opener = (options: unknown, context: DestinationContext) => Promise<ObjectStore>;

/**
 * Adapters by `type`, each imported when it is used. The options were validated against the adapter's own schema when the
 * configuration was read, which is what the assertions rest on.
 */
const OPENERS: Readonly<Record<string, Opener>> = {
  local: async (options) => {
    const { openFolderStore } = await import("../folder/folder-store.ts");
    return openFolderStore({ path: (options as FolderOptions).path, role: "destination" });
  },
  s3: async (options, context) => {
    const { openS3Store } = await import("../s3/s3-store.ts");
    return warnsOfWeakPromises(openS3Store(options as S3Options, { sessionName: sessionName(context) }), context.warn);
  },
};

/** Opens the store that a stream is delivered to; the caller disposes it. */
export async function openDestination(spec: DestinationSpec, context: DestinationContext): Promise<ObjectStore> {
  const open = OPENERS[spec.type];
  if (open === undefined) throw new SyncError("INTERNAL", `No adapter opens a destination of type "${spec.type}".`);
  return await open(spec.options, context);
}

/** What CloudTrail shows for the delivery: the stream and its generation. A session's name has 64 characters, and the generation must not be cut off. */
function sessionName({ stream, run, generation }: DestinationContext): string {
  const what = generation === null ? run : String(generation).padStart(6, "0");
  return `spillway-${stream.slice(0, 64 - `spillway--${what}`.length)}-${what}`;
}

/** The store, saying once before its first object when it cannot promise to create objects only once. */
function warnsOfWeakPromises(store: S3Store, warn: (message: string) => void): ObjectStore {
  let told = false;
  return {
    place: store.place,
    ...(store.objectsAtOnce === undefined ? {} : { objectsAtOnce: store.objectsAtOnce }),
    putNew: async (key, body, facts, signal) => {
      if (!told) {
        told = true;
        const { warning } = await store.promises(signal);
        if (warning !== null) warn(warning);
      }
      return await store.putNew(key, body, facts, signal);
    },
    replace: (key, body, facts, signal) => store.replace(key, body, facts, signal),
    head: (key, signal) => store.head(key, signal),
    get: (key, signal) => store.get(key, signal),
    list: (prefix, signal) => store.list(prefix, signal),
    delete: (key, signal) => store.delete(key, signal),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
