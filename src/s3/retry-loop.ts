import { setTimeout as sleep } from "node:timers/promises";
import { SyncError } from "../core/errors.ts";
import { RETRIES, type RetriedRequest } from "../core/retry-channel.ts";
import { toFailure } from "./s3-failure.ts";
import type { S3Failure, S3Operation } from "./s3-failure.ts";

/** How often and how long one request is tried. */
export interface RetryLimits {
  readonly maxAttempts: number;
  /** The wait before try n+1 is drawn between 0 and min(cap, base × 2^n): full jitter. */
  readonly backoffBaseMs: number;
  readonly backoffCapMs: number;
}

/** Until when the retries of one object may go on (milliseconds of `performance.now()`). */
export interface Deadline {
  readonly at: number;
}

/** One try of a request; its signal ends with the caller's. */
export type Attempt<T> = (signal: AbortSignal) => Promise<T>;

/** Runs requests until they succeed, are refused, or the limits are reached. */
export class RetryLoop {
  readonly #limits: RetryLimits;
  readonly #renewCredentials: () => Promise<void>;

  /** `renewCredentials` is called once per request at most, when its session has expired or its keys are unknown. */
  constructor(limits: RetryLimits, renewCredentials: () => Promise<void>) {
    this.#limits = limits;
    this.#renewCredentials = renewCredentials;
  }

  /** The result of the first successful try; throws an S3Failure whose `maybeDone` covers all tries, or the abort's reason. */
  async run<T>(operation: S3Operation, callers: AbortSignal, deadline: Deadline, attempt: Attempt<T>): Promise<T> {
    // A signal of its own: listeners of many requests at once on the caller's would look like a leak to Node.
    const signal = AbortSignal.any([callers]);
    let maybeDone = false;
    let renewed = false;
    for (let tries = 1; ; tries += 1) {
      signal.throwIfAborted();
      try {
        return await attempt(signal);
      } catch (error) {
        signal.throwIfAborted();
        if (isOurs(error)) throw error;
        const failure = toFailure(operation, error);
        failure.maybeDone = maybeDone = maybeDone || failure.maybeDone;
        if (mayBeStale(failure) && !renewed) {
          renewed = true;
          await this.#renewCredentials();
          tries -= 1;
          continue;
        }
        if (!failure.transient || tries >= this.#limits.maxAttempts) throw failure;
        const wait = this.#backoff(tries);
        if (performance.now() + wait > deadline.at) throw failure;
        RETRIES.publish({ code: codeOf(failure) } satisfies RetriedRequest);
        await sleep(wait, undefined, { signal });
      }
    }
  }

  #backoff(tries: number): number {
    return Math.random() * Math.min(this.#limits.backoffCapMs, this.#limits.backoffBaseMs * 2 ** tries);
  }
}

/** A server's word of its own is only taken for a code where it reads as one. */
function codeOf({ s3Code, kind }: S3Failure): string {
  return /^[A-Za-z]\w{0,40}$/.test(s3Code) ? s3Code : kind;
}

/** Whether newer credentials may be had: a session has ended, or keys were exchanged since they were read. */
function mayBeStale(failure: S3Failure): boolean {
  return failure.kind === "expired" || (failure.kind === "credentials" && failure.operation !== "AssumeRole");
}

/** Errors that are not S3's: the staged file's, or a bug; trying again would only repeat them. */
function isOurs(error: unknown): boolean {
  if (error instanceof SyncError) return true;
  return (error instanceof TypeError || error instanceof RangeError) && !("code" in error);
}
