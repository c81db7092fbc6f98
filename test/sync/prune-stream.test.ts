import { expect, test } from "vitest";
import type { Retention } from "../../src/core/retention.ts";
import { heldRuns } from "../../src/state/held-runs.ts";
import { listRuns } from "../../src/state/run-records.ts";
import { stateKeys } from "../../src/state/state-keys.ts";
import { keepTrigger } from "../../src/state/triggers.ts";
import { pruneStream } from "../../src/sync/prune-now.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import type { SyncDeps } from "../../src/sync/sync-deps.ts";
import { world, type World } from "../support/protocol-world.ts";

const never = new AbortController().signal;
const DAY = 86_400_000;
const KEPT: Retention = { runs: 10 * DAY, log: null, staging: 3 * DAY, held: 5 * DAY };

/** A host on a day of the story, and a run of it. */
function on(
  at: World,
  day: number,
  retention: Partial<Retention> = {},
): { readonly deps: SyncDeps; run(options?: object): ReturnType<typeof runStream> } {
  const deps = at.host(`day ${day}`, { clock: { now: () => new Date(Date.UTC(2026, 0, 1) + day * DAY) } });
  const stream = { ...at.stream, retention: { ...KEPT, ...retention } };
  return { deps, run: (options = {}) => runStream(deps, stream, { slot: null, fullResync: false, baseline: false, ...options }, never) };
}

test("records of runs go when they are old enough, but for the newest, and for the one that set the table", async () => {
  await using at = await world({ inMemory: true });
  at.set({ a: "1" });
  const baseline = await on(at, 0).run({ baseline: true });
  for (let day = 1; day <= 14; day += 1) expect((await on(at, day).run()).record.status).toBe("unchanged");
  const { deps } = on(at, 15);
  const kept = (await listRuns(deps.state, never)).map(({ run }) => run);
  expect(kept.length).toBe(12);
  expect(kept).toContain(baseline.record.run);
  // A stream that rests for a year still tells how it stands.
  await on(at, 400).run();
  expect(await listRuns(deps.state, never)).toHaveLength(2);
});

test("once a day is often enough, and what was too much for one run goes with the next", async () => {
  await using at = await world({ inMemory: true });
  at.set({ a: "1" });
  await on(at, 0).run();
  await on(at, 20).run();
  const { deps } = on(at, 20);
  const wanted = (day: number, run: string) => ({ stream: "users", run, at: new Date(Date.UTC(2026, 0, 1) + day * DAY).toISOString() });
  await keepTrigger(deps.state, "old", wanted(1, "a"), never);
  await keepTrigger(deps.state, "young", wanted(19, "b"), never);
  await on(at, 20.2).run();
  expect(await deps.state.list(stateKeys("users").triggerPrefix, never)).toHaveLength(2);
  await on(at, 21).run();
  expect(await deps.state.list(stateKeys("users").triggerPrefix, never)).toHaveLength(1);
  expect(await deps.state.list(stateKeys("users").prunedPrefix, never)).toHaveLength(1);
});

test("a held run that nobody answers is rejected in time, and another may take its place", async () => {
  await using at = await world({ inMemory: true });
  const guards = { maxRemoved: { rows: 0 }, maxChanged: null, maxAdded: null, minRows: 0, aboveRows: 0, per: [], held: "wait" } as const;
  const stream = { ...at.stream, guards, retention: KEPT };
  const run = (day: number) => runStream(on(at, day).deps, stream, { slot: null, fullResync: false, baseline: false }, never);
  at.set({ a: "1", b: "1" });
  await run(0);
  at.set({ a: "1" });
  const held = await run(1);
  expect(held.error).toMatchObject({ code: "GUARD_REMOVED" });
  expect((await run(2)).error).toMatchObject({ code: "HELD_WAITING" });
  const { deps } = on(at, 7);
  expect(await pruneStream(deps, stream, { dryRun: true }, never)).toMatchObject({ held: [held.record.run] });
  expect((await heldRuns(deps.state, stateKeys("users"), never))[0]?.decision).toBeNull();
  await pruneStream(deps, stream, { dryRun: false }, never);
  expect((await heldRuns(deps.state, stateKeys("users"), never))[0]?.decision).toMatchObject({ decision: "rejected", by: "retention" });
  expect((await run(8)).error).toMatchObject({ code: "GUARD_REMOVED" });
  // A run does not wait for the command.
  expect((await run(9)).error).toMatchObject({ code: "HELD_WAITING" });
  expect((await run(15)).error).toMatchObject({ code: "GUARD_REMOVED" });
});

test("staged bytes that nothing delivers go, and the delivery of who plans them after all is given up and told again", async () => {
  await using at = await world({ inMemory: true });
  at.set({ a: "1" });
  await on(at, 0).run();
  at.set({ a: "2" });
  const { deps } = on(at, 1);
  // A host stops before its plan: another one prunes in the meantime, and the first wakes up.
  let woken: Promise<unknown> | null = null;
  at.stateFaults.put = async (_nth, key): Promise<"pass"> => {
    if (!key.endsWith("plans/000002.json") || woken !== null) return "pass";
    woken = Promise.resolve();
    const later = on(at, 9);
    const found = await pruneStream(later.deps, { ...at.stream, retention: KEPT }, { dryRun: false }, never);
    expect(found?.staged).toHaveLength(1);
    return "pass";
  };
  const slow = await runStream(deps, { ...at.stream, retention: KEPT }, { slot: null, fullResync: false, baseline: false }, never);
  expect(slow.error).toMatchObject({ code: "BYTES_CHANGED" });
  delete at.stateFaults.put;
  expect((await on(at, 10).run()).record).toMatchObject({ status: "delivered", generation: 3 });
  expect(await at.consumed()).toEqual({ a: "2" });
});
