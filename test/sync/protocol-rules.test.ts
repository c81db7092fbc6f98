import { rm } from "node:fs/promises";
import { afterEach, expect, test } from "vitest";
import { armFailpoints } from "../../src/core/failpoint.ts";
import { readCurrent } from "../../src/state/current.ts";
import { world, type World } from "../support/protocol-world.ts";

// One test a rule of the protocol that the histories elsewhere would survive without.

afterEach(() => armFailpoints(null));

const never = new AbortController().signal;
const before = { a: "1", b: "1" };
const after = { a: "2", c: "1" };

/** Leaves generation 2 half delivered: its first object is confirmed, the second failed. */
async function halfDelivered(at: World): Promise<void> {
  await at.deliver(before);
  at.set(after);
  at.destinationFaults.put = (_nth, key) => (key.includes("changed") ? "fail" : "pass");
  expect((await at.run()).error).toMatchObject({ code: "DESTINATION_UNAVAILABLE" });
  at.destinationFaults.put = () => "pass";
}

function created(at: World, key: string): number {
  return at.destinationHistory.created.filter((object) => object.key === key).length;
}

test("an object that was confirmed is not sent again, even when a consumer has taken it away", async () => {
  await using at = await world();
  await halfDelivered(at);
  await rm(at.folder.at("out", "users", "000002-removed.csv"));
  expect((await at.run(at.host("other"))).error).toBeNull();
  expect(created(at, "users/000002-removed.csv")).toBe(1);
  expect(created(at, "users/000002-changed.csv")).toBe(1);
});

test("an object that was not confirmed and that a consumer has taken away is sent again, the same bytes", async () => {
  await using at = await world();
  await at.deliver(before);
  at.set(after);
  at.stateFaults.put = (_nth, key) => (key.endsWith("000002.sent/0") ? "fail" : "pass");
  expect((await at.run()).error).not.toBeNull();
  at.stateFaults.put = () => "pass";
  await rm(at.folder.at("out", "users", "000002-removed.csv"));
  expect((await at.run(at.host("other"))).error).toBeNull();
  expect(created(at, "users/000002-removed.csv")).toBe(2);
  expect(await at.consumed()).toEqual(after);
});

test("where nobody may look, an attempt of a process that died is what tells our object from another's", async () => {
  await using at = await world();
  at.destinationFaults.writeOnly = true;
  await at.deliver(before);
  at.set(after);
  at.stateFaults.put = (_nth, key) => (key.endsWith("000002.sent/1") ? "fail" : "pass");
  expect((await at.run()).error).not.toBeNull();
  at.stateFaults.put = () => "pass";
  expect((await at.run(at.host("other"))).error).toBeNull();
  expect(await at.consumed()).toEqual(after);
});

test("an open plan is finished before the source is asked, and also when the source is down", async () => {
  await using at = await world();
  await halfDelivered(at);
  const queries = at.warehouse.queries;
  const down = at.host("down", { openSource: () => Promise.reject(new Error("the warehouse is down")) });
  expect((await at.run(down)).error?.message).toBe("the warehouse is down");
  expect(at.warehouse.queries).toBe(queries);
  expect(await at.consumed()).toEqual(after);
  expect(await readCurrent(at.host("looker").state, "users", never)).toMatchObject({ generation: 2 });
});

test("staging that may still be planned is left alone by a run that has nothing to tell", async () => {
  await using at = await world();
  await at.deliver(before);
  at.set(after);
  let met = false;
  armFailpoints(async (point) => {
    if (met || point !== "stage.uploaded") return;
    met = true;
    at.set(before);
    expect((await at.run(at.host("other"))).record.status).toBe("unchanged");
  });
  expect((await at.run(at.host("paused"))).record).toMatchObject({ status: "delivered", generation: 2 });
  expect(await at.consumed()).toEqual(after);
});

test("a plan that is given up makes its keys uncertain until a delivered one states them", async () => {
  await using at = await world();
  await halfDelivered(at);
  await rm(at.folder.at("state", "users", "staging"), { recursive: true });
  at.set(before);
  // Voided, and at once stated again: to the snapshot nothing has changed, to the destination everything may have.
  const { record } = await at.run(at.host("other"));
  expect(record).toMatchObject({ status: "delivered", generation: 3, counts: { changed: 2, removed: 1 } });
  expect(record.warnings.join()).toContain("Generation 2");
  expect(await at.consumed()).toEqual(before);
  expect(await readCurrent(at.host("looker").state, "users", never)).toMatchObject({ uncertain: [], abandoned: [2] });
});

test("`changes` that were promoted on top of a fold keep the fold", async () => {
  await using at = await world();
  await at.deliver({ a: "1", b: "1", c: "1", d: "1" });
  at.set({ a: "2", b: "1", c: "1", d: "1" });
  let met = false;
  armFailpoints(async (point) => {
    if (met || point !== "fold.written") return;
    met = true;
    at.set({ a: "3", b: "1", c: "1", d: "1" });
    expect((await at.run(at.host("other"))).record).toMatchObject({ status: "delivered", generation: 3 });
  });
  expect((await at.run(at.host("folding"))).error).toBeNull();
  armFailpoints(null);
  expect((await at.run(at.host("last"))).record.status).toBe("unchanged");
  expect(met).toBe(true);
});

test("F02: a destination that never answers is given up for now, and the next run goes on", async () => {
  await using at = await world();
  await at.deliver(before);
  at.set(after);
  at.destinationFaults.put = () => "lost_never";
  expect((await at.run()).error).toMatchObject({ code: "DESTINATION_UNANSWERED", retry: "transient" });
  at.destinationFaults.put = () => "pass";
  expect((await at.run()).error).toBeNull();
  expect(await at.consumed()).toEqual(after);
});
