import { expect, test } from "vitest";
import { openFolderStore } from "../../src/folder/folder-store.ts";
import { approveRun } from "../../src/sync/answer-held.ts";
import { copyState } from "../../src/sync/copy-state.ts";
import { pauseStream } from "../../src/sync/pause-stream.ts";
import { resetStream } from "../../src/sync/reset-stream.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import { streamStatus } from "../../src/sync/stream-status.ts";
import { elsewhere, expectWhole, hostAt } from "../support/copied-world.ts";
import { world } from "../support/protocol-world.ts";

const signal = AbortSignal.timeout(240_000);
const run = { slot: null, fullResync: false, baseline: false };
const GUARDS = {
  maxRemoved: { percent: 20 },
  maxChanged: null,
  maxAdded: null,
  minRows: 1,
  aboveRows: 0,
  per: [],
  held: "supersede",
} as const;

test("a copied state goes on at the new place where the old one stood, and the old one refuses everything with the new place", async () => {
  await using at = await world({ inMemory: true });
  await at.deliver({ a: "1", b: "1" });
  await at.deliver({ a: "2", b: "1" });
  const old = at.host("old");
  await pauseStream(old, "users", { until: null, reason: "moving", by: "me" }, signal);
  const store = elsewhere();
  const copied = await copyState(old, store, signal);
  expect(copied).toMatchObject({ to: "s3://new/state", repeated: false, streams: ["users"], unfinished: [], held: [] });
  expect(copied.objects).toBeGreaterThan(5);
  for (const refused of [
    await runStream(old, at.stream, run, signal).catch((error: unknown) => ({ error })),
    await resetStream(old, at.stream, signal).catch((error: unknown) => ({ error })),
  ])
    expect(refused.error).toMatchObject({ code: "STATE_MOVED", context: { to: "s3://new/state" } });
  await expect(streamStatus(old, ["users"], signal)).rejects.toMatchObject({ code: "STATE_MOVED" });
  await expect(runStream(old, { ...at.stream, name: "another" }, run, signal)).resolves.toMatchObject({ error: { code: "STATE_MOVED" } });
  at.set({ a: "3", c: "1" });
  const next = await runStream(hostAt(at, store), at.stream, run, signal);
  expect(next).toMatchObject({ error: null, record: { status: "delivered", generation: 3, counts: { added: 1, changed: 1, removed: 1 } } });
  await expectWhole(at, { a: "3", c: "1" });
  expect(await copyState(old, store, signal)).toMatchObject({ repeated: true });
});

test("a held run and a kept delivery under way are finished at the new place with their own bytes", async () => {
  await using at = await world({ inMemory: true });
  await at.deliver({ a: "1", b: "1", c: "1" });
  at.set({ a: "1" });
  const held = { ...at.stream, guards: GUARDS };
  const { record } = await runStream(at.host("old"), held, run, signal);
  expect(record.status).toBe("held");
  const first = elsewhere();
  expect(await copyState(at.host("old"), first, signal)).toMatchObject({ held: [record.run] });
  // Approved at the new place, stopped in the middle of its delivery, and moved again.
  at.destinationFaults.put = (_nth, key) => (key.startsWith("users/") ? "fail" : "pass");
  const there = hostAt(at, first);
  expect((await approveRun(there, held, record.run, { by: "me", reason: null }, signal)).error).not.toBeNull();
  at.destinationFaults.put = () => "pass";
  const last = elsewhere("third");
  expect(await copyState(there, last, signal)).toMatchObject({ unfinished: ["users"], held: [] });
  expect((await runStream(hostAt(at, last), held, run, signal)).error).toBeNull();
  await expectWhole(at, { a: "1" });
});

test("a place that holds something, another root's copy, or lies inside of the root is refused before anything is marked", async () => {
  await using at = await world();
  await at.deliver({ a: "1" });
  const old = at.host("old");
  const inside = openFolderStore({ path: at.folder.at("state/inner"), role: "state" });
  await expect(copyState(old, inside, signal)).rejects.toMatchObject({ code: "STATE_COPY_REFUSED" });
  await at.folder.write("full/readme.txt", "mine");
  await expect(copyState(old, openFolderStore({ path: at.folder.at("full"), role: "state" }), signal)).rejects.toMatchObject({
    code: "STATE_COPY_REFUSED",
    message: expect.stringContaining("readme.txt"),
  });
  expect((await at.run()).error).toBeNull();
});

test("a damaged root is not moved", async () => {
  await using at = await world();
  await at.deliver({ a: "1" });
  const [log] = await openFolderStore({ path: at.folder.at("state"), role: "state" }).list("users/log/", signal);
  await at.folder.write(`state/${log ?? ""}`, "torn");
  await expect(copyState(at.host("old"), elsewhere(), signal)).rejects.toMatchObject({ code: "STATE_DAMAGED" });
  await expect(at.run()).resolves.toMatchObject({ error: { code: "STATE_DAMAGED" } });
});
