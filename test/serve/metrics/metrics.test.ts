// @ts-expect-error: the package has no types.
import parse from "parse-prometheus-text-format";
import { describe, expect, test } from "vitest";
import { RETRIES } from "../../../src/core/retry-channel.ts";
import { openFolderStore } from "../../../src/folder/folder-store.ts";
import { openMetrics } from "../../../src/serve/metrics/open-metrics.ts";
import type { RunFacts } from "../../../src/serve/ports.ts";
import { runStream } from "../../../src/sync/run-stream.ts";
import { fakeEvents, fakeService, runRecord, serviceModel } from "../../support/fake-service.ts";
import { harness, testStream } from "../../support/sync-harness.ts";
import { tempFolder } from "../../support/temp-folder.ts";

interface Series {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value?: string;
  readonly count?: string;
  readonly sum?: string;
}

const parsePrometheus = parse as (
  text: string,
) => readonly { readonly name: string; readonly type: string; readonly metrics: readonly Series[] }[];
const signal = new AbortController().signal;
const at = new Date("2026-11-23T06:00:00Z");
const modelOf = (stream: string): string => stream.split(".")[0] ?? stream;
const facts: RunFacts = { stream: "users", run: "R1", trigger: "schedule", slot: null, attempt: 1, lagMs: 2500 };

/** Values by name and labels, as a reader of the format takes the text. */
function read(text: string): ReadonlyMap<string, string> {
  const series = parsePrometheus(text).flatMap(({ name, type, metrics }) => {
    if (type === "HISTOGRAM") return [];
    return metrics.map(({ labels = {}, value = "" }) => {
      const told = Object.entries(labels).map(([label, is]) => `${label}=${is}`);
      return [`${name}{${told.join()}}`, value] as const;
    });
  });
  return new Map(series);
}

/** How often a phase was timed, and how long in sum. The reader takes histograms without labels only, so one phase is read at a time. */
function phaseTimes(text: string, phase: string): string {
  const label = new RegExp(`,?phase="${phase}"`);
  const lines = text
    .split("\n")
    .filter((line) => line.startsWith("# ") || (line.startsWith("sync_run_duration_seconds") && label.test(line)));
  const [family] = parsePrometheus(lines.map((line) => line.replace(label, "")).join("\n")).filter(
    ({ name }) => name === "sync_run_duration_seconds",
  );
  return `${family?.metrics[0]?.count} in ${family?.metrics[0]?.sum} s`;
}

async function measured(now: { at: Date }) {
  const folder = await tempFolder();
  const events = fakeEvents();
  const service = fakeService([
    serviceModel(),
    serviceModel({ stream: "orders.acme", model: "orders", pause: { since: at, until: null, reason: null, by: "anna" } }),
  ]);
  const state = openFolderStore({ path: folder.at("state"), role: "state" });
  const metrics = openMetrics({ events, control: service, state, clock: { now: () => now.at }, version: "0.1.0", modelOf });
  return { folder, events, service, metrics, text: async () => read(await metrics.text(signal)) };
}

test("runs are counted by how they ended, rows by change, and time by phase", async () => {
  const { folder, events, metrics, text } = await measured({ at });
  await using _ = folder;
  await text();
  events.tell({ at, kind: "run_started", ...facts });
  events.tell({ at, kind: "run_finished", ...facts, record: runRecord(), error: null, retryAt: null });
  const held = runRecord({ status: "held", stream: "orders.acme", run: "R2" });
  events.tell({ at, kind: "run_finished", ...facts, stream: "orders.acme", record: held, error: null, retryAt: null });
  events.tell({ at, kind: "slot_missed", stream: "users", slot: { at, wall: "x", zone: "UTC" }, count: 3, why: "downtime" });
  RETRIES.publish({ code: "SlowDown" });
  const seen = await text();
  expect(Object.fromEntries([...seen].filter(([name]) => /^sync_(run|rows|sch|slots|s3|build|last)/.test(name)))).toEqual({
    "sync_run_total{model=users,stream=users,result=delivered}": "1",
    "sync_run_total{model=orders,stream=orders.acme,result=held}": "1",
    "sync_rows_total{model=users,stream=users,op=added}": "3",
    "sync_rows_total{model=users,stream=users,op=changed}": "2",
    "sync_rows_total{model=users,stream=users,op=removed}": "1",
    "sync_rows_total{model=users,stream=users,op=full}": "0",
    "sync_schedule_lag_seconds{model=users,stream=users}": "2.5",
    "sync_slots_missed_total{model=users,stream=users,why=downtime}": "3",
    "sync_s3_retries_total{code=SlowDown}": "1",
    "sync_last_success_timestamp_seconds{model=users,stream=users}": "1795413602",
    "sync_last_success_timestamp_seconds{model=orders,stream=orders.acme}": "1795413602",
    "sync_build_info{version=0.1.0}": "1",
  });
  const whole = await metrics.text(signal);
  expect([phaseTimes(whole, "extract"), phaseTimes(whole, "total")]).toEqual(["2 in 3 s", "2 in 4 s"]);
  metrics[Symbol.dispose]();
  expect(events.listeners()).toBe(0);
  expect(RETRIES.hasSubscribers).toBe(false);
});

describe("how streams stand", () => {
  test("is looked up, and not more often than every half minute", async () => {
    const now = { at };
    const { folder, service, metrics, text } = await measured(now);
    await using _ = folder;
    const first = await text();
    expect(first.get("sync_generation{model=users,stream=users}")).toBe("42");
    expect(first.get("sync_paused{model=orders,stream=orders.acme}")).toBe("1");
    service.streams.splice(0, 2, serviceModel({ status: { ...serviceModel().status, heldRun: "R9", openGeneration: 43 }, running: facts }));
    expect((await text()).get("sync_held{model=users,stream=users}")).toBe("0");
    now.at = new Date(at.getTime() + 30_000);
    const second = await text();
    for (const name of ["sync_held", "sync_open_plans", "sync_lease_held"])
      expect(second.get(`${name}{model=users,stream=users}`)).toBe("1");
    expect([...second.keys()].filter((name) => name.startsWith("sync_paused"))).toEqual(["sync_paused{model=users,stream=users}"]);
    metrics[Symbol.dispose]();
  });

  test("is left as it was, and said, when the state root does not answer", async () => {
    const { folder, service, metrics, text } = await measured({ at });
    await using _ = folder;
    service.failure = new Error("no answer");
    const seen = await text();
    expect(seen.get("sync_state_up{}")).toBe("0");
    expect(seen.get("sync_build_info{version=0.1.0}")).toBe("1");
    metrics[Symbol.dispose]();
  });

  test("counts the bytes of the snapshot that a real run left", async () => {
    await using folder = await tempFolder();
    const deps = harness({ root: folder.path });
    await runStream(deps, testStream(folder.path, "SELECT 1 AS id"), { slot: null, fullResync: false, baseline: false }, signal);
    const events = fakeEvents();
    using metrics = openMetrics({ events, control: fakeService(), state: deps.state, clock: deps.clock, version: "0.1.0", modelOf });
    const seen = read(await metrics.text(signal));
    expect(Number(seen.get("sync_state_bytes{model=users,stream=users}"))).toBeGreaterThan(100);
    expect([...seen.keys()]).toContain("process_resident_memory_bytes{}");
  });
});
