import { afterEach, expect, test } from "vitest";
import { SyncError } from "../../src/core/errors.ts";
import { armFailpoints } from "../../src/core/failpoint.ts";
import type { OutputColumn, Stream } from "../../src/core/types.ts";
import type { RunRecord } from "../../src/state/documents.ts";
import { takeLease } from "../../src/state/lease.ts";
import { runStreams, type RunStreamsOptions } from "../../src/sync/run-many.ts";
import { readings, sharedWorld, type SharedWorld } from "../support/shared-world.ts";

const never = new AbortController().signal;
const HOW: RunStreamsOptions = { slot: null, fullResync: false, jobs: 2, failFast: false };
const ROWS = [
  ["1", "ann", "gold"],
  ["2", "b\tob", null],
];

let at: SharedWorld;
afterEach(async () => {
  expect([...at.warehouse.held]).toEqual([]);
  expect(await at.kept()).toEqual([]);
  await at[Symbol.asyncDispose]();
});

async function run(streams: readonly Stream[], how: Partial<RunStreamsOptions> = {}): Promise<readonly RunRecord[]> {
  const results = await runStreams(at.deps, streams, { ...HOW, ...how }, never);
  return results.map(({ record }) => record);
}

function columns(...names: readonly string[]): { readonly columns: readonly OutputColumn[] } {
  return { columns: names.map((column) => ({ name: column.toUpperCase(), value: { from: "column", column } })) };
}

const codes = (records: readonly RunRecord[]): readonly string[] => records.map(({ status, error }) => error?.code ?? status);

test.each([1, 2])("the same columns, in whatever order, are extracted once, %i at a time", async (jobs) => {
  at = await sharedWorld({ keepsMoments: true });
  const streams = [at.delivery("acme"), at.delivery("beta", columns("tier", "id", "name"))];
  at.warehouse.rows = ROWS;
  const first = await run(streams, { jobs });
  expect(codes(first)).toEqual(["delivered", "delivered"]);
  expect(at.warehouse.extractions).toEqual([["id", "name", "tier"]]);
  expect(new Set(readings(first)).size).toBe(1);
  at.warehouse.rows = [...ROWS.slice(1), ["3", "cid", "\\N"]];
  const second = await run(streams, { jobs });
  expect(second.map(({ counts }) => [counts?.added, counts?.removed, counts?.unchanged])).toEqual([
    [1, 1, 1],
    [1, 1, 1],
  ]);
  expect(at.warehouse.extractions).toHaveLength(2);
  expect(at.warehouse.moments).toBe(0);
  // Alone, a delivery finds by its fingerprints that nothing has changed.
  const [alone] = await run(streams.slice(1));
  expect([alone?.status, alone?.counts?.refreshed]).toEqual(["unchanged", 0]);
  expect(await at.held("acme")).toEqual({ 2: ["b\tob", ""], 3: ["cid", "\\N"] });
});

test("other columns are another extraction of the same moment, whatever is written in between", async () => {
  at = await sharedWorld({ keepsMoments: true });
  at.warehouse.rows = ROWS;
  at.warehouse.onExtract = async () => {
    at.warehouse.rows = [["9", "nobody", "none"]];
    await Promise.resolve();
  };
  const streams = [
    at.delivery("acme", columns("id", "name")),
    at.delivery("beta", columns("id", "tier")),
    at.delivery("coop", columns("name", "id")),
  ];
  const records = await run(streams, { jobs: 1 });
  expect(readings(records)).toEqual(["users.acme/users.acme", "users.acme/users.beta", "users.acme/users.acme"]);
  expect(at.warehouse).toMatchObject({
    moments: 1,
    extractions: [
      ["id", "name"],
      ["id", "tier"],
    ],
  });
  expect(await at.held("beta")).toEqual({ 1: ["gold"], 2: [""] });
  expect(await at.held("coop")).toEqual({ ann: ["1"], "b\tob": ["2"] });
});

test("where no moment can be kept, one result has the columns of all", async () => {
  at = await sharedWorld({ keepsMoments: false });
  at.warehouse.rows = ROWS;
  const records = await run([at.delivery("acme", columns("id", "name")), at.delivery("beta", columns("id", "tier"))]);
  expect(new Set(readings(records)).size).toBe(1);
  expect(at.warehouse.extractions).toEqual([["id", "name", "tier"]]);
  expect(await at.held("acme")).toEqual({ 1: ["ann"], 2: ["b\tob"] });
  expect(await at.held("beta")).toEqual({ 1: ["gold"], 2: [""] });
});

test("a delivery whose mapping does not fit fails alone, and one that has nobody left to share with keeps no rows", async () => {
  at = await sharedWorld({ keepsMoments: false });
  at.warehouse.rows = ROWS;
  const records = await run([at.delivery("acme", columns("id", "nmae")), at.delivery("beta", columns("id", "name"))], { jobs: 1 });
  expect(codes(records)).toEqual(["MODEL_COLUMN_UNKNOWN", "delivered"]);
  expect(at.warehouse.extractions).toEqual([["id", "name"]]);
  expect(records[1]?.phases.map(({ phase }) => phase)).not.toContain("extract");
});

test("an extraction that breaks takes nobody down but who was at it: the next one extracts anew", async () => {
  at = await sharedWorld({ keepsMoments: true });
  at.warehouse.rows = ROWS;
  at.warehouse.onExtract = () => {
    if (at.warehouse.extractions.length > 1) return Promise.resolve();
    return Promise.reject(new SyncError("SOURCE_CONNECTION_LOST", "the test cut it", { retry: "transient" }));
  };
  const records = await run([at.delivery("acme"), at.delivery("beta"), at.delivery("coop")], { jobs: 3 });
  expect(codes(records).toSorted()).toEqual(["SOURCE_CONNECTION_LOST", "delivered", "delivered"]);
  expect(at.warehouse.extractions).toHaveLength(2);
});

test("a delivery that was told something newer meanwhile reads by itself, and is not taken back", async () => {
  at = await sharedWorld({ keepsMoments: true });
  const [acme, beta] = [at.delivery("acme"), at.delivery("beta", columns("id", "tier"))];
  at.warehouse.rows = ROWS;
  let other: Promise<readonly unknown[]> | null = null;
  at.warehouse.onExtract = async () => {
    if (other !== null) return;
    at.warehouse.rows = [["1", "ann", "platinum"]];
    other = runStreams({ ...at.deps, newRunId: () => "02OTHERHOST00001" }, [beta], HOW, never);
    await other;
  };
  const records = await run([acme, beta], { jobs: 1 });
  expect(readings(records)).toEqual(["users.acme/users.acme", "alone"]);
  expect(codes(records)).toEqual(["delivered", "unchanged"]);
  expect(await at.held("beta")).toEqual({ 1: ["platinum"] });
});

test("a delivery that was left unfinished is finished first, and still reads together with the others", async () => {
  at = await sharedWorld({ keepsMoments: false });
  at.warehouse.rows = ROWS;
  const streams = [at.delivery("acme"), at.delivery("beta")];
  armFailpoints((name) => (name === "deliver.before-put" ? Promise.reject(new Error("the test stopped it")) : undefined));
  expect(codes(await run(streams, { jobs: 1 }))).toEqual(["INTERNAL", "INTERNAL"]);
  armFailpoints(null);
  at.warehouse.rows = ROWS.slice(1);
  const records = await run(streams, { jobs: 1 });
  expect(records.map(({ generation, counts }) => [generation, counts?.removed])).toEqual([
    [2, 1],
    [2, 1],
  ]);
  expect(new Set(readings(records))).toEqual(new Set(["users.acme/users.acme"]));
});

test("one that is busy elsewhere has no part in it", async () => {
  at = await sharedWorld({ keepsMoments: true });
  at.warehouse.rows = ROWS;
  const [acme, beta] = [at.delivery("acme"), at.delivery("beta", columns("id"))];
  const owner = { host: "elsewhere", instance: "another", pid: 7, isRunning: () => true };
  const lease = { store: at.deps.state, stream: beta.name, run: "01ELSEWHERE00000", owner, clock: at.deps.clock, ttlMs: 600_000 };
  await using _lease = await takeLease(lease, never);
  const records = await run([acme, beta]);
  expect(codes(records)).toEqual(["delivered", "STREAM_BUSY"]);
  expect(at.warehouse.extractions).toEqual([["id", "name", "tier"]]);
});

test("streams that are not started leave nothing behind", async () => {
  at = await sharedWorld({ keepsMoments: false });
  at.warehouse.onExtract = () => Promise.reject(new SyncError("SOURCE_QUERY_FAILED", "the test refused it"));
  const records = await run([at.delivery("acme"), at.delivery("beta")], { jobs: 1, failFast: true });
  expect(codes(records)).toEqual(["SOURCE_QUERY_FAILED"]);
});
