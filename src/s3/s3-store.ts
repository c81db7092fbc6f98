import { Readable } from "node:stream";
import { SyncError } from "../core/errors.ts";
import type { HeadOutcome, ObjectBody, ObjectFacts, ObjectStore, Place, PutOutcome } from "../core/ports.ts";
import { isAws } from "./aws-endpoint.ts";
import { NO_CONDITIONS_WARNING, PROBE_KEY, probeConditionalWrites } from "./conditional-writes.ts";
import type { ConditionalWrites } from "./conditional-writes.ts";
import { addressOf, bucketOf, toFacts } from "./object-write.ts";
import type { WriteTarget } from "./object-write.ts";
import { PART_SIZES, planParts } from "./part-plan.ts";
import type { PartSizes } from "./part-plan.ts";
import { putMultipart } from "./put-multipart.ts";
import { putSingle } from "./put-single.ts";
import { adviseOn } from "./s3-advice.ts";
import { BACKOFF, connectS3 } from "./s3-connection.ts";
import type { Backoff, RequestScope, S3Connection, SendOptions } from "./s3-connection.ts";
import { S3Failure, toFailure } from "./s3-failure.ts";
import type { S3Operation } from "./s3-failure.ts";
import type { S3Options } from "./s3-options.ts";
import { s3Place } from "./s3-place.ts";

/** What a store is opened for. */
export interface S3StoreContext {
  /** Names the run in the owner's CloudTrail, e.g. `spillway-users-000042`; other characters are replaced. */
  readonly sessionName: string;
  /** For tests: small parts and short waits. */
  readonly tuning?: { readonly partSizes?: PartSizes; readonly backoff?: Backoff };
}

/** An object store on S3, and what it can promise. */
export interface S3Store extends ObjectStore {
  /** Whether create-once writes are create-once here, and the warning to print when they are not. May ask the store, once. */
  promises(signal: AbortSignal): Promise<{ readonly conditionalWrites: ConditionalWrites; readonly warning: string | null }>;
}

/** Opens the bucket and prefix of the options; dispose it to close its connections. The SDK is loaded by the first request: a run with nothing to tell needs none. */
export function openS3Store(options: S3Options, context: S3StoreContext): S3Store {
  const connect = async (): Promise<S3Connection> => await connectS3(options, context.sessionName, context.tuning?.backoff ?? BACKOFF);
  return new OpenS3Store(options, connect, context.tuning?.partSizes ?? PART_SIZES);
}

class OpenS3Store implements S3Store {
  readonly place: Place;
  readonly objectsAtOnce: number;
  readonly #options: S3Options;
  readonly #connect: () => Promise<S3Connection>;
  #connecting: Promise<S3Connection> | null = null;
  readonly #sizes: PartSizes;
  #conditions: Promise<ConditionalWrites> | null = null;

  constructor(options: S3Options, connect: () => Promise<S3Connection>, sizes: PartSizes) {
    this.place = s3Place(options);
    this.objectsAtOnce = options.concurrency.objects;
    this.#options = options;
    this.#connect = connect;
    this.#sizes = sizes;
  }

  async putNew(key: string, body: ObjectBody, facts: ObjectFacts | null, signal: AbortSignal): Promise<PutOutcome> {
    const createOnly = (await this.#conditionalWrites(signal)) === "honoured";
    if (!createOnly && (await this.head(key, signal)).kind === "found") return { kind: "exists", afterUnanswered: false };
    return await this.#put({ key: this.#keyOf(key), facts, createOnly }, body, signal);
  }

  async replace(
    key: string,
    body: ObjectBody,
    facts: ObjectFacts | null,
    signal: AbortSignal,
  ): Promise<Exclude<PutOutcome, { readonly kind: "exists" }>> {
    const outcome = await this.#put({ key: this.#keyOf(key), facts, createOnly: false }, body, signal);
    if (outcome.kind !== "exists") return outcome;
    throw new SyncError("INTERNAL", "A PUT without a condition was refused for one.");
  }

  async #put(target: WriteTarget, body: ObjectBody, signal: AbortSignal): Promise<PutOutcome> {
    const options = this.#options;
    const connection = await this.#connection();
    const deadline = connection.deadline();
    try {
      if (body.size <= this.#sizes.singlePutLimit) await putSingle(connection, options, target, body, signal, deadline);
      else {
        const parts = planParts(body.size, this.#sizes.partSize(body.size));
        await putMultipart({ connection, options, target, body, parts, deadline }, signal);
      }
      return { kind: "created" };
    } catch (error) {
      if (!(error instanceof S3Failure)) throw error;
      if (error.kind === "exists" && target.createOnly) return { kind: "exists", afterUnanswered: error.maybeDone };
      const advice = adviseOn(error, options, target.key);
      if (error.maybeDone && error.transient) return { kind: "unanswered", cause: advice };
      throw advice;
    }
  }

  async head(key: string, signal: AbortSignal): Promise<HeadOutcome> {
    const { client, sdk } = await this.#connection();
    try {
      const found = await this.#request("HeadObject", signal, (send) => client.send(new sdk.HeadObjectCommand(this.#address(key)), send));
      return { kind: "found", size: found.ContentLength ?? 0, facts: toFacts(found.Metadata) };
    } catch (error) {
      if (isKind(error, "missing")) return { kind: "missing" };
      if (isKind(error, "forbidden")) return { kind: "forbidden" };
      throw this.#advise(error, key);
    }
  }

  async get(key: string, signal: AbortSignal): Promise<Readable | null> {
    const { client, sdk } = await this.#connection();
    try {
      const found = await this.#request("GetObject", signal, (send) => client.send(new sdk.GetObjectCommand(this.#address(key)), send));
      if (!(found.Body instanceof Readable)) throw new SyncError("INTERNAL", `GetObject ${key} gave no stream`);
      return Readable.from(this.#guarded(found.Body, key, signal), { objectMode: false });
    } catch (error) {
      if (isKind(error, "missing")) return null;
      throw this.#advise(error, key);
    }
  }

  async list(prefix: string, signal: AbortSignal): Promise<readonly string[]> {
    const { client, sdk } = await this.#connection();
    const root = this.#keyOf("");
    const keys: string[] = [];
    let token: string | undefined;
    try {
      do {
        const input = { ...bucketOf(this.#options), Prefix: root + prefix, ...(token === undefined ? {} : { ContinuationToken: token }) };
        const page = await this.#request("ListObjectsV2", signal, (send) => client.send(new sdk.ListObjectsV2Command(input), send));
        for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key.slice(root.length));
        token = page.NextContinuationToken;
      } while (token !== undefined);
    } catch (error) {
      throw this.#advise(error, prefix);
    }
    // The probe is no object of anybody's: whoever lists a fresh place expects it to be empty.
    return keys.filter((key) => key !== PROBE_KEY);
  }

  async delete(key: string, signal: AbortSignal): Promise<void> {
    const { client, sdk } = await this.#connection();
    try {
      await this.#request("DeleteObject", signal, (send) => client.send(new sdk.DeleteObjectCommand(this.#address(key)), send));
    } catch (error) {
      if (!isKind(error, "missing")) throw this.#advise(error, key);
    }
  }

  async promises(signal: AbortSignal): Promise<{ readonly conditionalWrites: ConditionalWrites; readonly warning: string | null }> {
    const conditionalWrites = await this.#conditionalWrites(signal);
    return { conditionalWrites, warning: conditionalWrites === "honoured" ? null : NO_CONDITIONS_WARNING };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const connection = await this.#connecting;
    connection?.[Symbol.dispose]();
  }

  /** Opened once; what could not be opened is tried again. */
  async #connection(): Promise<S3Connection> {
    this.#connecting ??= this.#connect();
    try {
      return await this.#connecting;
    } catch (error) {
      this.#connecting = null;
      throw error;
    }
  }

  /** Asked once per store; a question that failed is asked again. */
  async #conditionalWrites(signal: AbortSignal): Promise<ConditionalWrites> {
    if (this.#options.conditional_writes === "off") return "ignored";
    if (isAws(this.#options.endpoint)) return "honoured";
    const key = this.#keyOf(PROBE_KEY);
    const connection = await this.#connection();
    this.#conditions ??= probeConditionalWrites(connection, this.#options, key, signal);
    try {
      return await this.#conditions;
    } catch (error) {
      this.#conditions = null;
      throw this.#advise(error, PROBE_KEY);
    }
  }

  async #request<T>(operation: S3Operation, signal: AbortSignal, call: (send: SendOptions) => Promise<T>): Promise<T> {
    const connection = await this.#connection();
    const scope: RequestScope = { operation, signal, deadline: connection.deadline() };
    return await connection.request(scope, call);
  }

  /** A connection that breaks in the middle of an object is as much the store's failure as one that breaks before. */
  async *#guarded(stream: Readable, key: string, signal: AbortSignal): AsyncGenerator<Buffer, void> {
    try {
      yield* stream as AsyncIterable<Buffer>;
    } catch (error) {
      signal.throwIfAborted();
      throw this.#advise(toFailure("GetObject", error), key);
    }
  }

  #advise(error: unknown, key: string): unknown {
    return error instanceof S3Failure ? adviseOn(error, this.#options, this.#keyOf(key)) : error;
  }

  #address(key: string): ReturnType<typeof addressOf> {
    return addressOf(this.#options, this.#keyOf(key));
  }

  #keyOf(key: string): string {
    return this.#options.prefix === "" ? key : `${this.#options.prefix}/${key}`;
  }
}

function isKind(error: unknown, kind: S3Failure["kind"]): boolean {
  return error instanceof S3Failure && error.kind === kind;
}
