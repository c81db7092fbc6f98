import { afterEach, expect, test } from "vitest";
import { armFailpoints, FAILPOINTS, type Failpoint } from "../../src/core/failpoint.ts";
import { world, type World } from "../support/protocol-world.ts";

afterEach(() => armFailpoints(null));

/** Stops the host that reaches a point for the nth time, lets others work meanwhile, then lets it go on. */
function pauseAt(point: Failpoint, nth: number, meanwhile: () => Promise<void>): { readonly reached: () => boolean } {
  let count = 0;
  let isReached = false;
  armFailpoints(async (name) => {
    if (name !== point || isReached) return;
    count += 1;
    if (count < nth) return;
    isReached = true;
    await meanwhile();
  });
  return { reached: () => isReached };
}

async function expectWhole(at: World, table: Readonly<Record<string, string>>): Promise<void> {
  const { error } = await at.run(at.host("last"));
  if (error !== null) throw error;
  expect(await at.consumed()).toEqual(table);
  const contents = new Map<string, string>();
  for (const { key, sha256 } of at.destinationHistory.created) {
    expect(contents.get(key) ?? sha256).toBe(sha256);
    contents.set(key, sha256);
  }
}

const tables = [
  { a: "1", b: "1" },
  { a: "2", c: "1" },
  { a: "3", b: "3", c: "3", d: "3" },
] as const;

/** Points of a stream's first run alone. */
const ONCE: readonly Failpoint[] = ["opened", "claim.put", "claim.confirmed"];

// A pauses at the point; B runs whole, twice, over a table that changes; A goes on; a last run brings the destination up to date.
const APART: readonly Failpoint[] = ["refresh.swapped", "hold.before-held", "copy.marked"];
for (const point of FAILPOINTS.filter((name) => !APART.includes(name))) {
  test.each(ONCE.includes(point) ? [1] : [1, 2])(
    `a host that pauses at ${point} while another runs neither loses nor doubles anything (occurrence %i)`,
    async (nth) => {
      await using at = await world({ inMemory: true });
      // Generation 1 stands already, except where its making is the point.
      if (!ONCE.includes(point)) await at.deliver(tables[0]);
      at.set(tables[1]);
      const other = at.host("other");
      const pause = pauseAt(point, nth, async () => {
        await at.run(other);
        at.set(tables[2]);
        await at.run(other);
      });
      await at.run(at.host("paused"));
      at.set({ a: "4", b: "4" });
      await at.run(at.host("paused again"));
      armFailpoints(null);
      expect(pause.reached()).toBe(true);
      at.set(tables[2]);
      await expectWhole(at, tables[2]);
    },
  );
}

test("a plan of a paused host yields to the plan that was created first", async () => {
  await using at = await world();
  await at.deliver(tables[0]);
  at.set(tables[1]);
  pauseAt("stage.uploaded", 1, async () => {
    at.set(tables[2]);
    expect((await at.run(at.host("other"))).record).toMatchObject({ status: "delivered", generation: 2 });
  });
  expect((await at.run(at.host("paused"))).record.status).toBe("superseded");
  expect(await at.consumed()).toEqual(tables[2]);
});

test("a paused host that wakes after its plan was delivered by another sends nothing more", async () => {
  await using at = await world();
  await at.deliver(tables[0]);
  at.set(tables[1]);
  let sent = 0;
  pauseAt("plan.created", 1, async () => {
    expect((await at.run(at.host("other"))).error).toBeNull();
    sent = at.destinationHistory.puts;
  });
  const { record } = await at.run(at.host("paused"));
  expect(record).toMatchObject({ status: "delivered", generation: 2 });
  expect(at.destinationHistory.puts).toBe(sent);
});
