import { cp } from "node:fs/promises";
import { expect, test } from "vitest";
import { keepTrigger } from "../../src/state/triggers.ts";
import { deliveredGenerations } from "../../src/sync/delivered-plans.ts";
import { repairFromDeltas } from "../../src/sync/repair-stream.ts";
import { replayGeneration } from "../../src/sync/replay-stream.ts";
import { resetStream } from "../../src/sync/reset-stream.ts";
import { verifyStream } from "../../src/sync/verify-stream.ts";
import { memoryStore, type StoredObject } from "../histories/memory-store.ts";
import { consume } from "../support/consumer.ts";
import { failingStore } from "../support/failing-store.ts";
import { deliverPerson, forgetStory, others, PERSON } from "../support/forget-story.ts";
import { filesThatHold } from "../support/person-search.ts";
import { tempFolder } from "../support/temp-folder.ts";

const never = new AbortController().signal;
const TEXTS = Object.values(PERSON);

test(
  "forgetting that is killed at any change of the state root is finished by doing it again, with the same objects to erase",
  { timeout: 300_000 },
  async () => {
    await using model = await tempFolder();
    const told = forgetStory(model);
    await deliverPerson(told);
    const kills: number[] = [];
    for (let from = 1; ; from += 3) {
      await using folder = await tempFolder();
      await cp(model.path, folder.path, { recursive: true });
      const { deps, forget, stream } = forgetStory(folder);
      const mine = { ...deps, newRunId: told.deps.newRunId };
      const { result } = await forget({}, { ...mine, state: failingStore(deps.state, from) });
      const again = await forget({}, { ...mine, owner: { ...deps.owner, pid: 2, isRunning: () => false } });
      expect(again.result.error).toBeNull();
      expect(await filesThatHold(deps, [folder.at("state"), folder.at("scratch")], TEXTS), `killed at ${from}`).toEqual([]);
      const verified = await verifyStream(mine, stream, { generation: null, last: 10 }, never);
      expect(verified).toMatchObject({ fold: { status: "same", broken: [] } });
      expect(verified.erasures.every(({ done }) => done)).toBe(true);
      // Whoever is killed after it was all done has told of it only in the record.
      if (result.error !== null && again.result.record.status === "forgotten") {
        kills.push(again.report.objects.length);
      }
      if (result.error === null) break;
      expect(from).toBeLessThan(80);
    }
    expect(kills.length).toBeGreaterThan(5);
    expect(new Set(kills)).toEqual(new Set([3]));
  },
);

test("a run after an interrupted erasure finishes it, not knowing whose rows they were", async () => {
  await using folder = await tempFolder();
  const story = forgetStory(folder);
  await deliverPerson(story);
  const { deps, stream } = story;
  for (let from = 4; ; from += 1) {
    await story.forget(
      {},
      { ...deps, owner: { ...deps.owner, pid: 100 + from, isRunning: () => false }, state: failingStore(deps.state, from) },
    );
    if ((await verifyStream(deps, stream, { generation: null, last: 1 }, never)).erasures.length > 0) break;
  }
  expect(await verifyStream(deps, stream, { generation: null, last: 1 }, never)).toMatchObject({ fold: null, erasures: [{ done: false }] });
  const host = { ...deps, owner: { ...deps.owner, pid: 2, isRunning: () => false } };
  expect((await story.run(others(6), host)).error).toBeNull();
  expect(await filesThatHold(deps, [folder.at("state"), folder.at("scratch")], TEXTS)).toEqual([]);
  expect(await verifyStream(deps, stream, { generation: null, last: 1 }, never)).toMatchObject({ fold: { status: "same" } });
});

test("what was told of a person is not delivered again, and neither a repair nor a reset brings them back", async () => {
  await using folder = await tempFolder();
  const story = forgetStory(folder);
  await deliverPerson(story);
  await story.forget();
  const { deps, stream } = story;
  const [first] = await deliveredGenerations(deps, stream.name, { by: "generation", first: 3, last: 3 }, never);
  if (first === undefined) throw new Error("generation 3 was delivered");
  await expect(replayGeneration(deps, stream, first, "again", never)).rejects.toMatchObject({ code: "REPLAY_FORGOTTEN" });
  expect(await repairFromDeltas(deps, stream, never)).toMatchObject({ error: null, record: { status: "repaired" } });
  expect(await verifyStream(deps, stream, { generation: null, last: 1 }, never)).toMatchObject({ fold: { status: "same" } });
  expect((await story.run(others(7))).error).toBeNull();
  expect(await resetStream(deps, stream, never)).toMatchObject({ error: null });
  expect((await story.run(others(8))).error).toBeNull();
  expect(await filesThatHold(deps, [folder.at("state")], TEXTS)).toEqual([]);
  expect([...(await consume(folder.at("out"), stream.name)).keys()]).toHaveLength(12);
});

test("in a state root elsewhere nothing is left either, nor on this machine", async () => {
  await using folder = await tempFolder();
  const bucket = { objects: new Map<string, StoredObject>() };
  const story = forgetStory(folder, { state: memoryStore(bucket, { type: "s3", endpoint: "", bucket: "state", prefix: "" }) });
  await deliverPerson(story);
  await keepTrigger(story.deps.state, PERSON.mail, { stream: "users", run: "r", at: "2026-01-01T00:00:00.000Z" }, never);
  expect((await story.forget()).result.error).toBeNull();
  for (const [key, { bytes }] of bucket.objects) await folder.write(`dump/${key}`, bytes);
  expect(await filesThatHold(story.deps, [folder.at("dump"), folder.at("scratch")], TEXTS)).toEqual([]);
  expect(await verifyStream(story.deps, story.stream, { generation: null, last: 9 }, never)).toMatchObject({
    fold: { status: "same", broken: [] },
  });
});

test("rows are forgotten from neither a delivery under way nor a store that keeps what is deleted, and that is said", async () => {
  await using folder = await tempFolder();
  const story = forgetStory(folder);
  await deliverPerson(story);
  const { deps } = story;
  const hoarding = { ...failingStore(deps.state, Number.POSITIVE_INFINITY), delete: () => Promise.resolve() };
  expect((await story.forget({}, { ...deps, state: hoarding })).result.error).toMatchObject({ code: "FORGET_OVERTAKEN" });
  const out = await deps.openDestination(story.stream.destination, { stream: "users", run: "r", generation: null }, never);
  const down = failingStore(out, 1);
  await story.run([...others(9), [PERSON.id, PERSON.mail]], { ...deps, openDestination: () => Promise.resolve(down) });
  expect((await story.forget()).result.error).toMatchObject({ code: "FORGET_DELIVERY_OPEN" });
});
