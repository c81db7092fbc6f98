import { describe, expect, test } from "vitest";
import type { PutFault } from "../support/faulty-store.ts";
import { world, type World } from "../support/protocol-world.ts";

const before = { a: "1", b: "1", c: "1" };
const after = { a: "1", b: "2", d: "1" };

/** Each key was created with one content only, however often. */
function contentsPerKey({ destinationHistory }: World): number {
  const contents = new Map<string, Set<string>>();
  for (const { key, sha256 } of destinationHistory.created) contents.set(key, (contents.get(key) ?? new Set()).add(sha256));
  return Math.max(...[...contents.values()].map((hashes) => hashes.size));
}

/** Delivers one table, then another, running again after every failure, with a fault at the nth PUT of one store. */
async function deliverWithFault(at: World, store: "destinationFaults" | "stateFaults", fault: PutFault, nth: number): Promise<boolean> {
  let met = false;
  at[store].put = (put) => {
    if (put !== nth) return "pass";
    met = true;
    return fault;
  };
  for (const table of [before, after]) {
    at.set(table);
    const { error } = await at.run();
    if (error !== null) {
      // Another process: the one before may have failed to give its lease back.
      const again = await at.run(at.host("again"));
      if (again.error !== null) throw again.error;
    }
    expect(await at.consumed()).toEqual(table);
  }
  return met;
}

describe.each(["lost_arrived", "lost_never", "fail"] as const)("a PUT that ends as %s", (fault) => {
  test("at any object of the destination loses nothing and sends nothing twice", async () => {
    for (let nth = 1; ; nth += 1) {
      await using at = await world({ inMemory: true });
      const met = await deliverWithFault(at, "destinationFaults", fault, nth);
      expect(contentsPerKey(at)).toBe(1);
      if (!met) break;
      expect(nth).toBeLessThan(12);
    }
  });

  test("F03: at any document of the state root loses nothing and sends nothing twice", async () => {
    for (let nth = 1; ; nth += 1) {
      await using at = await world({ inMemory: true });
      const met = await deliverWithFault(at, "stateFaults", fault, nth);
      expect(contentsPerKey(at)).toBe(1);
      if (!met) break;
      expect(nth).toBeLessThan(120);
    }
  }, 60_000);

  test("at any object, where nobody may look, is settled by the attempts on record", async () => {
    for (let nth = 2; ; nth += 1) {
      await using at = await world({ inMemory: true });
      at.destinationFaults.writeOnly = true;
      const met = await deliverWithFault(at, "destinationFaults", fault, nth);
      expect(contentsPerKey(at)).toBe(1);
      if (!met) break;
      expect(nth).toBeLessThan(12);
    }
  });
});

test("a claim whose reply was lost where nobody may look stops for a person instead of guessing", async () => {
  await using at = await world({ inMemory: true });
  at.destinationFaults.writeOnly = true;
  at.destinationFaults.put = (nth) => (nth === 1 ? "lost_arrived" : "pass");
  at.set(before);
  expect((await at.run()).error).toMatchObject({ code: "CLAIM_UNSETTLED" });
  expect((await at.run()).error).toMatchObject({ code: "CLAIM_UNSETTLED" });
  expect(at.warehouse.queries).toBe(0);
});
