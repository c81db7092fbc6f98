import type { S3Client } from "@aws-sdk/client-s3";
import { credentialProvider, regionOf } from "./credentials.ts";
import { RetryLoop } from "./retry-loop.ts";
import type { Deadline } from "./retry-loop.ts";
import type { S3Operation } from "./s3-failure.ts";
import type { S3Options } from "./s3-options.ts";

/** How a request goes out: cancelled by the signal, given up when it takes longer than `requestTimeout` milliseconds. */
export interface SendOptions {
  readonly abortSignal: AbortSignal;
  readonly requestTimeout: number;
}

/** An open client of one destination with the retries around it. */
export interface S3Connection extends Disposable {
  readonly sdk: typeof import("@aws-sdk/client-s3");
  readonly client: S3Client;
  /**
   * Tries a request until it succeeds or is refused (S3Failure). `bytes` is what it carries: the time that one try may
   * take grows with it, so that a connection which trickles is given up as well.
   */
  request<T>(request: RequestScope, call: (options: SendOptions) => Promise<T>): Promise<T>;
  deadline(): Deadline;
}

/** What a request is, until when and for how much. */
export interface RequestScope {
  readonly operation: S3Operation;
  readonly signal: AbortSignal;
  readonly deadline: Deadline;
  readonly bytes?: number;
}

/** Waits between tries; tests shorten them. */
export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
}

/** A wait of up to 20 s: what S3 asks for while it splits a busy prefix. */
export const BACKOFF: Backoff = { baseMs: 100, capMs: 20_000 };

/** The SDK would print warnings of its own to the console. */
const SILENT = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
function ignore(): void {}

/** A transfer slower than this is as good as dead. */
const SLOWEST_BYTES_PER_MS = 16;
const REQUEST_BASE_MS = 60_000;

/** Loads the SDK and opens a client; asks nothing of the server yet. */
export async function connectS3(options: S3Options, sessionName: string, backoff: Backoff): Promise<S3Connection> {
  const closing = new AbortController();
  const [sdk, credentials] = await Promise.all([import("@aws-sdk/client-s3"), credentialProvider(options, sessionName, closing.signal)]);
  const client = new sdk.S3Client({
    ...regionOf(options),
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    forcePathStyle: options.path_style,
    credentials,
    // The loop around each call counts tries, so that it knows of every one that got no answer.
    maxAttempts: 1,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestStreamBufferSize: 64 * 1024,
    logger: SILENT,
    requestHandler: {
      connectionTimeout: options.timeouts.connect,
      socketTimeout: options.timeouts.idle,
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets: 512 },
      httpsAgent: { maxSockets: 512 },
    },
  });
  const limits = { maxAttempts: options.max_attempts, backoffBaseMs: backoff.baseMs, backoffCapMs: backoff.capMs };
  const loop = new RetryLoop(limits, () => renewCredentials(client));
  return {
    sdk,
    client,
    request: ({ operation, signal, deadline, bytes = 0 }, call) => {
      const requestTimeout = Math.max(REQUEST_BASE_MS, options.timeouts.idle) + Math.ceil(bytes / SLOWEST_BYTES_PER_MS);
      return loop.run(operation, signal, deadline, (abortSignal) => call({ abortSignal, requestTimeout }));
    },
    deadline: () => ({ at: performance.now() + options.timeouts.deadline }),
    [Symbol.dispose]: () => {
      closing.abort();
      client.destroy();
    },
  };
}

/** Fetches credentials past the SDK's memory of them; requests that ask at the same moment share one answer. */
async function renewCredentials(client: S3Client): Promise<void> {
  await client.config.credentials({ forceRefresh: true });
}
