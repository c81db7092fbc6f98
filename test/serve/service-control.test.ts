import { expect, test } from "vitest";
import { SchedulerControl } from "../../src/serve/service-control.ts";
import { markMoved } from "../../src/state/root-marks.ts";
import { serviceWorld, type ServiceWorld, type ServingHost } from "../support/service-world.ts";

const never = new AbortController().signal;

function control(there: ServiceWorld, host: ServingHost): SchedulerControl {
  return new SchedulerControl(host.scheduler, there.clock, host.stop.signal);
}

test("fifty requests with one key start one run, also on two hosts and after a restart; another key starts another", async () => {
  await using there = await serviceWorld();
  there.at.set({ a: "1" });
  const hosts = [there.serve("one"), there.serve("two")];
  const controls = hosts.map((host) => control(there, host));
  const started = await Promise.all(
    Array.from({ length: 50 }, async (_, at) => await controls[at % 2]?.start({ stream: "users", idempotencyKey: "dbt 1" }, never)),
  );
  await Promise.all(hosts.map(({ scheduler }) => scheduler.idle()));
  const ids = new Set(started.map((one) => one?.run));
  expect(ids.size).toBe(1);
  expect(started.filter((one) => one?.repeated === false)).toHaveLength(1);
  expect((await there.records()).map(({ run, status, scheduled }) => [ids.has(run), status, scheduled])).toEqual([
    [true, "delivered", undefined],
  ]);

  const again = control(there, there.serve("three"));
  expect(await again.start({ stream: "users", idempotencyKey: "dbt 1" }, never)).toMatchObject({ repeated: true });
  const other = await again.start({ stream: "users", idempotencyKey: "dbt 2" }, never);
  expect(ids.has(other.run)).toBe(false);
});

test("a run whose process went away before it began is begun by whoever is asked again, after a while", async () => {
  await using there = await serviceWorld();
  there.at.set({ a: "1" });
  const gone = there.serve("gone");
  const [lane] = gone.scheduler.lanes;
  if (lane === undefined) throw new Error("there is no lane");
  gone.scheduler.occupy(
    lane,
    { stream: "users", run: "0", trigger: "api", slot: null, attempt: 1, lagMs: null },
    () => new Promise(() => undefined),
  );
  const { run } = await control(there, gone).start({ stream: "users", idempotencyKey: "k" }, never);
  expect(await control(there, gone).run(run, never)).toMatchObject({ run, status: "unfinished" });
  const host = there.serve("next");
  const next = control(there, host);
  expect(await next.start({ stream: "users", idempotencyKey: "k" }, never)).toMatchObject({ run, repeated: true });
  await host.scheduler.idle();
  expect(await there.records()).toEqual([]);
  there.clock.move(180_000);
  expect(await next.start({ stream: "users", idempotencyKey: "k" }, never)).toMatchObject({ run, repeated: true });
  await host.scheduler.idle();
  expect(await next.run(run, never)).toMatchObject({ run, status: "delivered" });
  gone.abandon();
});

test("a run is asked for only of a stream that is there and switched on, and not of a service that stops", async () => {
  await using there = await serviceWorld();
  const host = there.serve("one", { streams: [{ ...there.at.stream, enabled: false }] });
  const asked = control(there, host);
  await expect(asked.start({ stream: "others", idempotencyKey: null }, never)).rejects.toMatchObject({ code: "STREAM_UNKNOWN" });
  await expect(asked.start({ stream: "users", idempotencyKey: null }, never)).rejects.toMatchObject({ code: "STREAM_DISABLED" });
  await host.scheduler.drain();
  await expect(asked.start({ stream: "users", idempotencyKey: null }, never)).rejects.toMatchObject({ code: "SERVICE_DRAINING" });
});

test("a held run counts as the run of its slot, and is delivered or dropped when somebody answers", async () => {
  await using there = await serviceWorld();
  const guards = {
    maxRemoved: null,
    maxChanged: null,
    maxAdded: { rows: 1 },
    minRows: 0,
    aboveRows: 0,
    per: [],
    held: "supersede",
  } as const;
  const stream = { ...there.at.stream, guards, schedule: { cron: "* * * * *", timezone: "UTC", catchUp: "latest" } as const };
  const host = there.serve("one", { streams: [stream] });
  const asked = control(there, host);
  there.at.set({ z: "0" });
  await there.pass(20_000, [host]);
  there.at.set({ z: "0", a: "1", b: "2" });
  await there.pass(60_000, [host]);
  expect(host.told().slice(2)).toEqual(["schedule 02T06:01:00 #1", "held GUARD_ADDED"]);
  const [held] = await asked.runs({ streams: null, limit: 1 }, never);
  const approved = await asked.approve(held?.run ?? "", { by: "anna@desk", reason: "as agreed" }, never);
  expect(approved.run).toBe(held?.run);
  await host.scheduler.idle();
  expect(await there.at.consumed()).toEqual({ z: "0", a: "1", b: "2" });
  await expect(asked.approve(held?.run ?? "", { by: "anna", reason: null }, never)).rejects.toMatchObject({ code: "RUN_NOT_HELD" });

  there.at.set({ z: "0", a: "1", b: "2", c: "3", d: "4" });
  await there.pass(60_000, [host]);
  const [second] = await asked.runs({ streams: null, limit: 1 }, never);
  expect(await asked.reject(second?.run ?? "", { by: "anna", reason: "no" }, never)).toMatchObject({ status: "rejected" });
  expect(await there.at.consumed()).toEqual({ z: "0", a: "1", b: "2" });
});

test("it tells of streams, of what comes next, and whether it works", async () => {
  await using there = await serviceWorld();
  there.at.set({ a: "1" });
  const host = there.serve("one");
  const asked = control(there, host);
  expect((await asked.readiness(never)).reasons).toEqual(["the scheduler does not tick"]);
  await there.pass(3000, [host]);
  expect(await asked.readiness(never)).toEqual({ ready: true, reasons: [] });
  const listed: string[] = [];
  const { list } = host.deps.state;
  host.deps.state.list = async (prefix, signal) => {
    listed.push(prefix);
    return await list(prefix, signal);
  };
  expect(await asked.readiness(never)).toMatchObject({ ready: true });
  host.deps.state.list = list;
  // Records of runs by the thousand would be listed page by page at every probe.
  expect(listed).toEqual(["_spillway/"]);
  expect(asked.health()).toMatchObject({ draining: false, running: [], queued: 0 });
  expect(await asked.models(never)).toMatchObject([
    {
      stream: "users",
      next: { wall: "2026-03-02T06:01:00", zone: "UTC" },
      pause: null,
      running: null,
      status: { generation: 1, state: "ok" },
    },
  ]);
  await markMoved(host.deps.state, { format: "spillway/moved/1", run: "r", to: "s3://new", at: there.clock.now().toISOString() }, never);
  expect((await asked.readiness(never)).reasons).toEqual(["the state root was moved elsewhere"]);
  there.clock.move(300_000);
  expect((await asked.readiness(never)).ready).toBe(false);
});
