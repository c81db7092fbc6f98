import { readFile } from "node:fs/promises";
import type { IncomingHttpHeaders } from "node:http";
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import type { AlertSink } from "../../../src/core/alerts.ts";
import { Secret } from "../../../src/core/secret.ts";
import { openFolderStore } from "../../../src/folder/folder-store.ts";
import { type Alerts, openAlerts } from "../../../src/serve/alerts/open-alerts.ts";
import type { RunRecord, RunStatus } from "../../../src/state/documents.ts";
import { type Heard, type SinkServer, sinkServer } from "../../support/sink-server.ts";
import { tempFolder } from "../../support/temp-folder.ts";

type Verify = (secret: string, headers: IncomingHttpHeaders, body: string, now: number) => boolean;

const users = { name: "users", model: "users", alerts: ["ops"] };
const LONG = 60_000;
let processes = 0;

function record(status: RunStatus, run: string): RunRecord {
  const error = status === "failed" ? { code: "SOURCE_UNREACHABLE", message: "Nothing answers.", hint: "`sync doctor` tells more." } : null;
  const none = { slot: null, finishedBy: null, phases: [], counts: null, changedColumns: [], files: [], manifest: null, destination: null };
  const times = { startedAt: "2026-11-23T06:00:00.000Z", endedAt: "2026-11-23T06:00:01.000Z" };
  return { format: "spillway/run/1", run, stream: "users", status, generation: 7, ...none, ...times, warnings: [], error };
}

const webhook = (url: string): AlertSink => ({
  name: "ops",
  type: "webhook",
  url: new Secret(url),
  secret: new Secret("a text of the user's own"),
  on: ["failed", "held", "recovered", "late", "deviation"],
  timeoutMs: LONG,
});

interface Process {
  readonly alerts: Alerts;
  readonly warnings: readonly string[];
  /** What was waited between tries. */
  readonly pauses: readonly number[];
}

/** A process on the state root of a folder; `at` is its time of day. */
function processOn(root: string, sinks: readonly AlertSink[], at = "2026-11-23T06:00:02.000Z"): Process {
  const warnings: string[] = [];
  const pauses: number[] = [];
  const alerts = openAlerts({
    store: openFolderStore({ path: root, role: "state" }),
    clock: { now: () => new Date(at) },
    log: { warn: (message) => void warnings.push(message) },
    by: `process ${(processes += 1)}`,
    sinks,
    publicUrl: "https://spillway.example.com",
    rename: (text) => text.replaceAll("sync ", "spillway "),
    pause: async (ms) => {
      pauses.push(ms);
      await Promise.resolve();
    },
  });
  return { alerts, warnings, pauses };
}

const edges = (sink: SinkServer): readonly unknown[] => sink.heard.map(({ body }) => (JSON.parse(body) as { readonly edge: unknown }).edge);

function onlyHeard({ heard }: SinkServer): Pick<Heard, "headers" | "body"> {
  const [only] = heard;
  if (only === undefined || heard.length > 1) throw new Error(`${heard.length} requests were heard`);
  return only;
}

test("edges are told once each, also by processes that come after", async () => {
  await using folder = await tempFolder();
  await using sink = await sinkServer();
  for (const [run, status] of (["failed", "failed", "delivered", "delivered", "held"] as const).entries()) {
    const { alerts, warnings } = processOn(folder.path, [webhook(sink.url)]);
    alerts.ended(users, record(status, `R${run}`));
    await alerts.close(LONG);
    expect(warnings).toEqual([]);
  }
  expect(edges(sink)).toEqual(["failed", "recovered", "held"]);
});

test("of two processes that see the same, one tells it", async () => {
  await using folder = await tempFolder();
  await using sink = await sinkServer();
  const both = [processOn(folder.path, [webhook(sink.url)]), processOn(folder.path, [webhook(sink.url)])];
  for (const { alerts } of both) alerts.late(users, { slot: "2026-11-23T05:00:00.000Z", lateMs: 3_600_000, intervalMs: 3_600_000 });
  for (const { alerts } of both) await alerts.close(LONG);
  expect(edges(sink)).toEqual(["late"]);
});

test("a webhook is signed by Standard Webhooks, and says what happened and the next command", async () => {
  await using folder = await tempFolder();
  await using sink = await sinkServer();
  const now = new Date().toISOString();
  const { alerts } = processOn(folder.path, [webhook(sink.url)], now);
  alerts.ended(users, record("failed", "R1"));
  await alerts.close(LONG);
  const { headers, body } = onlyHeard(sink);
  const theirs = new Webhook("a text of the user's own", { format: "raw" });
  expect(theirs.verify(body, headers as Record<string, string>)).toMatchObject({
    schema: 1,
    id: "R1.failed",
    type: "spillway.failed",
    stream: "users",
    run_id: "R1",
    code: "SOURCE_UNREACHABLE",
    title: "users failed: SOURCE_UNREACHABLE",
    message: "Nothing answers.",
    hint: "`spillway doctor` tells more.\nLook: `spillway show R1`",
    link: "https://spillway.example.com/api/runs/R1",
  });
  expect(() => theirs.verify(`${body} `, headers as Record<string, string>)).toThrow("No matching signature");
});

test("the snippet of the docs takes what is signed with a whsec_ key, and nothing else", async () => {
  await using folder = await tempFolder();
  await using sink = await sinkServer();
  const key = Buffer.from("thirty-two bytes of a secret key");
  const signed = { ...webhook(sink.url), secret: new Secret(`whsec_${key.toString("base64")}`) } as AlertSink;
  const { alerts } = processOn(folder.path, [signed]);
  alerts.ended(users, record("failed", "R1"));
  await alerts.close(LONG);
  const { headers, body } = onlyHeard(sink);
  const [, snippet = ""] = /```js\n([\s\S]*?)```/.exec(await readFile("docs/serve.md", "utf8")) ?? [];
  const documented = (await import(await folder.write("snippet.mjs", snippet))) as { readonly isGenuine: Verify };
  const secret = `whsec_${key.toString("base64")}`;
  const now = Number(headers["webhook-timestamp"]);
  expect(documented.isGenuine(secret, headers, body, now)).toBe(true);
  expect(documented.isGenuine(secret, headers, `${body} `, now)).toBe(false);
  expect(documented.isGenuine("whsec_b3RoZXI=", headers, body, now)).toBe(false);
  expect(documented.isGenuine(secret, headers, body, now + 301)).toBe(false);
});

test("Slack gets a line, the reason, the hint and a link, with its own marks escaped", async () => {
  await using folder = await tempFolder();
  await using sink = await sinkServer();
  const slack: AlertSink = { name: "ops", type: "slack", url: new Secret(sink.url), on: ["failed"], timeoutMs: LONG };
  const { alerts } = processOn(folder.path, [slack]);
  const failed = record("failed", "R1");
  alerts.ended(users, { ...failed, error: { code: "SOURCE_QUERY_FAILED", message: "a <b> & c", hint: null } });
  alerts.ended(users, record("delivered", "R2"));
  await alerts.close(LONG);
  const bodies = sink.heard.map(
    ({ body }) => JSON.parse(body) as { readonly text: string; readonly blocks: readonly { readonly text: { readonly text: string } }[] },
  );
  expect(bodies.map(({ text }) => text)).toEqual(["users failed: SOURCE_QUERY_FAILED"]);
  expect(bodies[0]?.blocks[0]?.text.text).toMatch(
    /^:red_circle: \*users failed.*\na &lt;b&gt; &amp; c\nMend the query[\s\S]*Look: `spillway show R1`\n<https:\S+\/R1\|Open the run>$/,
  );
});

test("a heartbeat is called after each run that succeeded, and only then", async () => {
  await using folder = await tempFolder();
  await using sink = await sinkServer();
  const heartbeat: AlertSink = { name: "ops", type: "heartbeat", url: new Secret(sink.url), method: "GET", timeoutMs: LONG };
  const { alerts } = processOn(folder.path, [heartbeat]);
  for (const [at, status] of (["delivered", "failed", "held", "unchanged"] as const).entries())
    alerts.ended(users, record(status, `R${at}`));
  await alerts.close(LONG);
  expect(sink.heard.map(({ method, body }) => [method, body])).toEqual([
    ["GET", ""],
    ["GET", ""],
  ]);
});

test("a sink that fails is tried again, warned of without its address, and told by the next process", async () => {
  await using folder = await tempFolder();
  await using sink = await sinkServer(503);
  const first = processOn(folder.path, [webhook(sink.url)]);
  first.alerts.ended(users, record("failed", "R1"));
  await first.alerts.close(LONG);
  expect(sink.heard).toHaveLength(3);
  expect(first.pauses).toEqual([LONG / 4, LONG / 2]);
  expect(first.warnings).toEqual([
    "users failed: SOURCE_UNREACHABLE (ALERT_FAILED: The alert ops (webhook) did not arrive: it answered with HTTP 503.)",
  ]);
  sink.answer = 200;
  const soon = processOn(folder.path, [webhook(sink.url)], "2026-11-23T06:01:00.000Z");
  soon.alerts.resume(users);
  await soon.alerts.close(LONG);
  expect(sink.heard, "whoever decided it may still be at it").toHaveLength(3);
  const later = processOn(folder.path, [webhook(sink.url)], "2026-11-23T06:10:00.000Z");
  later.alerts.resume(users);
  later.alerts.resume(users);
  await later.alerts.close(LONG);
  expect(sink.heard).toHaveLength(4);
  expect(new Set(sink.heard.map(({ headers }) => headers["webhook-id"]))).toEqual(new Set(["R1.failed"]));
});

test("what a sink refuses for good is not tried again at once", async () => {
  await using folder = await tempFolder();
  await using sink = await sinkServer(404);
  const { alerts, warnings } = processOn(folder.path, [webhook(sink.url)]);
  alerts.ended(users, record("failed", "R1"));
  await alerts.close(LONG);
  expect(sink.heard).toHaveLength(1);
  expect(warnings.join()).toContain("HTTP 404");
  expect(warnings.join()).not.toContain(new URL(sink.url).port);
});

test("a sink that never answers keeps no other waiting, and the end waits no longer than it was told to", async () => {
  await using folder = await tempFolder();
  await using dead = await sinkServer("silence");
  await using alive = await sinkServer();
  const sinks = [webhook(dead.url), { ...webhook(alive.url), name: "second" }];
  const { alerts, warnings } = processOn(folder.path, sinks);
  for (let run = 0; run < 20; run += 1)
    alerts.ended({ ...users, alerts: ["ops", "second"] }, record(run % 2 === 0 ? "failed" : "delivered", `R${run}`));
  await alive.hears(20);
  expect(dead.heard.length).toBeLessThanOrEqual(1);
  await alerts.close(1);
  expect(warnings).toEqual(["Some alerts have not arrived yet; the next run, or `sync serve`, sends them again."]);
});
