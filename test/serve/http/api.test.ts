import { request } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { runData } from "../../../src/cli/render/run-data.ts";
import { Secret } from "../../../src/core/secret.ts";
import { modelSchema, refusedSchema, runSchema } from "../../../src/serve/http/api-schemas.ts";
import { buildApi } from "../../../src/serve/http/build-api.ts";
import { listen, type Listening } from "../../../src/serve/http/listen.ts";
import { type FakeService, fakeService, runRecord, serviceModel } from "../../support/fake-service.ts";

const JSON_HEADERS = { "content-type": "application/json" };
const TOKEN = "a-token-of-many-letters";
const metrics = { text: async () => await Promise.resolve("sync_up 1\n"), contentType: "text/plain; version=0.0.4; charset=utf-8" };

let service: FakeService;
let open: Listening;
let guarded: Listening;
const unforeseen: unknown[] = [];

beforeAll(async () => {
  const signal = new AbortController().signal;
  // The service behind it is exchanged for each test.
  const control = new Proxy({} as FakeService, { get: (_, name) => Reflect.get(service, name) as unknown });
  const options = { control, metrics, signal, failed: (error: unknown) => void unforeseen.push(error) };
  open = await listen(buildApi({ ...options, token: null }), { host: "127.0.0.1", port: 0 });
  guarded = await listen(buildApi({ ...options, token: new Secret(TOKEN) }), { host: "127.0.0.1", port: 0 });
});

beforeEach(() => {
  const deliveries = ["orders.acme", "orders.beta"].map((stream) => serviceModel({ stream, model: "orders" }));
  service = fakeService([serviceModel(), ...deliveries]);
});

afterAll(async () => {
  await open[Symbol.asyncDispose]();
  await guarded[Symbol.asyncDispose]();
});

interface Answer {
  readonly status: number;
  readonly body: {
    readonly ok: boolean;
    readonly data?: Record<string, unknown>;
    readonly error?: { readonly code: string; readonly message: string };
  };
}

async function ask(path: string, init: RequestInit = {}, server = open): Promise<Answer> {
  const response = await fetch(new URL(path, server.url), init);
  return { status: response.status, body: (await response.json()) as Answer["body"] };
}

const post = (path: string, body: unknown = {}, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  ask(path, { method: "POST", headers: { ...JSON_HEADERS, ...headers }, body: JSON.stringify(body) });

/** A request with headers that fetch does not let through. */
async function raw(method: string, path: string, headers: Readonly<Record<string, string>>): Promise<number> {
  return await new Promise((resolve, reject) => {
    const sent = request(new URL(path, open.url), { method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on("error", reject);
    sent.end(method === "POST" ? "{}" : undefined);
  });
}

const listed = ({ data = {} }: Answer["body"], name: string): readonly unknown[] => (Array.isArray(data[name]) ? data[name] : []);

describe("reading", () => {
  test("models tell schedule, pause and how they stand", async () => {
    const { status, body } = await ask("/api/models");
    const [users] = listed(body, "models");
    expect(status).toBe(200);
    expect(modelSchema.strict().parse(users)).toMatchObject({
      stream: "users",
      state: "ok",
      next: { wall: "2026-11-24T06:00:00" },
      last_run: { run_id: "01K9ZX4T" },
    });
  });

  test("a run is told as `sync show --json` tells it", async () => {
    const { status, body } = await ask("/api/runs/01K9ZX4T");
    expect(status).toBe(200);
    expect(body.data?.["run"]).toEqual(JSON.parse(JSON.stringify(runData(runRecord()))));
    expect(runSchema.strict().parse(body.data?.["run"])).toMatchObject({ destination: "s3://acme/in" });
  });

  test.each([
    ["/api/runs", "runs of all, 20"],
    ["/api/runs?stream=users&limit=5", "runs of users, 5"],
    ["/api/runs?stream=orders", "runs of orders.acme,orders.beta, 20"],
  ])("%s asks for %s", async (path, asked) => {
    expect((await ask(path)).status).toBe(200);
    expect(service.asked).toEqual([asked]);
  });
});

describe("starting runs", () => {
  test("F25: 50 posts with one key at once start one run", async () => {
    const posts = Array.from({ length: 50 }, () => post("/api/models/users/runs", {}, { "idempotency-key": "dbt-2026-11-23" }));
    const answers = await Promise.all(posts);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    const runs = answers.flatMap(({ body }) => body.data?.["runs"] as readonly { readonly run_id: string; readonly repeated: boolean }[]);
    expect(new Set(runs.map(({ run_id }) => run_id))).toEqual(new Set(["RUN1"]));
    expect(runs.filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect(service.asked).toEqual(["start users dbt-2026-11-23"]);
  });

  test("without a key every post starts a run; a model with several streams starts each", async () => {
    expect((await post("/api/models/users/runs")).body.data).toEqual({ runs: [{ run_id: "RUN1", stream: "users", repeated: false }] });
    expect((await post("/api/models/orders/runs")).body.data?.["runs"]).toHaveLength(2);
    expect(service.asked).toEqual(["start users -", "start orders.acme -", "start orders.beta -"]);
  });

  test("held runs are answered, with who and why", async () => {
    expect(await post("/api/runs/HELD1/approve", { by: "anna", reason: "as agreed" })).toMatchObject({
      status: 202,
      body: { data: { run: { status: "approved" } } },
    });
    expect(await post("/api/runs/HELD1/reject")).toMatchObject({ status: 200, body: { data: { run: { status: "rejected" } } } });
    expect(service.asked).toEqual(["approve HELD1 by anna: as agreed", "reject HELD1 by api: -"]);
  });
});

describe("refusals have the code, message and hint of the command line", () => {
  test.each<[string, () => Promise<Answer>, number, string]>([
    ["an unknown run", () => ask("/api/runs/NONE"), 404, "RUN_NOT_FOUND"],
    ["an unknown model", () => post("/api/models/nobody/runs"), 404, "STREAM_UNKNOWN"],
    ["a run that is not held", () => post("/api/runs/OTHER/approve"), 409, "RUN_NOT_HELD"],
    ["an unknown path", () => ask("/api/nothing"), 404, "HTTP_NOT_FOUND"],
    ["a name that is none", () => post("/api/models/..%2Fx/runs"), 400, "HTTP_INVALID"],
    ["a limit that is no number", () => ask("/api/runs?limit=many"), 400, "HTTP_INVALID"],
    ["an unknown key", () => post("/api/models/users/runs", { full: true }), 400, "HTTP_INVALID"],
    ["a key that is no text of its own", () => post("/api/models/users/runs", {}, { "idempotency-key": "two words" }), 400, "HTTP_INVALID"],
    ["a broken body", () => ask("/api/runs/HELD1/reject", { method: "POST", headers: JSON_HEADERS, body: "{" }), 400, "HTTP_INVALID"],
    ["a huge body", () => post("/api/runs/HELD1/reject", { reason: "x".repeat(100_000) }), 400, "HTTP_INVALID"],
  ])("%s", async (_what, asking, status, code) => {
    const answer = await asking();
    expect(answer.status).toBe(status);
    expect(refusedSchema.parse(answer.body).error.code).toBe(code);
    expect(service.asked.filter((asked) => asked.startsWith("start"))).toEqual([]);
  });

  test("what nobody foresaw is told to the log, and to the caller only that it happened", async () => {
    service.failure = new Error("a secret detail");
    const { status, body } = await ask("/api/models");
    expect([status, body.error?.code]).toEqual([500, "INTERNAL"]);
    expect(JSON.stringify(body)).not.toContain("secret");
    expect(unforeseen).toEqual([service.failure]);
  });
});

describe("who may ask", () => {
  test("without a token, only who calls the service by a name of this machine", async () => {
    expect(await raw("GET", "/api/models", { host: "evil.example.com" })).toBe(403);
    expect(await raw("GET", "/api/models", { host: "127.0.0.1.evil.example.com:8787" })).toBe(403);
    expect(await raw("GET", "/api/models", { host: "localhost:1234" })).toBe(200);
    expect(await raw("GET", "/metrics", { host: "evil.example.com" })).toBe(403);
    expect(await raw("GET", "/healthz", { host: "10.1.2.3:8787" })).toBe(200);
  });

  test.each<[string, Readonly<Record<string, string>>, number]>([
    ["no type", {}, 415],
    ["a form", { "content-type": "application/x-www-form-urlencoded" }, 415],
    ["text that holds JSON", { "content-type": "text/plain" }, 415],
    ["another site's page", { ...JSON_HEADERS, origin: "https://evil.example.com" }, 403],
    ["a page without an origin", { ...JSON_HEADERS, origin: "null" }, 403],
    ["a cross-site request", { ...JSON_HEADERS, "sec-fetch-site": "cross-site" }, 403],
    ["its own page", { ...JSON_HEADERS, origin: "http://localhost:8787" }, 202],
  ])("a page cannot start a run: %s", async (_what, headers, status) => {
    expect(await raw("POST", "/api/models/users/runs", { host: "localhost:8787", ...headers })).toBe(status);
    expect(service.asked).toHaveLength(status === 202 ? 1 : 0);
  });

  test.each(["/api/models", "/api/runs/01K9ZX4T", "/metrics"])("with a token, %s asks for it", async (path) => {
    const with_ = (authorization: string): Promise<Response> => fetch(new URL(path, guarded.url), { headers: { authorization } });
    expect((await fetch(new URL(path, guarded.url))).status).toBe(401);
    expect((await with_(`Bearer ${TOKEN}x`)).status).toBe(401);
    expect((await with_(`Basic ${TOKEN}`)).status).toBe(401);
    expect((await with_(`Bearer ${TOKEN}`)).status).toBe(200);
  });

  test("a refusal says which key of the configuration decides", async () => {
    expect((await ask("/api/models", {}, guarded)).body.error).toMatchObject({
      code: "HTTP_UNAUTHORIZED",
      hint: expect.stringContaining("serve.token"),
    });
    const foreign = await post("/api/models/users/runs", {}, { origin: "https://evil.example.com" });
    expect(foreign.body.error?.code).toBe("HTTP_FORBIDDEN");
  });

  test("probes need no token", async () => {
    expect((await ask("/healthz", {}, guarded)).status).toBe(200);
    expect((await ask("/readyz", {}, guarded)).status).toBe(200);
  });
});

describe("probes", () => {
  test("the process lives also while it is not ready, and says why it is not", async () => {
    service.reasons = ["the state root does not answer"];
    expect(await ask("/readyz")).toMatchObject({
      status: 503,
      body: { data: { ready: false, reasons: ["the state root does not answer"] } },
    });
    service.reasons = [];
    service.draining = true;
    expect(await ask("/readyz")).toMatchObject({ status: 503, body: { data: { ready: false, reasons: ["the service is stopping"] } } });
    expect(await ask("/healthz")).toMatchObject({ status: 200, body: { ok: true, data: { draining: true } } });
  });

  test("metrics are plain text", async () => {
    const response = await fetch(new URL("/metrics", open.url));
    expect([response.headers.get("content-type"), await response.text()]).toEqual([metrics.contentType, "sync_up 1\n"]);
  });
});
