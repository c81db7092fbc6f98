import { expect, test } from "vitest";
import { SyncError } from "../../src/core/errors.ts";
import { copyState } from "../../src/sync/copy-state.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import { Gate, gatedStore } from "../histories/gate.ts";
import { elsewhere, expectWhole, hostAt } from "../support/copied-world.ts";
import { world } from "../support/protocol-world.ts";

const signal = AbortSignal.timeout(240_000);
const run = { slot: null, fullResync: false, baseline: false };

test("a copy that is stopped before any operation goes on when it is asked for again, and loses nothing", async () => {
  let operations = 0;
  for (; ; operations += 1) {
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
    const { error } = await runStream(hostAt(at, store), at.stream, run, signal);
    if (error !== null) throw error;
    await expectWhole(at, { a: "2", c: "1" });
  }
  expect(operations).toBeGreaterThan(40);
});

test("a host that sleeps through the copy before any operation on its state tells nothing afterwards that the new place does not tell alike", async () => {
  let operations = 0;
  for (; ; operations += 1) {
    await using at = await world({ inMemory: true });
    at.destinationFaults.writeOnly = operations % 2 === 0;
    await at.deliver({ a: "1", b: "1" });
    at.set({ a: "2", c: "1" });
    const gate = new Gate(operations);
    const sleeper = at.host("sleeper", { scratch: at.folder.at("of-the-sleeper") });
    const sleeping = runStream({ ...sleeper, state: gatedStore(sleeper.state, gate) }, at.stream, run, signal);
    const end = await Promise.race([sleeping.then(() => "done" as const), gate.stopped().then(() => "stopped" as const)]);
    const store = elsewhere();
    await copyState(at.host("copier"), store, signal);
    at.set({ a: "3", d: "1" });
    const { error } = await runStream(hostAt(at, store), at.stream, run, signal);
    if (error !== null) throw error;
    const told = at.destinationHistory.created.length;
    gate.open(Infinity);
    const slept = await sleeping.catch((thrown: unknown) => ({ error: thrown }));
    // Who woke before it had the lease finds that the copier took it meanwhile.
    const code = slept.error instanceof SyncError ? slept.error.code : slept.error;
    expect([null, "STATE_MOVED", "STREAM_BUSY"]).toContain(code);
    expect(at.destinationHistory.created.length).toBe(told);
    at.set({ a: "4", e: "1" });
    const last = await runStream(hostAt(at, store, "last"), at.stream, run, signal);
    if (last.error !== null) throw last.error;
    await expectWhole(at, { a: "4", e: "1" });
    if (end === "done") break;
  }
  expect(operations).toBeGreaterThan(20);
});
