import { describe, expect, it } from "vitest";
import { SyncError } from "../../src/core/errors.ts";
import { armFailpoints } from "../../src/core/failpoint.ts";
import { pauseStream, resumeStream } from "../../src/sync/pause-stream.ts";
import { serviceWorld } from "../support/service-world.ts";

const never = new AbortController().signal;
const DAY_MS = 86_400_000;

describe("a scheduler", () => {
  it("runs each slot once, from the first one after it was first started, also when it is started anew", async () => {
    await using there = await serviceWorld();
    there.at.set({ a: "1" });
    const first = there.serve("first");
    await there.pass(3000, [first]);
    expect(first.told()).toEqual(["schedule 02T06:00:00 #1", "delivered"]);
    await first.scheduler.drain();
    const second = there.serve("first");
    await there.pass(5000, [second]);
    expect(second.told()).toEqual([]);
    there.at.set({ a: "2" });
    await there.pass(60_000, [second]);
    expect(second.told()).toEqual(["schedule 02T06:01:00 #1", "delivered"]);
    expect(await there.at.consumed()).toEqual({ a: "2" });
    expect(await there.planned()).toEqual(["2026-03-02T06:00:00.000Z", "2026-03-02T06:01:00.000Z"]);
    expect((await there.records()).map(({ slot, scheduled }) => [slot?.slice(11, 16), scheduled?.wall, scheduled?.zone])).toEqual([
      ["06:00", "2026-03-02T06:00:00", "UTC"],
      ["06:01", "2026-03-02T06:01:00", "UTC"],
    ]);
  });

  it("S17: makes up for three days of downtime with one run, or, if told so, with none", async () => {
    for (const [catchUp, expected] of [
      ["latest", ["slot_late 05T06:00:00", "catch_up 05T06:00:00 #1", "delivered"]],
      ["none", ["missed 3 to 05T06:00:00: downtime"]],
    ] as const) {
      await using there = await serviceWorld();
      const host = there.serve("one", { schedule: { cron: "0 6 * * *", catchUp } });
      there.at.set({ a: "1" });
      await there.pass(3000, [host]);
      there.at.set({ a: "2" });
      there.clock.move(3 * DAY_MS + 3_600_000);
      await host.tick();
      await there.pass(10_000, [host]);
      expect(host.told().slice(2)).toEqual(expected);
      there.clock.set("2026-03-06T06:00:00Z");
      await host.tick();
      expect(host.told().at(-2)).toBe("schedule 06T06:00:00 #1");
      expect(await there.at.consumed()).toEqual({ a: "2" });
    }
  });

  it("S18: lets one run follow for all slots that came due while a run was under way", async () => {
    await using there = await serviceWorld();
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    there.at.set({ a: "1" });
    const host = there.serve("one");
    await host.tick();
    try {
      const reached = new Promise<void>((resolve) => {
        armFailpoints((name) => {
          if (name !== "lease.taken") return;
          resolve();
          return gate;
        });
      });
      there.clock.move(2000);
      host.scheduler.tick();
      await reached;
      for (let minute = 0; minute < 3; minute += 1) {
        there.clock.move(60_000);
        host.scheduler.tick();
      }
    } finally {
      armFailpoints(null);
      open();
    }
    await host.scheduler.idle();
    expect(host.told()).toEqual([
      "schedule 02T06:00:00 #1",
      "slot_coalesced 02T06:01:00",
      "slot_late 02T06:00:00",
      "delivered",
      "schedule 02T06:03:00 #1",
      "unchanged",
    ]);
  });

  it("tries a slot again while source or destination fail, each time later, and goes on with an open plan first", async () => {
    await using there = await serviceWorld();
    const host = there.serve("one", { schedule: { cron: "0 6 * * *" } });
    there.at.set({ a: "1" });
    let fails = true;
    there.at.destinationFaults.put = (_nth, key) => (fails && key.endsWith(".csv") ? "fail" : "pass");
    await there.pass(120_000, [host]);
    fails = false;
    there.at.set({ a: "2" });
    await there.pass(180_000, [host]);
    expect(host.told()).toEqual([
      "schedule 02T06:00:00 #1",
      "failed DESTINATION_UNAVAILABLE again 06:00:30",
      "retry 02T06:00:00 #2",
      "failed DESTINATION_UNAVAILABLE again 06:01:30",
      "retry 02T06:00:00 #3",
      "failed DESTINATION_UNAVAILABLE again 06:03:30",
      "retry 02T06:00:00 #4",
      "superseded",
    ]);
    // The bytes of the plan that was open, and no second delivery for the same slot.
    expect(await there.at.consumed()).toEqual({ a: "1" });
    expect((await there.records()).map(({ status }) => status)).toEqual(["delivered", "failed", "failed", "superseded"]);
  });

  it("leaves a slot alone whose run failed for good, and runs the next one", async () => {
    await using there = await serviceWorld();
    there.at.set({ a: "1" });
    const host = there.serve("one");
    await host.tick();
    let fails = true;
    const { computeDelta } = host.deps.parts;
    Object.assign(host.deps.parts, {
      computeDelta: (...args: Parameters<typeof computeDelta>) => {
        if (fails) throw new SyncError("DATA_KEY_NULL", "A key is NULL.");
        return computeDelta(...args);
      },
    });
    await there.pass(30_000, [host]);
    expect(host.told()).toEqual(["schedule 02T06:00:00 #1", "failed DATA_KEY_NULL"]);
    fails = false;
    await there.pass(60_000, [host]);
    expect(host.told().slice(2)).toEqual(["schedule 02T06:01:00 #1", "delivered"]);
  });

  it("runs nothing while a schedule is paused, and makes up for nothing afterwards", async () => {
    await using there = await serviceWorld();
    const host = there.serve("one");
    there.at.set({ a: "1" });
    await there.pass(3000, [host]);
    const look = { state: host.deps.state, clock: there.clock };
    await pauseStream(look, "users", { until: null, reason: "audit", by: "anna" }, never);
    await there.pass(121_000, [host]);
    await resumeStream(look, "users", "anna", never);
    const again = there.serve("one");
    await there.pass(10_000, [host, again]);
    expect(host.told().slice(2)).toEqual(["missed 1 to 02T06:01:00: paused", "missed 1 to 02T06:02:00: paused"]);
    await there.pass(60_000, [host, again]);
    expect((await there.records()).length).toBe(2);
  });

  it("runs no slot twice and misses none after the clock was wrong and set back", async () => {
    await using there = await serviceWorld();
    const host = there.serve("one", { schedule: { cron: "0 6 * * *" } });
    there.at.set({ a: "1" });
    await there.pass(3000, [host]);
    there.clock.set("2026-03-05T12:00:00Z");
    await host.tick();
    there.clock.set("2026-03-02T07:00:00Z");
    await host.tick();
    for (const day of ["03", "04", "05", "06"]) {
      there.clock.set(`2026-03-${day}T06:00:00Z`);
      await host.tick();
      await host.tick();
    }
    expect(host.told().filter((line) => line.includes("#"))).toEqual([
      "schedule 02T06:00:00 #1",
      "catch_up 05T06:00:00 #1",
      "schedule 03T06:00:00 #1",
      "schedule 04T06:00:00 #1",
      "schedule 06T06:00:00 #1",
    ]);
  });

  it("says that it does not know what is due while the state root is silent, and asks again", async () => {
    await using there = await serviceWorld();
    const host = there.serve("one");
    there.at.set({ a: "1" });
    await host.tick();
    const { list } = host.deps.state;
    host.deps.state.list = () => Promise.reject(new SyncError("STATE_UNAVAILABLE", "No answer."));
    await there.pass(5000, [host]);
    host.deps.state.list = list;
    await there.pass(40_000, [host]);
    expect(host.told()).toEqual(["look_failed STATE_UNAVAILABLE", "schedule 02T06:00:00 #1", "delivered"]);
  });
});
