import { afterEach, expect, test } from "vitest";
import { armFailpoints } from "../../src/core/failpoint.ts";
import type { Stream } from "../../src/core/types.ts";
import { readCurrent } from "../../src/state/current.ts";
import { runStream, type RunStreamOptions } from "../../src/sync/run-stream.ts";
import { world, type World } from "../support/protocol-world.ts";

// Which generations carry the whole snapshot, and that a consumer may start with each of those.

afterEach(() => armFailpoints(null));

const never = new AbortController().signal;
const DAILY_AT_SIX = { cron: "0 6 * * *", timezone: "UTC" };

/** A run of a stream with daily checkpoints at six, at a time of the clock. */
async function runAt(at: World, time: string, options: Partial<RunStreamOptions> = {}, changes: Partial<Stream> = {}) {
  const host = at.host(`host at ${time}`, { clock: { now: () => new Date(time) } });
  const stream = { ...at.stream, checkpoint: DAILY_AT_SIX, ...changes };
  return await runStream(host, stream, { slot: null, fullResync: false, baseline: false, ...options }, never);
}

/** Kinds of the generations that runs at some times come to; `-` for a run that delivers none. */
async function kindsAt(at: World, ...times: readonly string[]): Promise<string> {
  const kinds: string[] = [];
  for (const time of times) {
    const { record, error } = await runAt(at, time);
    if (error !== null) throw error;
    kinds.push(record.kind ?? "-");
  }
  return kinds.join(" ");
}

test("a checkpoint carries the delta and, beside it, every row; a consumer may start there or go on", async () => {
  await using at = await world({ inMemory: true });
  await at.deliver({ a: "1", b: "1", c: "1" });
  const record = await at.deliver({ a: "2", c: "1", d: "1" }, { checkpoint: true });
  expect(record).toMatchObject({ kind: "checkpoint", counts: { added: 1, changed: 1, removed: 1, full: 3 } });
  expect(record.files.map(({ change, rows }) => `${change} ${rows}`)).toEqual(["removed 1", "changed 1", "added 1", "full 3"]);
  await at.deliver({ a: "3", d: "1" });
  const table = { a: "3", d: "1" };
  expect([await at.consumed(), await at.consumed(2), await at.consumed(1)]).toEqual([table, table, table]);
  await expect(at.consumed(3)).rejects.toThrow("does not tell the whole table");
});

test("a checkpoint is a generation also where nothing changed, and where no row is left", async () => {
  await using at = await world({ inMemory: true });
  await at.deliver({ a: "1" });
  expect((await at.deliver({ a: "1" })).status).toBe("unchanged");
  expect(await at.deliver({ a: "1" }, { checkpoint: true })).toMatchObject({ generation: 2, kind: "checkpoint", counts: { full: 1 } });
  await at.deliver({});
  expect(await at.deliver({}, { checkpoint: true })).toMatchObject({ generation: 4, kind: "checkpoint", files: [], counts: { full: 0 } });
  expect(await at.consumed(4)).toEqual({});
});

test("the first run at or after a slot carries the checkpoint, once for each slot and for slots that were missed together", async () => {
  await using at = await world({ inMemory: true });
  at.set({ a: "1" });
  const kinds = await kindsAt(
    at,
    "2026-03-01T07:00:00Z", // tells everything by itself
    "2026-03-02T05:59:00Z",
    "2026-03-02T06:00:00Z",
    "2026-03-02T06:00:00Z",
    "2026-03-03T05:00:00Z",
    "2026-03-07T12:00:00Z",
    "2026-03-07T13:00:00Z",
  );
  expect(kinds).toBe("delta - checkpoint - - checkpoint -");
});

test("a stream that has delivered for long carries one as soon as it is asked for checkpoints, and a full resync stands for one", async () => {
  await using at = await world({ inMemory: true });
  at.set({ a: "1" });
  expect((await runAt(at, "2026-03-01T07:00:00Z", {}, { firstRun: "baseline" })).record).toMatchObject({ status: "baselined" });
  expect(await kindsAt(at, "2026-03-01T08:00:00Z", "2026-03-01T09:00:00Z")).toBe("checkpoint -");
  expect((await runAt(at, "2026-03-03T08:00:00Z", { fullResync: true })).record).toMatchObject({ kind: "full" });
  expect(await kindsAt(at, "2026-03-03T09:00:00Z")).toBe("-");
});

test("a run for a day that is past or to come neither brings a slot back nor takes one away", async () => {
  await using at = await world({ inMemory: true });
  at.set({ a: "1" });
  await kindsAt(at, "2026-03-05T07:00:00Z");
  const past = { slot: new Date("2026-03-01T06:00:00Z"), checkpoint: true };
  expect((await runAt(at, "2026-03-05T08:00:00Z", past)).record).toMatchObject({ kind: "checkpoint" });
  expect(await kindsAt(at, "2026-03-05T09:00:00Z")).toBe("-");
  const future = { slot: new Date("2027-01-01T06:00:00Z"), checkpoint: true };
  expect((await runAt(at, "2026-03-05T10:00:00Z", future)).record).toMatchObject({ kind: "checkpoint" });
  expect(await kindsAt(at, "2026-03-06T07:00:00Z")).toBe("checkpoint");
});

test("a clock that was years ahead once does not keep checkpoints back", async () => {
  await using at = await world({ inMemory: true });
  at.set({ a: "1" });
  expect(await kindsAt(at, "2031-03-05T07:00:00Z", "2026-03-05T07:00:00Z")).toBe("delta checkpoint");
});

test.each(["stage.uploaded", "plan.created", "deliver.after-put", "manifest.after-put", "promote.before-swap", "promote.after-swap"])(
  "a host that dies at %s leaves one checkpoint for the slot",
  async (point) => {
    await using at = await world({ inMemory: true });
    at.set({ a: "1", b: "1" });
    await kindsAt(at, "2026-03-01T07:00:00Z");
    at.set({ a: "2" });
    const dead = new Promise<void>(() => undefined);
    const reached = new Promise<void>((resolve) => {
      armFailpoints((name) => {
        if (name !== point) return undefined;
        resolve();
        return dead;
      });
    });
    void runAt(at, "2026-03-02T06:00:00Z");
    await reached;
    armFailpoints(null);
    const kinds = await kindsAt(at, "2026-03-02T06:30:00Z", "2026-03-02T07:00:00Z");
    expect(kinds).toBe(point === "stage.uploaded" ? "checkpoint -" : "- -");
    expect(await readCurrent(at.host("looker").state, "users", never)).toMatchObject({ generation: 2, whole: { generation: 2 } });
    expect(await at.consumed(2)).toEqual({ a: "2" });
    expect(new Set(at.destinationHistory.created.map(({ key }) => key)).size).toBe(at.destinationHistory.created.length);
  },
);

test("a checkpoint that was given up leaves its slot open, and what it may have told is told again", async () => {
  await using at = await world();
  at.set({ a: "1", b: "1" });
  await kindsAt(at, "2026-03-01T07:00:00Z");
  at.set({ a: "2" });
  at.destinationFaults.put = (_nth, key) => (key.includes("full") ? "fail" : "pass");
  expect((await runAt(at, "2026-03-02T06:00:00Z")).error).not.toBeNull();
  at.destinationFaults.put = () => "pass";
  for (const name of await at.host("tidy").state.list("users/staging/", never)) await at.host("tidy").state.delete(name, never);
  expect(await kindsAt(at, "2026-03-02T06:30:00Z")).toBe("checkpoint");
  const current = await readCurrent(at.host("looker").state, "users", never);
  expect(current).toMatchObject({ generation: 3, abandoned: [2], uncertain: [], whole: { generation: 3 } });
  expect([await at.consumed(), await at.consumed(3)]).toEqual([{ a: "2" }, { a: "2" }]);
});
