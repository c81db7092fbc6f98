import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { armFailpoints, FAILPOINTS } from "../../src/core/failpoint.ts";
import { serviceWorld, type ServiceWorld, type ServingHost } from "../support/service-world.ts";

afterEach(() => armFailpoints(null));

const RUNS = Number(process.env["SPILLWAY_SCHEDULE_RUNS"] ?? 3);

const NAMES = ["one", "two"] as const;

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("edit"), value: fc.integer({ min: 0, max: 99 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("pass"), seconds: fc.integer({ min: 1, max: 90 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("kill"), point: fc.constantFrom(...FAILPOINTS), nth: fc.integer({ min: 1, max: 2 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart"), host: fc.constantFrom(0, 1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("jump"), minutes: fc.integer({ min: 1, max: 4500 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("back"), minutes: fc.integer({ min: 1, max: 90 }) }) },
);

type Hosts = [ServingHost, ServingHost];

test(
  "S20: hosts that are killed, restarted and put to sleep, by clocks that jump, deliver once at most for each slot, and everything in the end",
  {
    timeout: 600_000,
  },
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), async (steps) => {
        await using there = await serviceWorld();
        there.at.set({ a: "0" });
        const hosts: Hosts = [there.serve("one"), there.serve("two")];
        await pass(there, hosts, [1000, 1000, 1000]);
        for (const each of steps) {
          if (each.kind === "edit") there.at.set({ a: "0", b: String(each.value) });
          else if (each.kind === "pass") await pass(there, hosts, [each.seconds * 1000]);
          else if (each.kind === "kill") await kill(there, hosts, each);
          else if (each.kind === "restart") hosts[each.host] = there.serve(NAMES[each.host]);
          else there.clock.move((each.kind === "jump" ? 1 : -1) * each.minutes * 60_000);
        }
        // Long enough for a clock that was set back, for leases of the dead, and for every retry.
        there.at.set({ a: "0", last: "x" });
        await pass(there, hosts, [0, 3_600_000, 3_600_000, 10_000, 12 * 3_600_000, 60_000]);
        expect(await there.at.consumed()).toEqual({ a: "0", last: "x" });
        const planned = await there.planned();
        expect(new Set(planned).size).toBe(planned.length);
        const delivered = (await there.records()).filter(({ status }) => status === "delivered").map(({ slot }) => slot);
        expect(new Set(delivered).size).toBe(delivered.length);
      }),
      { numRuns: RUNS },
    );
  },
);

async function pass({ clock }: ServiceWorld, hosts: Hosts, steps: readonly number[]): Promise<void> {
  for (const ms of steps) {
    clock.move(ms);
    await Promise.all(hosts.map((host) => host.tick()));
  }
}

/** Whoever comes to the point stops there for good; another process takes its place. */
async function kill(there: ServiceWorld, hosts: Hosts, { point, nth }: { readonly point: string; readonly nth: number }): Promise<void> {
  for (const at of [0, 1] as const) {
    let count = 0;
    const died = new Promise<"died">((resolve) => {
      armFailpoints((name) => {
        if (name !== point || (count += 1) !== nth) return;
        resolve("died");
        return new Promise(() => undefined);
      });
    });
    there.clock.move(61_000);
    const host = hosts[at];
    const end = await Promise.race([host.tick(), died]);
    armFailpoints(null);
    if (end !== "died") continue;
    host.abandon();
    hosts[at] = there.serve(NAMES[at]);
  }
}
