import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { FaultScript, type Fault, type WireOperation } from "./fault-script.ts";
import type { WireError } from "./google-sql.ts";
import { JobStore, type StoredJob } from "./job-store.ts";

/** A request as the server saw it. */
export interface SeenRequest {
  readonly operation: WireOperation;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Record<string, unknown>;
  readonly authorization: string | null;
}

type Answer = { readonly status: number; readonly body: Record<string, unknown> };
const LOCATION = "EU";

/** A server that speaks as much of BigQuery's REST API as a query needs, with DuckDB behind it and faults by script. */
export class TestBigqueryServer implements AsyncDisposable {
  readonly faults = new FaultScript();
  readonly seen: SeenRequest[] = [];
  readonly store: JobStore;
  /** Tokens that are let in; null: everybody is. */
  tokens: Set<string> | null = null;
  /** Bytes that a dry run tells. */
  bytes = "1234567890";
  /** Most rows of a page, as the service's own limit by size would make them. */
  pageRows = 10_000;
  readonly #server: Server;

  private constructor(store: JobStore) {
    this.store = store;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        // A mistake of this server is no fault of the script: said, and not tried again.
        response.writeHead(400).end(JSON.stringify({ error: { code: 400, message: `the test server failed: ${String(error)}` } }));
      });
    });
  }

  static async start(folder: string): Promise<TestBigqueryServer> {
    const server = new TestBigqueryServer(await JobStore.open(folder));
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  count(operation: WireOperation): number {
    return this.seen.filter((request) => request.operation === operation).length;
  }

  /** Jobs in the order in which they were started. */
  get jobs(): readonly StoredJob[] {
    return [...this.store.jobs.values()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.store[Symbol.asyncDispose]();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://localhost");
    const path = url.pathname.replace(/^\/bigquery\/v2\/projects\/[^/]+/u, "");
    const body =
      request.method === "POST" && request.headers["content-length"] !== "0" && request.headers["content-type"]?.includes("json") === true
        ? ((await json(request)) as Record<string, unknown>)
        : {};
    const operation = operationOf(request.method ?? "GET", path, body);
    const query = Object.fromEntries(url.searchParams);
    const authorization = request.headers.authorization ?? null;
    this.seen.push({ operation, query, body, authorization });
    const fault = this.faults.next(operation);
    if (fault?.kind === "stall") return;
    if (fault?.kind === "reset") return void response.destroy();
    if (fault?.kind === "html") return void response.setHeader("content-type", "text/html").end("<html>proxy</html>");
    const isIn = this.tokens === null || this.tokens.has(authorization?.replace(/^Bearer /u, "") ?? "");
    const answer = isIn
      ? await this.#serve(operation, path, query, body, fault)
      : refused({ status: 401, reason: "authError", message: "Invalid Credentials" });
    if (fault?.kind === "lost_reply") return void response.destroy();
    response.writeHead(answer.status, { "content-type": "application/json; charset=UTF-8" }).end(JSON.stringify(answer.body));
  }

  async #serve(
    operation: WireOperation,
    path: string,
    query: Readonly<Record<string, string>>,
    body: Record<string, unknown>,
    fault: Fault | null,
  ): Promise<Answer> {
    if (fault?.kind === "status")
      return refused({ status: fault.status, reason: fault.reason ?? "", message: fault.message ?? "refused by the script" });
    if (operation === "dryRun" || operation === "insert") return await this.#insert(operation, body, fault);
    const job = this.store.jobs.get(path.split("/")[2] ?? "");
    if (job === undefined || query["location"] !== LOCATION) return refused({ status: 404, reason: "notFound", message: "Not found: Job" });
    if (operation === "cancel") job.cancelled = true;
    if (operation !== "getPage") return { status: 200, body: jobBody(job) };
    const page = await this.#page(job, query, fault);
    return fault?.kind === "page" && page.status === 200 ? { status: 200, body: fault.change(page.body) } : page;
  }

  async #insert(operation: WireOperation, body: Record<string, unknown>, fault: Fault | null): Promise<Answer> {
    const configuration = body["configuration"] as { readonly query: { readonly query: string } };
    const id = (body["jobReference"] as { readonly jobId?: string }).jobId ?? "";
    const sql = configuration.query.query;
    if (operation === "dryRun") {
      const found = await this.store.dryRun(sql);
      if ("status" in found) return refused(found);
      const statistics = {
        totalBytesProcessed: this.bytes,
        query: { statementType: found.statementType, totalBytesProcessedAccuracy: "PRECISE", schema: { fields: found.fields } },
      };
      return { status: 200, body: { jobReference: { projectId: "test", location: LOCATION }, status: { state: "DONE" }, statistics } };
    }
    if (this.store.jobs.has(id))
      return refused({ status: 409, reason: "duplicate", message: `Already Exists: Job test:${LOCATION}.${id}` });
    const job = await this.store.start(id, sql, { ...configuration });
    if (fault?.kind === "job_fails") job.failure = { status: 400, reason: fault.reason, message: fault.message };
    return { status: 200, body: jobBody(job) };
  }

  async #page(job: StoredJob, query: Readonly<Record<string, string>>, fault: Fault | null): Promise<Answer> {
    if (fault?.kind === "job_fails") job.failure = { status: 400, reason: fault.reason, message: fault.message };
    if (job.cancelled)
      return refused({ status: 400, reason: "stopped", message: "Job execution was cancelled: User requested cancellation" });
    if (job.failure !== null) return refused(job.failure);
    const jobReference = { projectId: "test", jobId: job.id, location: LOCATION };
    if (fault?.kind === "not_done") return { status: 200, body: { jobReference, jobComplete: false } };
    const start = Number(query["pageToken"]?.slice(1) ?? "0");
    const count = Math.min(Number(query["maxResults"] ?? this.pageRows), this.pageRows);
    const rows = await this.store.page(job, start, count);
    const end = start + rows.length;
    const more = end < job.total ? { pageToken: `t${end}` } : {};
    const found = rows.length === 0 ? {} : { rows };
    return {
      status: 200,
      body: { jobReference, jobComplete: true, totalRows: String(job.total), schema: { fields: job.fields }, ...found, ...more },
    };
  }
}

function operationOf(method: string, path: string, body: Record<string, unknown>): WireOperation {
  if (path.startsWith("/queries/")) return "getPage";
  if (path.endsWith("/cancel")) return "cancel";
  if (method === "GET") return "getJob";
  return (body["configuration"] as { readonly dryRun?: boolean } | undefined)?.dryRun === true ? "dryRun" : "insert";
}

function jobBody(job: StoredJob): Record<string, unknown> {
  const status =
    job.failure === null
      ? { state: "RUNNING" }
      : { state: "DONE", errorResult: { reason: job.failure.reason, message: job.failure.message } };
  return { jobReference: { projectId: "test", jobId: job.id, location: LOCATION }, status };
}

function refused(error: WireError): Answer {
  const errors = [{ message: error.message, domain: "global", reason: error.reason }];
  return { status: error.status, body: { error: { code: error.status, message: error.message, errors } } };
}
