import { expect, test } from "vitest";
import { openFolderStore } from "../../src/folder/folder-store.ts";
import { takeLease, type LeaseOwner } from "../../src/state/lease.ts";
import { tempFolder } from "../support/temp-folder.ts";

const never = new AbortController().signal;
const me: LeaseOwner = { host: "here", instance: "i", pid: 10, isRunning: () => true };

async function leases() {
  const folder = await tempFolder();
  const store = openFolderStore({ path: folder.path, role: "state" });
  let time = Date.UTC(2026, 0, 1);
  const take = (owner: Partial<LeaseOwner> = {}, run = "RUN") =>
    takeLease({ store, stream: "users", run, owner: { ...me, ...owner }, clock: { now: () => new Date(time) }, ttlMs: 60_000 }, never);
  return { take, pass: (ms: number) => (time += ms), [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

test("a stream that is held is busy, for other hosts and for this very process", async () => {
  await using at = await leases();
  await using _held = await at.take();
  await expect(at.take({ host: "there" })).rejects.toMatchObject({ code: "STREAM_BUSY", context: { run: "RUN" } });
  await expect(at.take()).rejects.toMatchObject({ code: "STREAM_BUSY" });
});

test("a lease that was given back is free at once", async () => {
  await using at = await leases();
  await (await at.take())[Symbol.asyncDispose]();
  await using next = await at.take({ host: "there" });
  expect(next.seq).toBe(2);
});

test.each<[string, Partial<LeaseOwner>]>([
  ["a process of this host that is gone", { pid: 11, isRunning: () => false }],
  ["an earlier life of this container", { instance: "restarted" }],
])("the lease of %s is taken over at once", async (_what, owner) => {
  await using at = await leases();
  await using _dead = await at.take();
  await using mine = await at.take(owner);
  expect(mine.seq).toBe(1);
});

test("the lease of another host is taken over when it was not renewed in time, and not before", async () => {
  await using at = await leases();
  await using _silent = await at.take();
  at.pass(59_999);
  await expect(at.take({ host: "there" })).rejects.toMatchObject({ code: "STREAM_BUSY" });
  at.pass(1);
  await using _stolen = await at.take({ host: "there" });
});

test("of many that want it at once one gets it", async () => {
  await using at = await leases();
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, (_, n) => at.take({ host: `h${n}` }, `R${n}`)));
  const held = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  expect(held).toHaveLength(1);
  for (const lease of held) await lease[Symbol.asyncDispose]();
});
