import { afterEach, beforeEach, expect, test } from "vitest";
import { SyncError } from "../../src/core/errors.ts";
import type { Stream } from "../../src/core/types.ts";
import { EventBus } from "../../src/serve/event-bus.ts";
import { Scheduler } from "../../src/serve/scheduler.ts";
import type { RunRecord } from "../../src/state/documents.ts";
import { pauseStream } from "../../src/sync/pause-stream.ts";
import { scheduled, setClock, type SetClock } from "../support/service-world.ts";
import { readings, sharedWorld, type SharedWorld } from "../support/shared-world.ts";

const never = new AbortController().signal;

let at: SharedWorld;
let clock: SetClock;
beforeEach(async () => {
  at = await sharedWorld({ keepsMoments: true });
  clock = setClock("2026-03-02T05:59:58.000Z");
  at.warehouse.rows = [["1", "ann", "gold"]];
});
afterEach(async () => {
  expect(await at.kept()).toEqual([]);
  await at[Symbol.asyncDispose]();
});

/** A scheduler of the streams, and what runs came of a time that passes second by second. */
function serve(streams: readonly Stream[], jobs: number): (seconds: number) => Promise<readonly RunRecord[]> {
  const events = new EventBus(clock);
  let records: RunRecord[] = [];
  events.subscribe((event) => {
    if (event.kind === "run_finished") records.push(event.record);
  });
  const deps = { ...at.deps, clock };
  const scheduler = new Scheduler({ clock, events, deps, streams: streams.map((stream) => scheduled(stream)), jobs, stop: never });
  return async (seconds) => {
    records = [];
    for (let passed = 0; passed < seconds; passed += 1) {
      scheduler.tick();
      await scheduler.idle();
      clock.move(1000);
    }
    return records.toSorted((a, b) => (a.stream < b.stream ? -1 : 1));
  };
}

test.each([1, 2])("deliveries that come due at one slot are extracted once, %i at a time", async (jobs) => {
  const pass = serve([at.delivery("acme"), at.delivery("beta")], jobs);
  const records = await pass(5);
  expect(records.map(({ stream, status }) => [stream, status])).toEqual([
    ["users.acme", "delivered"],
    ["users.beta", "delivered"],
  ]);
  expect(new Set(readings(records)).size).toBe(1);
  expect(at.warehouse.extractions).toHaveLength(1);
});

test("a delivery that is paused has no part in it", async () => {
  const [acme, beta] = [at.delivery("acme"), at.delivery("beta")];
  const pass = serve([acme, beta], 1);
  await pass(1);
  await pauseStream({ ...at.deps, clock }, beta.name, { by: "the test", reason: null, until: null }, never);
  expect(readings(await pass(5))).toEqual(["alone"]);
});

test("one that failed is tried again by itself, at a moment of its own", async () => {
  const pass = serve([at.delivery("acme"), at.delivery("beta")], 1);
  at.warehouse.onExtract = () => {
    if (at.warehouse.extractions.length > 1) return Promise.resolve();
    return Promise.reject(new SyncError("SOURCE_CONNECTION_LOST", "the test cut it", { retry: "transient" }));
  };
  expect((await pass(10)).map(({ stream, status }) => [stream, status])).toEqual([
    ["users.acme", "failed"],
    ["users.beta", "delivered"],
  ]);
  expect(readings(await pass(40))).toEqual(["alone"]);
  expect(await at.held("acme")).toEqual({ 1: ["ann", "gold"] });
});
