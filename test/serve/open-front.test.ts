import { describe, expect, test } from "vitest";
import type { AlertSink } from "../../src/core/alerts.ts";
import { Secret } from "../../src/core/secret.ts";
import type { Project, Stream } from "../../src/core/types.ts";
import { type FrontOptions, openFront } from "../../src/serve/open-front.ts";
import type { ServiceEvent } from "../../src/serve/ports.ts";
import type { RunStatus } from "../../src/state/documents.ts";
import { fakeEvents, fakeService, runRecord, serviceModel } from "../support/fake-service.ts";
import { type SinkServer, sinkServer } from "../support/sink-server.ts";
import { harness, testStream } from "../support/sync-harness.ts";
import { tempFolder } from "../support/temp-folder.ts";

const signal = new AbortController().signal;
const at = new Date("2026-11-23T06:00:00Z");
const facts = { stream: "users", run: "R1", trigger: "schedule", slot: null, attempt: 1, lagMs: 0 } as const;

const slack = (sink: SinkServer): AlertSink => ({
  name: "ops",
  type: "slack",
  url: new Secret(sink.url),
  on: ["failed", "held", "recovered", "late"],
  timeoutMs: 60_000,
});

const titles = (sink: SinkServer): readonly string[] => sink.heard.map(({ body }) => (JSON.parse(body) as { readonly text: string }).text);

function finished(status: RunStatus, run: string, retryAt: Date | null = null): ServiceEvent {
  const error = status === "failed" || status === "held" ? { code: "SOURCE_TIMEOUT", message: "It took too long.", hint: null } : null;
  return { at, kind: "run_finished", ...facts, run, record: runRecord({ run, status, error }), error: null, retryAt };
}

/** A service with its front on a state root of a folder. */
function fronted(root: string, project: { now: Pick<Project, "alerts" | "streams"> & Partial<Project> }) {
  const events = fakeEvents();
  const control = fakeService([serviceModel()]);
  const whole = (): Project => ({
    root,
    configFile: "config.yaml",
    state: { type: "folder", path: root },
    engine: { memoryLimit: "1GB", threads: 1, tempDirectory: root, maxTempSize: "1GB" },
    sources: [],
    destinations: [],
    serve: { host: "127.0.0.1", port: 0, token: null, publicUrl: null },
    ...project.now,
  });
  const options: FrontOptions = { control, events, project: whole, deps: harness({ root }), version: "0.1.0", rename: (text) => text };
  return { events, control, open: () => openFront(options, signal) };
}

describe("what happens in a service is told", () => {
  const scheduled = (root: string): Stream =>
    testStream(root, "SELECT 1 AS id", { alerts: ["ops"], schedule: { cron: "0 * * * *", timezone: "UTC", catchUp: "latest" } });

  test("a failure only once it is not tried again; a rejected run ends the wait; a slot that hangs is late", async () => {
    await using folder = await tempFolder();
    await using sink = await sinkServer();
    const { events, open } = fronted(folder.path, { now: { alerts: [slack(sink)], streams: [scheduled(folder.path)] } });
    const front = await open();
    events.tell(finished("failed", "R1", new Date("2026-11-23T06:01:00Z")));
    events.tell(finished("failed", "R2"));
    events.tell(finished("held", "R3"));
    const answer = await fetch(`${front.url}/api/runs/HELD1/reject`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect(answer.status).toBe(200);
    events.tell(finished("held", "R4"));
    events.tell({ at, kind: "slot_late", stream: "users", slot: { at, wall: "2026-11-23T06:00:00", zone: "UTC" }, lateMs: 3_600_000 });
    events.tell(finished("delivered", "R5"));
    await front[Symbol.asyncDispose]();
    expect(titles(sink)).toEqual([
      "users failed: SOURCE_TIMEOUT",
      "users is held: SOURCE_TIMEOUT",
      "users is held: SOURCE_TIMEOUT",
      "users is late",
      "users works again",
    ]);
    expect(events.listeners()).toBe(0);
  });

  test("by the configuration that is in force then", async () => {
    await using folder = await tempFolder();
    await using before = await sinkServer();
    await using after = await sinkServer();
    const project = { now: { alerts: [slack(before)], streams: [scheduled(folder.path)] } };
    const { events, open } = fronted(folder.path, project);
    const front = await open();
    events.tell(finished("failed", "R1"));
    await before.hears(1);
    project.now = { ...project.now, alerts: [slack(after)] };
    events.tell({ at, kind: "config_reloaded", streams: ["users"], warnings: [] });
    events.tell(finished("delivered", "R2"));
    await front[Symbol.asyncDispose]();
    expect([titles(before), titles(after)]).toEqual([["users failed: SOURCE_TIMEOUT"], ["users works again"]]);
  });
});

test("metrics count what the service does, and an address in use leaves nothing behind", async () => {
  await using folder = await tempFolder();
  const { events, open } = fronted(folder.path, { now: { alerts: [], streams: [] } });
  const front = await open();
  events.tell(finished("delivered", "R1"));
  expect(await (await fetch(`${front.url}/metrics`)).text()).toContain('sync_run_total{model="users",stream="users",result="delivered"} 1');
  await front[Symbol.asyncDispose]();
  const taken = fronted(folder.path, { now: { alerts: [], streams: [] } });
  const first = await taken.open();
  const { port } = new URL(first.url);
  const second = fronted(folder.path, {
    now: { alerts: [], streams: [], serve: { host: "127.0.0.1", port: Number(port), token: null, publicUrl: null } },
  });
  await expect(second.open()).rejects.toMatchObject({ code: "HTTP_ADDRESS_UNUSABLE" });
  expect(second.events.listeners()).toBe(0);
  await first[Symbol.asyncDispose]();
});
