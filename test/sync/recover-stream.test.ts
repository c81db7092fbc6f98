import { afterEach, expect, test } from "vitest";
import { armFailpoints } from "../../src/core/failpoint.ts";
import { readCurrent } from "../../src/state/current.ts";
import { openDelivery, recoverStream } from "../../src/sync/recover-stream.ts";
import { findRun } from "../../src/sync/stream-status.ts";
import { world, type World } from "../support/protocol-world.ts";

afterEach(() => armFailpoints(null));

const never = new AbortController().signal;
const before = { a: "1", b: "1" };
const after = { a: "2", c: "1" };

/** Leaves generation 2 half delivered: its first object is confirmed, the second failed. Returns the run's id. */
async function halfDelivered(at: World): Promise<string> {
  await at.deliver(before);
  at.set(after);
  at.destinationFaults.put = (_nth, key) => (key.includes("changed") ? "fail" : "pass");
  const { record, error } = await at.run();
  expect(error).toMatchObject({ code: "DESTINATION_UNAVAILABLE" });
  at.destinationFaults.put = () => "pass";
  return record.run;
}

async function recover(at: World, abandon: number | null) {
  return await recoverStream(at.host("operator"), at.stream, { abandon }, never);
}

test("an open delivery is shown object by object", async () => {
  await using at = await world();
  expect(await openDelivery(at.host("looker"), "users", never)).toBeNull();
  const run = await halfDelivered(at);
  const open = await openDelivery(at.host("looker"), "users", never);
  expect(open).toMatchObject({ generation: 2, run });
  expect(open?.objects.find(({ key }) => key.includes("removed"))).toMatchObject({ confirmed: true });
  expect(open?.objects.find(({ key }) => key.includes("changed"))).toMatchObject({ confirmed: false });
});

test("recovering sends what is left without asking the source", async () => {
  await using at = await world();
  const run = await halfDelivered(at);
  const { queries } = at.warehouse;
  expect((await recover(at, null)).record).toMatchObject({ status: "recovered", generation: 2 });
  expect(at.warehouse.queries).toBe(queries);
  expect(await at.consumed()).toEqual(after);
  expect(await findRun(at.host("looker"), run, never)).toMatchObject({ status: "delivered" });
  expect((await recover(at, null)).record.status).toBe("unchanged");
});

test("a generation that is given up is consumed, and the next delta states its rows again", async () => {
  await using at = await world();
  const run = await halfDelivered(at);
  const { record, error } = await recover(at, 2);
  expect(error).toBeNull();
  expect(record.status).toBe("abandoned");
  expect(record.warnings.join()).toMatch(/Of its 4 objects, 1 had arrived for certain/);
  expect(await findRun(at.host("looker"), run, never)).toMatchObject({ status: "failed", error: { code: "PLAN_ABANDONED" } });
  expect(await readCurrent(at.host("looker").state, "users", never)).toMatchObject({ generation: 2, abandoned: [2], reason: "abandoned" });
  // The table is as it was, but nobody knows what of generation 2 a consumer saw.
  at.set(before);
  expect((await at.run()).record).toMatchObject({ generation: 3, counts: { changed: 2, removed: 1 } });
  expect(await at.consumed()).toEqual(before);
  expect(await readCurrent(at.host("looker").state, "users", never)).toMatchObject({ uncertain: [] });
});

test.each([1, 3])("generation %i is not under way, so it cannot be given up", async (generation) => {
  await using at = await world();
  await halfDelivered(at);
  expect((await recover(at, generation)).error).toMatchObject({ code: "PLAN_NOT_OPEN" });
  expect((await recover(at, null)).record.status).toBe("recovered");
});

test("a delivery that goes on while it is given up does no harm", async () => {
  await using at = await world();
  await at.deliver(before);
  at.set(after);
  let met = false;
  armFailpoints(async (point) => {
    if (met || point !== "deliver.marked") return;
    met = true;
    expect((await recover(at, 2)).record.status).toBe("abandoned");
  });
  expect((await at.run(at.host("slow"))).error).toMatchObject({ code: "PLAN_ABANDONED" });
  armFailpoints(null);
  for (const table of [before, after]) {
    at.set(table);
    expect((await at.run(at.host(`next ${table.a}`))).error).toBeNull();
    expect(await at.consumed()).toEqual(table);
  }
});
