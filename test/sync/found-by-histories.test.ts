import { readdir, rm, truncate } from "node:fs/promises";
import { afterEach, expect, test } from "vitest";
import { armFailpoints } from "../../src/core/failpoint.ts";
import { repairStream } from "../../src/sync/repair-stream.ts";
import { resetStream } from "../../src/sync/reset-stream.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import { world, type World } from "../support/protocol-world.ts";

// What random histories found, each as a story of its own.

afterEach(() => armFailpoints(null));

const never = new AbortController().signal;
const PLAIN = { slot: null, fullResync: false, baseline: false };

/** A run of a process that dies at a point, as far as its own code can tell. */
async function dieAt(at: World, point: string): Promise<void> {
  const dead = new Promise<void>(() => undefined);
  const reached = new Promise<void>((resolve) =>
    armFailpoints((name) => {
      if (name !== point) return undefined;
      resolve();
      return dead;
    }),
  );
  void at.run(at.host("dies"));
  await reached;
  armFailpoints(null);
}

async function stagedRuns(at: World): Promise<readonly string[]> {
  return await readdir(at.folder.at("state", "users", "staging")).catch(() => []);
}

test("a reset gives up a delivery to another place than the one the stream was opened for, and states its rows again", async () => {
  await using at = await world();
  // Opened for a place that nothing is ever told to.
  expect((await resetStream(at.host("opener"), at.stream, never)).error).toBeNull();
  const elsewhere = {
    ...at.stream,
    destination: { ...at.stream.destination, options: { type: "local", path: at.folder.at("elsewhere") } },
  };
  at.set({ a: "1" });
  at.destinationFaults.put = (_nth, key) => (/\d\.json$/.test(key) ? "fail" : "pass");
  expect((await runStream(at.host("stuck"), elsewhere, PLAIN, never)).error).not.toBeNull();
  delete at.destinationFaults.put;
  expect((await resetStream(at.host("operator"), elsewhere, never)).error).toBeNull();
  at.set({ b: "1" });
  const { record } = await runStream(at.host("next"), elsewhere, PLAIN, never);
  expect(record).toMatchObject({ status: "delivered", generation: 2, counts: { added: 1, removed: 1 } });
});

test("an empty table at a new place is told nothing of what the old place may hold", async () => {
  await using at = await world();
  await at.deliver({ a: "1" });
  expect((await resetStream(at.host("operator"), at.stream, never)).error).toBeNull();
  at.set({});
  const elsewhere = {
    ...at.stream,
    destination: { ...at.stream.destination, options: { type: "local", path: at.folder.at("elsewhere") } },
  };
  const resync = { ...PLAIN, fullResync: true };
  expect((await runStream(at.host("mover"), elsewhere, resync, never)).record).toMatchObject({ status: "unchanged", error: null });
  expect((await runStream(at.host("next"), elsewhere, PLAIN, never)).record).toMatchObject({ status: "unchanged", error: null });
});

test.each(["stage.json", "held.json"])("a torn %s of a run that ended long ago keeps no later run from its work", async (name) => {
  await using at = await world();
  await at.deliver({ a: "1", b: "1" });
  at.set({ a: "2" });
  if (name === "stage.json") await dieAt(at, "stage.uploaded");
  else await runStream(at.host("held"), { ...at.stream, guards: { ...NO_LIMITS, minRows: 1000 } }, PLAIN, never);
  const [run] = await stagedRuns(at);
  await truncate(at.folder.at("state", "users", "staging", run ?? "", name), 9);
  expect((await at.run(at.host("next"))).record).toMatchObject({ status: "delivered", generation: 2 });
  expect(await at.consumed()).toEqual({ a: "2" });
  expect((await at.run(at.host("after"))).record.status).toBe("unchanged");
  expect(await stagedRuns(at)).not.toContain(run);
});

const NO_LIMITS = { maxRemoved: null, maxChanged: null, maxAdded: null, minRows: 0, aboveRows: 0, per: [], held: "supersede" } as const;

test("a stream that planned nothing before its CURRENT was torn begins again after a reset", async () => {
  await using at = await world();
  at.set({ a: "1" });
  await dieAt(at, "stage.uploaded");
  await truncate(at.folder.at("state", "users", "current", "00000000.json"), 9);
  expect((await at.run(at.host("next"))).error).toMatchObject({ code: "STATE_DAMAGED" });
  expect((await resetStream(at.host("operator"), at.stream, never)).error).toBeNull();
  expect((await at.run(at.host("again"))).record).toMatchObject({ status: "delivered", generation: 1 });
  expect(await at.consumed()).toEqual({ a: "1" });
});

test("a plan that is gone although some of it arrived is damage, and no other takes its place", async () => {
  await using at = await world();
  await at.deliver({ a: "1" });
  at.set({ a: "2", b: "1" });
  await dieAt(at, "deliver.marked");
  await rm(at.folder.at("state", "users", "plans", "000002.json"));
  const { error } = await at.run(at.host("next"));
  expect(error).toMatchObject({ code: "STATE_DAMAGED", message: expect.stringContaining("users/plans/000002.json") as string });
  expect((await resetStream(at.host("operator"), at.stream, never)).error).toBeNull();
  expect((await at.run(at.host("again"))).record).toMatchObject({ status: "delivered", generation: 3 });
  expect(await at.consumed()).toEqual({ a: "2", b: "1" });
});

test("a delivery under way whose plan is torn is given up by a reset", async () => {
  await using at = await world();
  await at.deliver({ a: "1" });
  at.set({ a: "2", b: "1" });
  await dieAt(at, "deliver.marked");
  await truncate(at.folder.at("state", "users", "plans", "000002.json"), 9);
  expect((await at.run(at.host("next"))).error).toMatchObject({ code: "STATE_DAMAGED" });
  const { record, error } = await resetStream(at.host("operator"), at.stream, never);
  expect(error).toBeNull();
  expect(record.warnings.join()).toContain("users/plans/000002.json cannot be read");
  expect((await at.run(at.host("again"))).record).toMatchObject({ status: "delivered", generation: 3, counts: { added: 2 } });
  expect(await at.consumed()).toEqual({ a: "2", b: "1" });
});

test("there is nothing to repair of a stream that was never opened", async () => {
  await using at = await world();
  expect(await repairStream(at.host("operator"), at.stream, never)).toMatchObject({ error: null, record: { status: "unchanged" } });
});

test("a run whose end cannot be recorded is told as what it was", async () => {
  await using at = await world();
  at.set({ a: "1" });
  at.stateFaults.put = (_nth, key) => (key.endsWith(".ended.json") ? "fail" : "pass");
  const { record, error } = await at.run();
  expect(error).toBeNull();
  expect(record.status).toBe("delivered");
  expect(record.warnings.join()).toContain("could not be recorded");
  expect(await at.consumed()).toEqual({ a: "1" });
});
