import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { armFailpoints, FAILPOINTS } from "../../src/core/failpoint.ts";
import { CHANGE_KINDS } from "../../src/core/types.ts";
import { recoverStream } from "../../src/sync/recover-stream.ts";
import { resetStream } from "../../src/sync/reset-stream.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import { verifyStream } from "../../src/sync/verify-stream.ts";
import { clock, findByType, stopBetweenDeliveries } from "../support/event-story.ts";
import { CURSOR, eventTable } from "../support/event-table.ts";

afterEach(() => armFailpoints(null));

const never = new AbortController().signal;
const RUNS = Number(process.env["EVENT_RUNS"] ?? 2);

test("F18: each event is told once: equal cursors, late ones, and those younger than the lag", async () => {
  await using table = await eventTable();
  const first = await table.run("10:00", { a: "08:00", b: "09:30", c: "09:30", young: "09:59:30" });
  expect(first.error).toBeNull();
  expect(await table.told()).toEqual(["a", "b", "c"]);
  // d has the cursor of b and c, late came behind b, and young is old enough by now.
  const events = { a: "08:00", b: "09:30", c: "09:30", d: "09:30", late: "09:10", young: "09:59:30", e: "10:04" };
  const second = await table.run("10:06", events);
  expect(second.record).toMatchObject({ status: "delivered", counts: { added: 4, changed: 0, removed: 0, current: 6 } });
  expect(await table.told()).toEqual(["a", "b", "c", "d", "e", "late", "young"]);
  expect((await table.run("10:07", events)).record.status).toBe("unchanged");
});

test("the watermark moves with a delivery and with a run that finds nothing new, and old events are forgotten", async () => {
  await using table = await eventTable();
  await table.run("10:00", { a: "03:00", b: "09:30" });
  expect(await table.current()).toMatchObject({
    rows: 1,
    watermark: { upTo: "2026-01-01T09:59:00.000Z", from: "2026-01-01T08:59:00.000Z" },
  });
  // The first base held everything that was told; what is left of it is what could still come again.
  expect((await table.current())?.base?.key).toContain("/base/");
  const quiet = await table.run("12:00", { a: "03:00", b: "09:30" });
  expect(quiet.record).toMatchObject({ status: "unchanged", counts: { current: 1 } });
  const after = await table.current();
  expect(after).toMatchObject({ reason: "refreshed", rows: 0, generation: 1, watermark: { upTo: "2026-01-01T11:59:00.000Z" } });
  expect(after?.log).toEqual([]);
});

test.each(["date", "timestamp", "timestamptz"] as const)("a cursor of the type %s finds what came since", async (type) => {
  await expect(findByType(type)).resolves.toBeUndefined();
});

test("an event that vanishes and comes back is not told again, nor one that changes", async () => {
  await using table = await eventTable({ stream: { columns: null } });
  await table.run("10:00", { a: "09:30", b: "09:40" });
  await table.run("10:10", { b: "09:40" });
  // What changes here is its cursor: it is remembered for as long as the new one says.
  const back = await table.run("10:20", { a: "09:30", b: "10:15" });
  expect(back.error).toBeNull();
  await table.run("11:00", { b: "10:15" });
  await table.run("11:10", { a: "09:30", b: "10:15" });
  expect(await table.told()).toEqual(["a", "b"]);
});

test("nothing is told again when the clock goes back, or the overlap or the lag grows", async () => {
  await using table = await eventTable();
  const events = { a: "07:00", b: "09:30", c: "09:55" };
  await table.run("10:00", events);
  await table.run("09:40", events);
  expect((await table.current())?.watermark?.upTo).toBe("2026-01-01T09:59:00.000Z");
  await table.run("10:05", events);
  for (const now of ["10:10", "12:00", "12:10"]) {
    const { error } = await table.run(now, events, {}, { cursor: { ...CURSOR, overlapMs: 40_000_000, lagMs: 1_800_000 } });
    expect(error).toBeNull();
  }
  expect(await table.told()).toEqual(["a", "b", "c"]);
});

test("a run that stops at any point between deliveries loses no event and doubles none", async () => {
  await expect(stopBetweenDeliveries()).resolves.toBeUndefined();
});

/** An event of a random history: when it happened, and how much later it turned up. */
const event = fc.record({ minute: fc.integer({ min: 0, max: 600 }), lateBy: fc.integer({ min: 0, max: 58 }) });
const look = fc.record({
  after: fc.integer({ min: 0, max: 90 }),
  stops: fc.option(fc.constantFrom(...FAILPOINTS), { freq: 3 }),
  gone: fc.option(fc.nat(30)),
});

test("in any history, each event that is no later than the overlap is told once", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { minLength: 1, maxLength: 30 }),
      fc.array(look, { minLength: 1, maxLength: 6 }),
      async (events, looks) => {
        await using table = await eventTable();
        let now = 0;
        for (const { after, stops, gone } of [...looks, { after: 700, stops: null, gone: null }]) {
          now += after;
          const arrived = events.flatMap(({ minute, lateBy }, id) =>
            minute + lateBy <= now ? [[String(id), clock(minute)] as const] : [],
          );
          armFailpoints((name) => {
            if (name === stops) throw new Error("stopped here");
          });
          await table.run(clock(now), Object.fromEntries(arrived.filter(([id]) => id !== String(gone))));
          armFailpoints(null);
        }
        const told = await table.told();
        expect(new Set(told).size).toBe(told.length);
        // One that was hidden from the look that should have found it may be missing, and nothing else.
        const hidden = new Set(looks.map(({ gone }) => String(gone)));
        expect(events.map((_, id) => String(id)).filter((id) => !told.includes(id) && !hidden.has(id))).toEqual([]);
      },
    ),
    { numRuns: RUNS },
  );
});

test("what a generation that was given up held is told in the next, and nothing is called removed", async () => {
  await using table = await eventTable();
  await table.run("10:00", { a: "09:30", hidden: "09:40" });
  armFailpoints((name) => {
    if (name === "deliver.after-put") throw new Error("stopped here");
  });
  await table.run("10:10", { a: "09:30", hidden: "09:40", b: "10:05", gone: "10:06" });
  armFailpoints(null);
  const { error } = await recoverStream(table.deps, table.stream({}), { abandon: 2 }, never);
  expect(error).toBeNull();
  expect(await table.current()).toMatchObject({ generation: 2, watermark: { upTo: "2026-01-01T09:59:00.000Z" } });
  await table.run("10:20", { a: "09:30", b: "10:05", c: "10:15" });
  expect((await table.current())?.uncertain).toEqual([]);
  // What was not there when all of the stretch was looked at is remembered all the same.
  await table.run("10:30", { a: "09:30", hidden: "09:40", b: "10:05", c: "10:15" });
  expect(await table.told()).toEqual(["a", "hidden", "b", "c"]);
});

test("a baseline takes the overlap as told, a full resync tells from the start, a reset begins anew", async () => {
  await using table = await eventTable({ stream: { firstRun: "baseline" } });
  const events = { old: "05:00", before: "2025-12-31 10:00", a: "09:30" };
  expect((await table.run("10:00", events)).record).toMatchObject({ status: "baselined", counts: { current: 1 } });
  await table.run("10:10", { ...events, b: "10:05", late: "09:10" });
  expect(await table.told()).toEqual(["b", "late"]);
  await table.run("10:20", { ...events, b: "10:05", c: "10:15" }, { fullResync: true });
  expect((await table.told()).toSorted()).toEqual(["a", "b", "c", "old"]);
  // What the full telling left out may be told when it comes back.
  await table.run("10:25", { ...events, b: "10:05", c: "10:15", d: "10:20", late: "09:10" });
  expect((await table.told()).toSorted()).toEqual(["a", "b", "c", "d", "old"]);
  expect((await resetStream(table.deps, table.stream({}), never)).error).toBeNull();
  expect((await table.current())?.watermark).toBeUndefined();
  const again = await table.run("10:30", { ...events, b: "10:05" });
  expect(again.record).toMatchObject({ status: "delivered", counts: { added: 3 } });
});

test("verify finds every event that is remembered in the deltas that told it", async () => {
  await using table = await eventTable();
  const events = { a: "03:00", b: "09:30" };
  await table.run("10:00", events);
  await table.run("10:30", { ...events, c: "10:20", b: "09:35" });
  await table.run("10:40", { ...events, c: "10:20", d: "10:30" });
  const verified = await verifyStream(table.deps, table.stream({}), { generation: null, last: 5 }, never);
  expect(verified).toMatchObject({ fold: { status: "same", difference: { onlyLeft: 0n, onlyRight: 0n, different: 0n } } });
  expect(verified.objects.map(({ status }) => status)).not.toContain("changed");
});

test("another cursor, and another mode, need a full resync", async () => {
  await using table = await eventTable();
  await table.run("10:00", { a: "09:30" });
  const moved = await table.run("10:10", { a: "09:30" }, {}, { cursor: { ...CURSOR, column: "id" } });
  expect(moved.error).toMatchObject({ code: "IDENTITY_CHANGED", message: expect.stringContaining("cursor (seen → id)") as string });
  const { cursor: _cursor, ...delta } = table.stream({ a: "09:30" }, { mode: "delta", changes: CHANGE_KINDS });
  const refused = await runStream(table.deps, delta, { slot: null, fullResync: false, baseline: false }, never);
  expect(refused.error).toMatchObject({ code: "IDENTITY_CHANGED", message: expect.stringContaining("mode (append → delta)") as string });
  expect(refused.error).not.toMatchObject({ hint: expect.stringContaining("--same-destination") as string });
});

test("a cursor that is not there, or is no time, is refused by its name", async () => {
  await using table = await eventTable();
  const missing = await table.run("10:10", { a: "09:30" }, {}, { cursor: { ...CURSOR, column: "sean" } });
  expect(missing.error).toMatchObject({
    code: "MODEL_COLUMN_UNKNOWN",
    message: expect.stringContaining('cursor.column names "sean", which the query does not return (did you mean "seen"?)') as string,
  });
  const text = await table.run("10:10", { a: "09:30" }, {}, { cursor: { ...CURSOR, column: "id" } });
  expect(text.error).toMatchObject({
    code: "MODEL_COLUMN_UNFIT",
    message: expect.stringContaining('cursor.column is "id", which is text and no date or timestamp') as string,
  });
});

test("an empty event table is no reason to hold, and is read from its beginning until something is told", async () => {
  await using table = await eventTable({ stream: { guards: guardsOn } });
  expect((await table.run("10:00", {})).record.status).toBe("unchanged");
  await table.run("15:00", { filled: "01:00" });
  expect(await table.told()).toEqual(["filled"]);
});

const guardsOn = {
  maxRemoved: { percent: 20 },
  maxChanged: { percent: 50 },
  maxAdded: null,
  minRows: 1,
  aboveRows: 100,
  per: [],
  held: "supersede",
} as const;
