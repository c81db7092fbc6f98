import { expect, test } from "vitest";
import { SyncError } from "../../src/core/errors.ts";
import type { ObjectStore } from "../../src/core/ports.ts";
import { copyState } from "../../src/sync/copy-state.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import { Gate, gatedStore } from "../histories/gate.ts";
import { elsewhere, expectWhole, hostAt } from "../support/copied-world.ts";
import { world, type World } from "../support/protocol-world.ts";

/** Every operation of a copy is one too many for every day: 1 tries them all. */
const STEP = Number(process.env["COPY_STEP"] ?? 3);
const signal = AbortSignal.timeout(240_000);
const run = { slot: null, fullResync: false, baseline: false };

test("a copy that is stopped before any operation goes on when it is asked for again, and loses nothing", async () => {
  let operations = 0;
  for (; ; operations += STEP) {
    await using at = await world({ inMemory: true });
    await at.deliver({ a: "1", b: "1" });
    at.set({ a: "2", c: "1" });
    at.destinationFaults.put = (_nth, key) => (key.includes("removed") ? "fail" : "pass");
    await at.run();
    at.destinationFaults.put = () => "pass";
    const store = elsewhere();
    const gate = new Gate(operations);
    const old = at.host("old");
    const copying = copyState({ ...old, state: gatedStore(old.state, gate) }, gatedStore(store, gate), signal);
    const end = await Promise.race([copying.then(() => "done" as const), gate.stopped().then(() => "stopped" as const)]);
    if (end === "done") break;
    await copyState(at.host("again"), store, signal);
    await mustRun(at, store, "new");
    await expectWhole(at, { a: "2", c: "1" });
  }
  expect(operations).toBeGreaterThan(40);
});

// It wakes either after the new place has told something, or before.
for (const wakes of ["after", "before"] as const) {
  test(`a host that sleeps through the copy before any operation on its state, and wakes ${wakes} a run at the new place, changes nothing that is told there`, async () => {
    let operations = 0;
    for (; ; operations += 1) {
      await using at = await world({ inMemory: true });
      at.destinationFaults.writeOnly = (operations % 2 === 0) === (wakes === "after");
      await at.deliver({ a: "1", b: "1" });
      at.set({ a: "2", c: "1" });
      const gate = new Gate(operations);
      const sleeper = at.host("sleeper", { scratch: at.folder.at("of-the-sleeper") });
      const sleeping = runStream({ ...sleeper, state: gatedStore(sleeper.state, gate) }, at.stream, run, signal);
      const end = await Promise.race([sleeping.then(() => "done" as const), gate.stopped().then(() => "stopped" as const)]);
      const store = elsewhere();
      await copyState(at.host("copier"), store, signal);
      if (wakes === "after") {
        at.set({ a: "3", d: "1" });
        await mustRun(at, store, "new");
      }
      const told = at.destinationHistory.created.length;
      gate.open(Infinity);
      const slept = await sleeping.catch((thrown: unknown) => ({ error: thrown }));
      // Who woke before it had the lease finds that the copier took it meanwhile.
      const code = slept.error instanceof SyncError ? slept.error.code : slept.error;
      expect([null, "STATE_MOVED", "STREAM_BUSY"]).toContain(code);
      // One object at most was on its way.
      expect(at.destinationHistory.created.length - told).toBeLessThanOrEqual(wakes === "after" ? 0 : 1);
      at.set({ a: "4", e: "1" });
      await mustRun(at, store, "last");
      await expectWhole(at, { a: "4", e: "1" });
      if (end === "done") break;
    }
    expect(operations).toBeGreaterThan(20);
  });
}

async function mustRun(at: World, store: ObjectStore, name: string): Promise<void> {
  const { error } = await runStream(hostAt(at, store, name), at.stream, run, signal);
  if (error !== null) throw error;
}
