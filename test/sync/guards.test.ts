import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type { Guards } from "../../src/core/guards.ts";
import { readCurrent } from "../../src/state/current.ts";
import { approveRun, findHeld, rejectRun } from "../../src/sync/answer-held.ts";
import { NO_ANSWERS } from "../../src/sync/judge-delta.ts";
import { planStream } from "../../src/sync/plan-stream.ts";
import { resetStream } from "../../src/sync/reset-stream.ts";
import { runStream, type RunStreamOptions } from "../../src/sync/run-stream.ts";
import { findRun } from "../../src/sync/stream-status.ts";
import { objectHashes } from "../support/consumer.ts";
import { world, type World } from "../support/protocol-world.ts";

const never = new AbortController().signal;
const anna = { by: "anna@host", reason: "as agreed" };
const DEFAULTS: Guards = {
  maxRemoved: { percent: 20 },
  maxChanged: { percent: 50 },
  maxAdded: null,
  minRows: 1,
  aboveRows: 100,
  per: [],
  held: "supersede",
};

/** A table of so many rows, all of one value. */
function rows(count: number, value = "1", from = 0): Readonly<Record<string, string>> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [String(from + at).padStart(5, "0"), value]));
}

let hosts = 0;

async function guarded(
  at: World,
  table: Readonly<Record<string, string>>,
  options: Partial<RunStreamOptions> = {},
  changes: Partial<Guards> = {},
) {
  at.set(table);
  const stream = { ...at.stream, guards: { ...DEFAULTS, ...changes } };
  return await runStream(at.host(`guarded ${(hosts += 1)}`), stream, { slot: null, fullResync: false, baseline: false, ...options }, never);
}

async function approve(at: World, run: string) {
  return await approveRun(at.host(`approver ${(hosts += 1)}`), at.stream, run, anna, never);
}

/** 200 rows are told, then 50 of them are gone: 25 %. */
async function heldRemoval(at: World): Promise<string> {
  await guarded(at, rows(200));
  const { record, error } = await guarded(at, rows(150));
  expect(error).toMatchObject({ code: "GUARD_REMOVED" });
  return record.run;
}

test("F21: a delta that removes more than max_removed is held: nothing is sent, and the bytes wait", async () => {
  await using at = await world();
  await guarded(at, rows(200));
  const delivered = await objectHashes(at.folder.at("out"));
  const { record, error } = await guarded(at, rows(150));
  expect(error).toMatchObject({ code: "GUARD_REMOVED" });
  expect(error?.message).toBe("users is held: removed 50 of 200 rows (25.0 %), max_removed is 20 %. Nothing was sent.");
  expect(error).toMatchObject({ hint: expect.stringContaining(`sync approve ${record.run}`) as string });
  expect(record).toMatchObject({ status: "held", generation: 2, counts: { removed: 50 } });
  expect(await objectHashes(at.folder.at("out"))).toEqual(delivered);
  expect(await readCurrent(at.host("looker").state, "users", never)).toMatchObject({ generation: 1 });
  expect(await findHeld(at.host("looker"), "users", never)).toBe(record.run);
});

test.each([
  ["20 % of 200 rows removed", rows(160), {}, null],
  ["one more than 20 %", rows(159), {}, "GUARD_REMOVED"],
  ["everything changed", rows(200, "2"), {}, "GUARD_CHANGED"],
  ["half changed", { ...rows(200), ...rows(100, "2") }, {}, null],
  ["ten times the rows, max_added off", rows(2000), {}, null],
  ["more rows than max_added: 5 %", rows(211), { maxAdded: { percent: 5 } }, "GUARD_ADDED"],
  ["more rows than max_removed: 3", rows(196), { maxRemoved: { rows: 3 } }, "GUARD_REMOVED"],
  ["as many rows as max_removed: 3", rows(197), { maxRemoved: { rows: 3 } }, null],
  ["an empty result, whatever max_removed says", {}, { maxRemoved: null }, "GUARD_MIN_ROWS"],
  ["everything gone where min_rows is 0 and no share counts", {}, { minRows: 0, aboveRows: 201 }, null],
] as const)("guards and %s", async (_what, table, changes, code) => {
  await using at = await world();
  await guarded(at, rows(200));
  const { error } = await guarded(at, table, {}, changes);
  expect((error as { code?: string } | null)?.code ?? null).toBe(code);
  expect(await at.consumed()).toEqual(code === null ? table : rows(200));
});

test("shares count only from above_rows rows on", async () => {
  await using at = await world();
  await guarded(at, rows(99));
  expect((await guarded(at, rows(1))).error).toBeNull();
});

test("S15: a first run is measured by min_rows alone", async () => {
  await using at = await world();
  const { record, error } = await guarded(at, {});
  expect(error).toMatchObject({ code: "GUARD_MIN_ROWS" });
  expect(record.status).toBe("held");
  expect((await guarded(at, rows(500), {}, { maxAdded: { percent: 1 } })).error).toBeNull();
});

test.each([false, true])(
  "a full delivery of far fewer rows is held, also where it tells no removals (overwrite: %s)",
  async (overwrite) => {
    await using at = await world();
    const full = { ...at.stream, mode: "full" as const, guards: DEFAULTS, fileFormat: { ...at.stream.fileFormat, overwrite } };
    const run = async (table: Readonly<Record<string, string>>) => {
      at.set(table);
      return await runStream(at.host(`full ${(hosts += 1)}`), full, { slot: null, fullResync: false, baseline: false }, never);
    };
    expect((await run(rows(200))).error).toBeNull();
    const { record, error } = await run(rows(100));
    expect(error).toMatchObject({ code: "GUARD_REMOVED" });
    expect(record.counts).toMatchObject({ full: 100, removed: overwrite ? 0 : 100 });
  },
);

test("an approved run delivers exactly the bytes that were held, although the table has changed since", async () => {
  await using at = await world();
  const run = await heldRemoval(at);
  at.set(rows(10));
  const held = await findRun(at.host("looker"), run, never);
  const { record, error } = await approve(at, run);
  expect(error).toBeNull();
  expect(record).toMatchObject({ status: "delivered", generation: 2, files: held.files });
  expect(await at.consumed()).toEqual(rows(150));
  expect(await findRun(at.host("looker"), run, never)).toMatchObject({ status: "approved", finishedBy: record.run, decision: anna });
  await expect(approve(at, run)).rejects.toMatchObject({ code: "RUN_NOT_HELD" });
});

test("a rejected run is dropped, and never delivered after all", async () => {
  await using at = await world();
  const run = await heldRemoval(at);
  expect(await rejectRun(at.host("rejecter"), at.stream, run, anna, never)).toMatchObject({ status: "rejected", decision: anna });
  expect((await approve(at, run)).error).toMatchObject({ code: "HELD_ANSWERED", message: expect.stringContaining("anna@host") as string });
  expect([...(await objectHashes(at.folder.at("state", "users", "staging"))).keys()].filter((key) => key.includes("/files/"))).toEqual([]);
  expect((await guarded(at, rows(200))).record.status).toBe("unchanged");
  expect(await at.consumed()).toEqual(rows(200));
});

test("staged bytes that are damaged are not approved", async () => {
  await using at = await world();
  const run = await heldRemoval(at);
  await writeFile(at.folder.at("state", "users", "staging", run, "files", "removed"), "id,name\nevil,1\n");
  expect((await approve(at, run)).error).toMatchObject({ code: "HELD_STALE" });
  expect(await at.consumed()).toEqual(rows(200));
});

test("of approve and reject at once exactly one is heard", async () => {
  for (const order of [0, 1]) {
    await using at = await world();
    const run = await heldRemoval(at);
    const answers = [() => approve(at, run).then(({ error }) => error), () => rejectRun(at.host("rejecter"), at.stream, run, anna, never)];
    const ordered = order === 0 ? answers : answers.toReversed();
    await Promise.allSettled(ordered.map((answer) => answer()));
    const delivered = (await readCurrent(at.host("looker").state, "users", never))?.generation === 2;
    expect(Object.keys(await at.consumed())).toHaveLength(delivered ? 150 : 200);
    expect((await guarded(at, rows(200))).error).toBeNull();
    expect(await at.consumed()).toEqual(rows(200));
  }
});

test.each([
  ["delivers", rows(190), "delivered"],
  ["has nothing to tell", rows(200), "unchanged"],
  ["is held itself", rows(120), "held"],
] as const)("a later run that %s supersedes a held one", async (_what, table, status) => {
  await using at = await world();
  const run = await heldRemoval(at);
  const later = await guarded(at, table);
  expect(later.record.status).toBe(status);
  expect(await findRun(at.host("looker"), run, never)).toMatchObject({ status: "superseded" });
  const outcome = await approve(at, run).catch((error: unknown) => ({ error }));
  expect(["HELD_ANSWERED", "RUN_NOT_HELD", "HELD_STALE"]).toContain((outcome.error as { code?: string }).code);
  const newest = status === "held" ? (await approve(at, later.record.run)).error : null;
  expect(newest).toBeNull();
  expect(await at.consumed()).toEqual(status === "unchanged" ? rows(200) : table);
});

test("`held: wait` stops the next run until somebody answers, unless that run brings an answer along", async () => {
  await using at = await world();
  await guarded(at, rows(200));
  const { record } = await guarded(at, rows(150), {}, { held: "wait" });
  const waits = await guarded(at, rows(200), {}, { held: "wait" });
  expect(waits.error).toMatchObject({ code: "HELD_WAITING", message: expect.stringContaining(record.run) as string });
  expect(waits.record.status).toBe("held");
  await rejectRun(at.host("rejecter"), at.stream, record.run, anna, never);
  expect((await guarded(at, rows(150), {}, { held: "wait" })).error).toMatchObject({ code: "GUARD_REMOVED" });
  const answers = { ...NO_ANSWERS, allowRemovals: 50 };
  expect((await guarded(at, rows(150), { answers }, { held: "wait" })).record.status).toBe("delivered");
});

test("--allow-removals lets so many rows go and no more", async () => {
  await using at = await world();
  await guarded(at, rows(200));
  expect((await guarded(at, rows(150), { answers: { ...NO_ANSWERS, allowRemovals: 49 } })).error).toMatchObject({ code: "GUARD_REMOVED" });
  expect((await guarded(at, rows(150), { answers: { ...NO_ANSWERS, allowRemovals: 50 } })).error).toBeNull();
  expect(await at.consumed()).toEqual(rows(150));
});

test("a reset takes a held run out of the wait", async () => {
  await using at = await world();
  const run = await heldRemoval(at);
  await resetStream(at.host("resetter"), at.stream, never);
  expect((await approve(at, run)).error).toMatchObject({ code: "HELD_ANSWERED" });
});

test("an approval that was interrupted goes on with the same bytes, by another approval or by the next run", async () => {
  for (const way of ["approve", "run"]) {
    await using at = await world();
    const run = await heldRemoval(at);
    at.destinationFaults.put = (_nth, key) => (key.endsWith("000002.json") ? "fail" : "pass");
    expect((await approve(at, run)).error).toMatchObject({ code: "DESTINATION_UNAVAILABLE" });
    at.destinationFaults.put = () => "pass";
    const again = way === "approve" ? await approve(at, run) : await guarded(at, rows(150));
    expect(again).toMatchObject({ error: null, record: { status: way === "approve" ? "delivered" : "unchanged" } });
    expect(await at.consumed()).toEqual(rows(150));
    expect(at.destinationHistory.created.filter(({ key }) => key.includes("000002-removed"))).toHaveLength(1);
  }
});

test("a plan tells what the guards would say, and keeps no bytes that would be held", async () => {
  await using at = await world();
  await guarded(at, rows(200));
  at.set(rows(150));
  const stream = { ...at.stream, guards: DEFAULTS };
  const look = { slot: null, fullResync: false, samples: 0, keep: true };
  const preview = await planStream(at.host("planner"), stream, look, never);
  expect(preview).toMatchObject({ outcome: "held", planFile: null });
  expect(preview.verdict?.checks).toContainEqual({
    guard: "max_removed",
    ok: false,
    text: "removed 50 of 200 rows (25.0 %), max_removed is 20 %",
  });
  const answered = await planStream(at.host("planner 2"), stream, { ...look, answers: { ...NO_ANSWERS, allowRemovals: 50 } }, never);
  expect(answered.outcome).toBe("deliver");
  expect(answered.planFile).not.toBeNull();
});
