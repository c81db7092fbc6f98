import { Readable } from "node:stream";
import { SyncError } from "../core/errors.ts";
import type { ObjectStore } from "../core/ports.ts";
import type { ConditionalWrites } from "../s3/conditional-writes.ts";
import type { S3Store } from "../s3/s3-store.ts";

/** A bucket as the state root. */
export interface StateBucket extends ObjectStore {
  conditionalWrites(signal: AbortSignal): Promise<ConditionalWrites>;
}

/** The same store, with what it says of a destination said of the state root: it is not the delivery that failed. */
export function asStateStore(store: S3Store): StateBucket {
  return {
    place: store.place,
    putNew: (key, body, facts, signal) => told(() => store.putNew(key, body, facts, signal)),
    replace: (key, body, facts, signal) => told(() => store.replace(key, body, facts, signal)),
    head: (key, signal) => told(() => store.head(key, signal)),
    get: async (key, signal) => {
      const stream = await told(() => store.get(key, signal));
      return stream === null ? null : Readable.from(guarded(stream), { objectMode: false });
    },
    list: (prefix, signal) => told(() => store.list(prefix, signal)),
    delete: (key, signal) => told(() => store.delete(key, signal)),
    conditionalWrites: async (signal) => (await told(() => store.promises(signal))).conditionalWrites,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

/** An error of a destination as one of the state root; any other error as it is. */
function stateErrorOf(error: unknown): unknown {
  if (!(error instanceof SyncError) || !error.code.startsWith("DESTINATION_")) return error;
  const hint = error.hint?.replaceAll("in the destination", "in `state`").replaceAll("of the destination", "of `state`");
  return new SyncError("STATE_UNAVAILABLE", `The state root could not be used: ${error.message}`, {
    ...(hint === undefined ? {} : { hint }),
    retry: error.retry,
    context: { ...error.context, cause: error.code },
    cause: error,
  });
}

async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw stateErrorOf(error);
  }
}

async function* guarded(stream: Readable): AsyncGenerator<Buffer, void> {
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (error) {
    throw stateErrorOf(error);
  }
}
