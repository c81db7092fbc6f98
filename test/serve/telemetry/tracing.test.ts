import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tracesEndpoint } from "../../../src/serve/telemetry/traces-endpoint.ts";
import { cliProject, type CliProject } from "../../support/cli-project.ts";
import { say, type Said } from "../../support/fake-host.ts";
import { type SinkServer, sinkServer } from "../../support/sink-server.ts";

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
  readonly status: { readonly code: number; readonly message?: string };
}

interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: SentSpan["attributes"] };
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

let project: CliProject;
let collector: SinkServer;

beforeAll(async () => {
  project = await cliProject();
  collector = await sinkServer();
  await project.set({ 1: "Ada" });
});

afterAll(async () => {
  await collector[Symbol.asyncDispose]();
  await project[Symbol.asyncDispose]();
});

const run = (...args: readonly string[]): Promise<Said> => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: new URL("/", collector.url).href };
  return say(["run", "-m", "users", ...args], { cwd: project.folder.path, env });
};

const facts = (attributes: SentSpan["attributes"]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

function lastTrace(): {
  readonly root: SentSpan;
  readonly phases: readonly SentSpan[];
  readonly resource: Readonly<Record<string, unknown>>;
} {
  const sent = JSON.parse(collector.heard.at(-1)?.body ?? "") as Sent;
  const spans = sent.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  const root = spans.find(({ parentSpanId }) => parentSpanId === undefined || parentSpanId === "");
  if (root === undefined) throw new Error("no root span was sent");
  return { root, phases: spans.filter((span) => span !== root), resource: facts(sent.resourceSpans[0]?.resource.attributes ?? []) };
}

test("a run is a span, and each of its phases one below it within its time", async () => {
  const { exit } = await run();
  expect(exit).toBe(0);
  expect(collector.heard.at(-1)).toMatchObject({ method: "POST", path: "/v1/traces" });
  const { root, phases, resource } = lastTrace();
  expect(resource).toMatchObject({ "service.name": "spillway", "service.version": "0.1.0" });
  expect(root.name).toBe("run");
  expect(facts(root.attributes)).toMatchObject({
    "spillway.stream": "users",
    "spillway.status": "delivered",
    "spillway.generation": 1,
    "spillway.rows.added": 1,
  });
  expect(phases.map(({ name }) => name)).toEqual(expect.arrayContaining(["describe", "diff", "files", "plan", "deliver", "manifest"]));
  for (const { traceId, parentSpanId, startTimeUnixNano, endTimeUnixNano } of phases) {
    expect([traceId, parentSpanId]).toEqual([root.traceId, root.spanId]);
    expect(BigInt(startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(root.startTimeUnixNano));
    expect(BigInt(endTimeUnixNano)).toBeLessThanOrEqual(BigInt(root.endTimeUnixNano));
  }
});

test("a run that fails is marked so, in the phase that it failed in", async () => {
  await project.folder.write("models/users.yaml", "source: files\ndestination: out\nquery: SELECT nothing\nprimary_key: [id]\n");
  expect((await run()).exit).toBe(5);
  const { root, phases } = lastTrace();
  expect(root.status).toEqual({ code: 2, message: "SOURCE_QUERY_FAILED" });
  expect(phases.map(({ name, status }) => [name, status.code])).toEqual([["describe", 2]]);
});

test("a collector that refuses is warned of once, and changes nothing else", async () => {
  collector.answer = 400;
  const { exit, stdout } = await run("--json");
  expect(exit).toBe(5);
  const { warnings } = JSON.parse(stdout) as { readonly warnings: readonly string[] };
  expect(warnings).toEqual([expect.stringMatching(/^Traces could not be sent/)]);
});

describe("where traces go", () => {
  test.each<[Readonly<Record<string, string>>, string | null]>([
    [{}, null],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "" }, null],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318/" }, "http://localhost:4318/v1/traces"],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://a", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://b/here" }, "http://b/here"],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://a", OTEL_SDK_DISABLED: "true" }, null],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://a", OTEL_TRACES_EXPORTER: "none" }, null],
  ])("with %o", (env, url) => {
    expect(tracesEndpoint(env)).toBe(url);
  });
});
