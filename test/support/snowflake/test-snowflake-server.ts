import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync, gzipSync } from "node:zlib";
import { tempFolder, type TempFolder } from "../temp-folder.ts";
import { type Accounts, type LoginData, refuseLogin } from "./check-login.ts";
import { type Result, ServiceError, SnowflakeDatabase, type WireRow } from "./snowflake-database.ts";
import { Stage } from "./stage.ts";

/** What the driver asks for, by what it is. */
export type Call = "login" | "query" | "result" | "abort" | "renew" | "chunk" | "logout";

/** Something that a test does to one answer; it is used once. */
export interface Fault {
  readonly on: Call;
  /** Only where the statement holds this text. */
  readonly sql?: string;
  /** An HTTP status instead of an answer; `hang` never answers; or an answer of the service's own. */
  readonly answer: number | "hang" | object | ((answer: object) => object);
}

/** A statement that arrived. */
export interface Asked {
  readonly sql: string;
  readonly describeOnly: boolean;
}

interface Body {
  readonly sqlText?: string;
  readonly describeOnly?: boolean;
  readonly data?: LoginData;
  readonly requestId?: string;
}

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** A private key that the server's user logs in with, as PEM text. */
export function userKey(passphrase?: string): string {
  const cipher = passphrase === undefined ? {} : { cipher: "aes-256-cbc", passphrase };
  return privateKey.export({ format: "pem", type: "pkcs8", ...cipher }).toString();
}

/** Speaks the driver's protocol on a local port, with DuckDB behind it. */
export class TestSnowflakeServer implements AsyncDisposable {
  readonly database: SnowflakeDatabase;
  readonly stage: Stage;
  readonly accounts: Accounts = { account: "TESTORG-TEST", username: "spillway", password: "pw", token: "pat-1", publicKey };
  readonly asked: Asked[] = [];
  readonly calls: string[] = [];
  readonly faults: Fault[] = [];
  /** Rows that stand in the answer itself, and rows of a chunk. */
  inlineRows = 20;
  chunkRows = 50;
  /** What a chunk's bytes become before they are sent. */
  spoilChunk: (rows: string, chunk: number) => string = (rows) => rows;
  /** Chunk addresses of the first look at a result answer 403, but for the first of them. */
  chunksExpire = false;
  /** Requests that are being worked on; those that are left to hang are not. */
  busy = 0;
  readonly #http: Server;
  readonly #folder: TempFolder;
  readonly #results = new Map<string, { readonly result: Result; looks: number }>();
  readonly #held = new Map<string, ServerResponse>();

  private constructor(database: SnowflakeDatabase, folder: TempFolder) {
    this.database = database;
    this.#folder = folder;
    this.stage = new Stage(folder.at("stage"));
    // A slow machine must not find a connection closed that the driver is about to use again.
    this.#http = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
      this.busy += 1;
      void this.#serve(request, response).finally(() => (this.busy -= 1));
    });
  }

  static async start(): Promise<TestSnowflakeServer> {
    const server = new TestSnowflakeServer(await SnowflakeDatabase.open(), await tempFolder());
    await new Promise<void>((resolve) => server.#http.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** Statements that were run, without the ones that open a session. */
  get ran(): readonly string[] {
    return this.asked.filter(({ sql, describeOnly }) => !describeOnly && !sql.startsWith("ALTER SESSION")).map(({ sql }) => sql);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
    this.database[Symbol.dispose]();
    await this.#folder[Symbol.asyncDispose]();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", this.url);
    const raw = await buffer(request);
    const text = (raw[0] === 0x1f ? gunzipSync(raw) : raw).toString("utf8");
    const body = (text === "" ? {} : JSON.parse(text)) as Body;
    const call = callOf(url);
    this.calls.push(call ?? url.pathname);
    if (call === null) return send(response, ok({}));
    const fault = this.#faultFor(call, body.sqlText ?? "");
    if (fault?.answer === "hang") return void this.#held.set(url.searchParams.get("requestId") ?? "", response);
    if (typeof fault?.answer === "number") return void response.writeHead(fault.answer).end();
    if (call === "chunk") return this.#sendChunk(url, response);
    if (typeof fault?.answer === "object") return send(response, fault.answer);
    const answer = await this.#answer(call, url, body).catch(serviceFailure);
    send(response, typeof fault?.answer === "function" ? fault.answer(answer) : answer);
  }

  #faultFor(call: Call, sql: string): Fault | null {
    const at = this.faults.findIndex((fault) => fault.on === call && sql.includes(fault.sql ?? ""));
    return at === -1 ? null : (this.faults.splice(at, 1)[0] ?? null);
  }

  async #answer(call: Call, url: URL, body: Body): Promise<object> {
    switch (call) {
      case "login": {
        const refused = refuseLogin(body.data ?? {}, this.accounts);
        if (refused !== null) throw new ServiceError(refused[0], "08001", refused[1]);
        return ok({
          token: "session-1",
          masterToken: "master-1",
          validityInSeconds: 3600,
          masterValidityInSeconds: 14_400,
          sessionId: 1,
          parameters: [],
        });
      }
      case "renew":
        return ok({ sessionToken: "session-2", masterToken: "master-2", validityInSecondsST: 3600, validityInSecondsMT: 14_400 });
      case "abort": {
        const held = this.#held.get(body.requestId ?? "");
        if (held !== undefined) send(held, serviceFailure(new ServiceError("000604", "57014", "SQL execution canceled")));
        return ok(null);
      }
      case "result":
        return this.#resultOf(url.pathname.split("/")[2] ?? "");
      case "query":
        return await this.#query(body);
      case "chunk":
      case "logout":
        return ok(null);
    }
  }

  async #query({ sqlText: sql = "", describeOnly = false }: Body): Promise<object> {
    this.asked.push({ sql, describeOnly });
    if (sql.startsWith("ALTER SESSION")) return this.#finished({ queryId: randomUUID(), rowtype: [], rows: [] });
    const staged = await this.stage.answer(sql, this.database, randomUUID());
    if (staged !== null) return "data" in staged ? ok(staged.data) : this.#finished(staged);
    return this.#finished(describeOnly ? await this.database.describe(sql) : await this.database.select(sql));
  }

  #finished(result: Result): object {
    this.#results.set(result.queryId, { result, looks: 0 });
    return this.#resultOf(result.queryId);
  }

  /** The answer of a finished statement: a first few rows, and the addresses of the others. */
  #resultOf(queryId: string): object {
    const kept = this.#results.get(queryId);
    if (kept === undefined) throw new ServiceError("000709", "02000", `Statement ${queryId} not found`);
    kept.looks += 1;
    const { rowtype, rows } = kept.result;
    const chunks: object[] = [];
    for (let from = this.inlineRows; from < rows.length; from += this.chunkRows) {
      const rowCount = Math.min(this.chunkRows, rows.length - from);
      chunks.push({ url: `${this.url}/chunks/${queryId}/${from}?look=${kept.looks}`, rowCount });
    }
    const data = { rowtype, rowset: rows.slice(0, this.inlineRows), total: rows.length, returned: rows.length, chunks };
    return ok({ ...data, queryId, version: 1, parameters: [], statementTypeId: 4096 });
  }

  #sendChunk(url: URL, response: ServerResponse): void {
    const [, , queryId = "", from = "0"] = url.pathname.split("/");
    const kept = this.#results.get(queryId);
    if (kept === undefined) return void response.writeHead(404).end();
    if (this.chunksExpire && url.searchParams.get("look") === "1" && Number(from) > this.inlineRows) {
      return void response.writeHead(403, { "content-type": "application/xml" }).end("<Error><Code>AccessDenied</Code></Error>");
    }
    const rows: readonly WireRow[] = kept.result.rows.slice(Number(from), Number(from) + this.chunkRows);
    const text = this.spoilChunk(JSON.stringify(rows).slice(1, -1), (Number(from) - this.inlineRows) / this.chunkRows);
    response.writeHead(200, { "content-type": "binary/octet-stream", "content-encoding": "gzip" }).end(gzipSync(text, { level: 1 }));
  }
}

function callOf({ pathname }: URL): Call | null {
  if (pathname === "/session/v1/login-request") return "login";
  if (pathname === "/session/token-request") return "renew";
  if (pathname === "/session") return "logout";
  if (pathname === "/queries/v1/query-request") return "query";
  if (pathname.endsWith("abort-request")) return "abort";
  if (/^\/queries\/[^/]+\/result$/u.test(pathname)) return "result";
  return pathname.startsWith("/chunks/") ? "chunk" : null;
}

function ok(data: object | null): object {
  return { data, code: null, message: null, success: true };
}

/** An error in the shape of the service's. */
export function failure(number: string, sqlState: string, message: string, line = -1, pos = -1): object {
  return {
    data: { errorCode: number, sqlState, queryId: randomUUID(), line, pos, type: "COMPILATION" },
    code: number,
    message,
    success: false,
  };
}

function serviceFailure(error: unknown): object {
  if (!(error instanceof ServiceError)) throw error;
  return failure(error.number, error.sqlState, error.message, error.line, error.position);
}

function send(response: ServerResponse, answer: object): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
}
