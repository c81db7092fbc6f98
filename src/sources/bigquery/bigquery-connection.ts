import { setTimeout as sleep } from "node:timers/promises";
import { BigQuery } from "@google-cloud/bigquery";
import { SyncError } from "../../core/errors.ts";
import { authFailure, BigqueryFailure, requestFailure } from "./bigquery-failure.ts";
import type { BigqueryOptions } from "./bigquery-options.ts";
import { type Identify, identify, type Identity } from "./credentials.ts";
import { PACE, type Pace, pauseBefore } from "./pace.ts";

/** One request to the API. All that this source sends can be sent twice: it reads, cancels, or creates a job under an id of its own. */
export interface ApiCall {
  readonly method: "GET" | "POST";
  /** Below the project, e.g. `/jobs`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: object;
  /** How long the server may think, beyond the time that any answer may take. */
  readonly thinksMs?: number;
}

/** What a test puts in the place of the world. */
export interface ConnectionSeams {
  readonly pace?: Pace;
  readonly identify?: Identify;
}

const NOBODY = new Set(["ECONNREFUSED", "ENOTFOUND"]);

/** The way to BigQuery's API: authenticated, with a deadline on each request, asking again where that can help. */
export class BigqueryConnection {
  readonly options: BigqueryOptions;
  readonly project: string;
  readonly pace: Pace;
  readonly #identify: Identify;
  #identity: Identity;
  #client: BigQuery;

  private constructor(options: BigqueryOptions, identity: Identity, project: string, seams: Required<ConnectionSeams>) {
    this.options = options;
    this.project = project;
    this.pace = seams.pace;
    this.#identify = seams.identify;
    this.#identity = identity;
    this.#client = makeClient(options, identity, project);
  }

  /** Finds out who asks and fetches a first token, so that what is wrong with the credentials shows before anything is asked. */
  static async open(options: BigqueryOptions, signal: AbortSignal, seams: ConnectionSeams = {}): Promise<BigqueryConnection> {
    const parts = { pace: seams.pace ?? PACE, identify: seams.identify ?? identify };
    const identity = await within(options.request_timeout, signal, async () => await parts.identify(options, signal));
    const project = options.project ?? identity.project;
    if (project === null) {
      throw new SyncError("SOURCE_DATABASE_MISSING", "The BigQuery source names no project, and neither do its credentials.", {
        hint: "Add `project:` to the source: the id of the project that pays for the queries.",
      });
    }
    const connection = new BigqueryConnection(options, identity, project, parts);
    await connection.#trying(signal, async () => await connection.#authenticate(signal));
    return connection;
  }

  /** `endpoint (project)`, for messages. */
  get where(): string {
    const { api_endpoint: endpoint } = this.options;
    return endpoint === undefined ? `project ${this.project}` : `${endpoint}, project ${this.project}`;
  }

  /** Sends a request, again where that can help, and returns the parsed answer. Throws BigqueryFailure, or the signal's reason. */
  async call(call: ApiCall, signal: AbortSignal): Promise<unknown> {
    return await this.#trying(signal, async () => {
      await this.#authenticate(signal);
      return await within(this.options.request_timeout + (call.thinksMs ?? 0), signal, async () => await this.#send(call));
    });
  }

  async #trying<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    let renewed = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof BigqueryFailure)) throw error;
        // A token can die before its time: once, it is fetched anew.
        const isStale = error.kind === "answer" && error.status === 401 && !renewed;
        if (isStale) {
          renewed = true;
          await this.#renew(signal);
        } else {
          // An address that nobody answers at is more often wrong than busy: that is told soon.
          const attempts = NOBODY.has(error.reason) ? Math.min(this.pace.attempts, 3) : this.pace.attempts;
          if (!error.isTransient || attempt >= attempts) throw error;
          await sleep(pauseBefore(attempt + 1, this.pace), undefined, { signal });
        }
      }
    }
  }

  async #authenticate(signal: AbortSignal): Promise<void> {
    await within(this.options.request_timeout, signal, async () => {
      await this.#identity.client.getRequestHeaders().catch((error: unknown) => {
        throw authFailure(error);
      });
    });
  }

  async #renew(signal: AbortSignal): Promise<void> {
    this.#identity = await within(this.options.request_timeout, signal, async () => await this.#identify(this.options, signal));
    this.#client = makeClient(this.options, this.#identity, this.project);
  }

  #send(call: ApiCall): Promise<unknown> {
    // The address stands whole in each request, for BIGQUERY_EMULATOR_HOST of the environment would change any other.
    const uri = `${this.options.api_endpoint ?? "https://bigquery.googleapis.com"}/bigquery/v2/projects/${this.project}${call.path}`;
    return new Promise((resolve, reject) => {
      const request = {
        method: call.method,
        uri,
        ...(call.query === undefined ? {} : { qs: call.query }),
        ...(call.body === undefined ? {} : { json: call.body }),
      };
      this.#client.request(request, (error, body: unknown) => {
        if (error === null) resolve(body);
        else reject(requestFailure(error));
      });
    });
  }
}

function makeClient(options: BigqueryOptions, { client }: Identity, project: string): BigQuery {
  return new BigQuery({
    projectId: project,
    authClient: client,
    // Asking again is this connection's own: the client's takes no signal, and not every failure that passes.
    retryOptions: { autoRetry: false },
    userAgent: "spillway",
    ...(options.location === undefined ? {} : { location: options.location }),
  });
}

/** Neither a driver's promise nor a server's answer is waited for without end. */
async function within<T>(ms: number, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let stop = (): void => undefined;
  const ended = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(() => reject(new BigqueryFailure("deadline", { reason: `${ms / 1000} s` })), ms);
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    stop = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    };
  });
  try {
    return await Promise.race([work(), ended]);
  } finally {
    stop();
  }
}
