import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { armFailpoints, FAILPOINTS, type Failpoint } from "../../src/core/failpoint.ts";
import { approveRun, rejectRun } from "../../src/sync/answer-held.ts";
import { openDelivery, recoverStream } from "../../src/sync/recover-stream.ts";
import { repairStream } from "../../src/sync/repair-stream.ts";
import { resetStream } from "../../src/sync/reset-stream.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import type { PutFault } from "../support/faulty-store.ts";
import { world, type World } from "../support/protocol-world.ts";

afterEach(() => armFailpoints(null));

const never = new AbortController().signal;
type Table = Readonly<Record<string, string>>;

/** What may go wrong in one run of a random history. */
type Mishap =
  | { readonly kind: "none" | "reset" | "staging_lost" | "abandon" | "repair" }
  | { readonly kind: "held"; readonly answer: "approve" | "reject" | "both" | "none" }
  | { readonly kind: "put"; readonly store: "destinationFaults" | "stateFaults"; readonly fault: PutFault; readonly nth: number }
  | { readonly kind: "pause"; readonly point: Failpoint; readonly table: Table };

const table = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.constantFrom("1", "2", "3"));
const mishap: fc.Arbitrary<Mishap> = fc.oneof(
  fc.record({ kind: fc.constantFrom("none", "reset", "staging_lost", "abandon", "repair") }),
  fc.record({ kind: fc.constant("held"), answer: fc.constantFrom("approve", "reject", "both", "none") }),
  fc.record({
    kind: fc.constant("put"),
    store: fc.constantFrom("destinationFaults", "stateFaults"),
    fault: fc.constantFrom("lost_arrived", "lost_never", "fail"),
    nth: fc.nat(35),
  }),
  fc.record({ kind: fc.constant("pause"), point: fc.constantFrom(...FAILPOINTS), table }),
);

/** One run by a new process, with its mishap. Failing is allowed; what must never happen is told at the end. */
async function runOnce(at: World, what: Mishap, name: string): Promise<void> {
  let done = false;
  if (what.kind === "reset") await resetStream(at.host(name), at.stream, never);
  if (what.kind === "abandon") await abandon(at, name);
  if (what.kind === "repair") await tearCurrent(at, name);
  if (what.kind === "put") {
    const from = at.destinationHistory.puts;
    let puts = 0;
    at[what.store].put = () => ((puts += 1) === what.nth + 1 && from >= 0 ? what.fault : "pass");
  }
  armFailpoints(async (point) => {
    if (done || (what.kind === "pause" ? point !== what.point : what.kind !== "staging_lost" || point !== "plan.created")) return;
    done = true;
    if (what.kind === "pause") {
      at.set(what.table);
      await at.run(at.host(`${name} other`));
    } else await loseStaging(at);
  });
  if (what.kind === "held") await runHeld(at, what.answer, name);
  else await at.run(at.host(name));
  armFailpoints(null);
  at.destinationFaults.put = () => "pass";
  at.stateFaults.put = () => "pass";
}

/** A run that every guard holds, and what a person says to it: one thing, or both at once from two places. */
async function runHeld(at: World, answer: "approve" | "reject" | "both" | "none", name: string): Promise<void> {
  const guards = { ...NO_LIMITS, minRows: 1000 };
  const options = { slot: null, fullResync: false, baseline: false };
  const { record } = await runStream(at.host(name), { ...at.stream, guards }, options, never);
  const who = { by: name, reason: null };
  const approve =
    answer === "approve" || answer === "both" ? [approveRun(at.host(`${name} approver`), at.stream, record.run, who, never)] : [];
  const reject =
    answer === "reject" || answer === "both" ? [rejectRun(at.host(`${name} rejecter`), at.stream, record.run, who, never)] : [];
  await Promise.allSettled([...approve, ...reject]);
}

async function abandon(at: World, name: string): Promise<void> {
  at.destinationFaults.put = (_nth, key) => (key.endsWith(".json") ? "fail" : "pass");
  await at.run(at.host(`${name} stuck`));
  at.destinationFaults.put = () => "pass";
  const open = await openDelivery(at.host(`${name} looker`), at.stream.name, never);
  if (open !== null) await recoverStream(at.host(`${name} operator`), at.stream, { abandon: open.generation }, never);
}

/** The newest entry of CURRENT is torn and put together again; where that is refused, it is as it was. */
async function tearCurrent(at: World, name: string): Promise<void> {
  const folder = at.folder.at("state", "users", "current");
  const newest = (await readdir(folder).catch(() => []))
    .filter((entry) => entry.endsWith(".json"))
    .toSorted()
    .at(-1);
  if (newest === undefined) return;
  const bytes = await readFile(join(folder, newest));
  await truncate(join(folder, newest), 20);
  const { record } = await repairStream(at.host(`${name} operator`), at.stream, never);
  if (record.status !== "repaired") await writeFile(join(folder, newest), bytes);
}

const NO_LIMITS = { maxRemoved: null, maxChanged: null, maxAdded: null, minRows: 0, aboveRows: 0, per: [], held: "supersede" } as const;

async function loseStaging(at: World): Promise<void> {
  const staging = at.folder.at("state", "users", "staging");
  for (const run of await readdir(staging)) await rm(join(staging, run, "files"), { recursive: true, force: true });
}

test("after any history of mishaps a consumer holds the table, and no key ever had two contents", { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(table, mishap), { minLength: 2, maxLength: 6 }), table, async (history, last) => {
      await using at = await world();
      for (const [step, [now, what]] of history.entries()) {
        at.set(now);
        await runOnce(at, what, `host ${step}`);
      }
      at.set(last);
      const first = await at.run(at.host("last but one"));
      const { error } = first.error === null ? first : await at.run(at.host("last"));
      expect(error).toBeNull();
      expect(await at.consumed()).toEqual(Object.fromEntries(Object.entries(last).toSorted(([a], [b]) => (a < b ? -1 : 1))));
      const contents = new Map<string, string>();
      for (const { key, sha256 } of at.destinationHistory.created) {
        expect(`${key} ${contents.get(key) ?? sha256}`).toBe(`${key} ${sha256}`);
        contents.set(key, sha256);
      }
    }),
    { numRuns: 25, seed: 20261123 },
  );
});
