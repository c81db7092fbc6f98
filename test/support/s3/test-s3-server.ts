import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { systemClock } from "../../../src/core/clock.ts";
import type { Clock } from "../../../src/core/clock.ts";
import { Accounts } from "./accounts.ts";
import { authorize } from "./authorize.ts";
import { Buckets } from "./buckets.ts";
import { addressOf, operationOf, stsOperationOf } from "./call.ts";
import type { Address, Call, Reply } from "./call.ts";
import { FaultScript } from "./fault-script.ts";
import type { Fault, WireOperation } from "./fault-script.ts";
import { abortUpload, completeUpload, createUpload, uploadPart } from "./multipart-operations.ts";
import { deleteObject, listObjects, putObject, readObject } from "./object-operations.ts";
import { readPayload } from "./read-payload.ts";
import { answerSts } from "./sts-operations.ts";
import { verifySignature } from "./verify-signature.ts";
import { WireError } from "./wire-error.ts";

/** How the server differs from S3, for tests. */
export interface TestS3Options {
  readonly region?: string;
  /** Smallest part but the last; S3's own 5 MiB unless told. */
  readonly minimumPart?: number;
  readonly pageSize?: number;
  readonly clock?: Clock;
  /** `ignored`: as stores that do not know If-None-Match; `refused`: as those that answer 501 to it. */
  readonly conditionalWrites?: "honoured" | "ignored" | "refused";
}

/** A request that came, and what was answered (0: the connection was broken or left open). */
export interface LoggedRequest {
  readonly operation: WireOperation;
  readonly key: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** S3 and STS in one process: signatures, rights, conditions and checksums are enforced, and faults follow a script. */
export class TestS3 implements AsyncDisposable {
  readonly accounts: Accounts;
  readonly buckets: Buckets;
  readonly faults = new FaultScript();
  readonly requests: LoggedRequest[] = [];
  readonly region: string;
  readonly #options: TestS3Options;
  readonly #clock: Clock;
  readonly #server: Server;

  constructor(options: TestS3Options) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.region = options.region ?? "eu-central-1";
    this.accounts = new Accounts(this.#clock);
    this.buckets = new Buckets(this.#clock);
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  /** How often an operation was asked for, faulty answers included. */
  count(operation: WireOperation): number {
    return this.requests.filter((request) => request.operation === operation).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on("error", () => undefined);
    const address = addressOf(request);
    const sts = address.rawPath === "/" && address.method === "POST";
    try {
      await (sts ? this.#serveSts(address, request, response) : this.#serveS3(address, request, response));
    } catch (error) {
      this.#send(response, errorReply(asWireError(error), sts, address.method === "HEAD"));
    }
  }

  async #serveSts(address: Address, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readPayload(request, address.headers);
    const form = new URLSearchParams(body.toString());
    const operation = stsOperationOf(form);
    await this.#answer({ ...address, operation, sts: true }, request, response, async () => {
      const caller = await verifySignature({ ...address, body }, this.accounts, this.#clock, this.region);
      return answerSts(form, caller, this.accounts);
    });
  }

  async #serveS3(address: Address, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = operationOf(address);
    await this.#answer({ ...address, operation, sts: false }, request, response, async () => {
      const principal = await verifySignature(address, this.accounts, this.#clock, this.region);
      const bucket = this.buckets.get(address.bucket);
      const headers = this.#minded(address.headers);
      const call: Call = { ...address, headers, operation, principal, body: Buffer.alloc(0) };
      authorize(call, bucket);
      return this.#perform({ ...call, body: await readPayload(request, address.headers) });
    });
  }

  async #answer(
    asked: Address & { readonly operation: WireOperation; readonly sts: boolean },
    request: IncomingMessage,
    response: ServerResponse,
    perform: () => Promise<Reply>,
  ): Promise<void> {
    const { operation, key, headers } = asked;
    const fault = this.faults.next(operation, key);
    if (fault?.kind === "expire_sessions") this.accounts.expireSessions();
    let reply = instead(fault);
    if (reply === null) {
      try {
        reply = afterwards(fault, await perform());
      } catch (error) {
        reply = asWireError(error);
      }
    }
    const answered = reply instanceof WireError ? errorReply(reply, asked.sts, asked.method === "HEAD") : reply;
    this.requests.push({ operation, key, status: typeof answered === "string" ? 0 : answered.status, headers });
    if (answered === "silence") return;
    if (answered === "reset") request.socket.destroy();
    else if (fault?.kind === "cut_body" && answered.body !== undefined) {
      response.writeHead(answered.status, { ...answered.headers });
      response.write(answered.body.slice(0, answered.body.length / 2), () => request.socket.destroy());
    } else {
      request.resume();
      this.#send(response, answered);
    }
  }

  #perform(call: Call): Reply | Promise<Reply> {
    switch (call.operation) {
      case "PutObject":
        return putObject(call, this.buckets);
      case "CreateMultipartUpload":
        return createUpload(call, this.buckets);
      case "UploadPart":
        return uploadPart(call, this.buckets);
      case "CompleteMultipartUpload":
        return completeUpload(call, this.buckets, this.#options.minimumPart ?? 5 * 1024 * 1024);
      case "AbortMultipartUpload":
        return abortUpload(call, this.buckets);
      case "HeadObject":
      case "GetObject":
        return readObject(call, this.buckets);
      case "DeleteObject":
        return deleteObject(call, this.buckets);
      case "ListObjectsV2":
        return listObjects(call, this.buckets, this.#options.pageSize ?? 1000);
      default:
        throw new WireError(501, "NotImplemented", call.operation);
    }
  }

  /** The headers that the store minds, seen its attitude to conditions. */
  #minded(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    const attitude = this.#options.conditionalWrites ?? "honoured";
    if (attitude === "honoured" || headers["if-none-match"] === undefined) return headers;
    if (attitude === "refused")
      throw new WireError(501, "NotImplemented", "A header you provided implies functionality that is not implemented");
    return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "if-none-match"));
  }

  #send(response: ServerResponse, reply: Reply): void {
    response.writeHead(reply.status, { date: this.#clock.now().toUTCString(), "x-amz-request-id": "TEST", ...reply.headers });
    response.end(reply.body);
  }
}

/** Starts a server on a free port; dispose it to stop it. */
export async function startTestS3(options: TestS3Options = {}): Promise<TestS3> {
  const server = new TestS3(options);
  await server.listen();
  return server;
}

/** What a fault puts in the place of the work; null when the work is done. */
function instead(fault: Fault | null): Reply | WireError | "silence" | "reset" | null {
  switch (fault?.kind) {
    case "status":
      return new WireError(fault.status, fault.code, fault.message ?? "a fault of the script");
    case "error_in_200":
      return { status: 200, body: new WireError(200, "InternalError", "We encountered an internal error. Please try again.").toS3Xml() };
    case "reset":
      return "reset";
    case "stall":
      return "silence";
    default:
      return null;
  }
}

/** What a fault makes of the answer to work that was done. */
function afterwards(fault: Fault | null, done: Reply): Reply | WireError | "silence" | "reset" {
  if (fault?.kind === "lost_reply") return "reset";
  if (fault?.kind === "stall_after") return "silence";
  if (fault?.kind === "done_then_500") return new WireError(500, "InternalError", "We encountered an internal error. Please try again.");
  return done;
}

function errorReply(error: WireError, sts: boolean, head: boolean): Reply {
  const type = { "content-type": sts ? "text/xml" : "application/xml", ...error.headers };
  return { status: error.status, headers: type, ...(head ? {} : { body: sts ? error.toStsXml() : error.toS3Xml() }) };
}

function asWireError(error: unknown): WireError {
  return error instanceof WireError ? error : new WireError(500, "InternalError", `the test server failed: ${String(error)}`);
}
