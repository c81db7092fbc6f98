import { cp, rm } from "node:fs/promises";
import { expect, test } from "vitest";
import { readCurrent } from "../../src/state/current.ts";
import { deliveredGenerations } from "../../src/sync/delivered-plans.ts";
import { pruneStream } from "../../src/sync/prune-now.ts";
import { repairStream } from "../../src/sync/repair-stream.ts";
import { replayGeneration } from "../../src/sync/replay-stream.ts";
import { rowHistory } from "../../src/sync/row-history.ts";
import type { SyncDeps } from "../../src/sync/sync-deps.ts";
import { verifyStream } from "../../src/sync/verify-stream.ts";
import { failingStore } from "../support/failing-store.ts";
import { forgetStory, type ForgetStory, others } from "../support/forget-story.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const never = new AbortController().signal;
const DAY = 86_400_000;
const RETENTION = { runs: null, log: 6 * DAY, staging: null, held: null };

interface Story extends ForgetStory {
  day: number;
}

/** A story whose clock stands still until the day is another. */
function storyOf(folder: TempFolder): Story {
  const story = forgetStory(folder, { changes: { retention: RETENTION } });
  const told: Story = {
    ...story,
    day: 0,
    deps: { ...story.deps, clock: { now: () => new Date(Date.UTC(2026, 0, 1) + told.day * DAY) } },
    run: async (people) => await story.run(people, told.deps),
  };
  return told;
}

/** Delivers for some days, each day a third of the others changed. */
async function live(story: Story, days: number): Promise<void> {
  for (let done = 0; done < days; done += 1) {
    story.day += 2;
    const { error } = await story.run(others(story.day / 2));
    if (error !== null) throw error;
  }
}

test("deltas that are older than they are kept go, from table to table; what is left leads to the snapshot, and says how far back it reaches", async () => {
  await using folder = await tempFolder();
  const story = storyOf(folder);
  const { deps, stream } = story;
  await live(story, 9);
  const current = await readCurrent(deps.state, stream.name, never);
  const horizon = current?.horizon?.generation ?? 0;
  // Nine generations in eighteen days: of the last six days none is gone, and none is older than half as much again but for a table's.
  expect(horizon).toBeGreaterThanOrEqual(3);
  expect(horizon).toBeLessThanOrEqual(6);
  const logs = (await deps.state.list(`${stream.name}/log/`, never)).map((key) => Number(/(\d+)-/.exec(key)?.[1]));
  expect(Math.min(...logs)).toBe(horizon + 1);
  expect(await verifyStream(deps, stream, { generation: null, last: 20 }, never)).toMatchObject({
    horizon,
    fold: { status: "same", broken: [], from: { generation: horizon, by: "base" } },
  });
  const { from, deliveries } = await rowHistory(deps, stream, new Map([["id", "other-10"]]), never);
  expect(from).toBe(horizon + 1);
  expect(deliveries.every(({ generation }) => generation > horizon)).toBe(true);

  // An old generation comes from the destination as long as that gives it back.
  const [first] = await deliveredGenerations(deps, stream.name, { by: "generation", first: 2, last: 2 }, never);
  if (first === undefined) throw new Error("generation 2 was delivered");
  expect((await replayGeneration(deps, stream, first, "again", never)).objects.length).toBeGreaterThan(0);
  for (const { key } of first.plan.objects) await rm(folder.at("out", key));
  await expect(replayGeneration(deps, stream, first, "once-more", never)).rejects.toMatchObject({ code: "REPLAY_BEYOND_HORIZON" });

  // The newest table is lost: the one that the history begins with, and the deltas after it, give it again.
  await rm(folder.at("state", current?.base?.key ?? ""));
  expect(await repairStream(deps, stream, never)).toMatchObject({ error: null, record: { status: "repaired" } });
  expect((await readCurrent(deps.state, stream.name, never))?.horizon?.generation).toBe(horizon);
  story.day += 1;
  expect((await story.run(others(9))).record.status).toBe("unchanged");
});

test(
  "a prune that is killed at any change of the state root is finished by the next, and nothing that is needed is gone",
  { timeout: 240_000 },
  async () => {
    await using model = await tempFolder();
    const told = storyOf(model);
    await live(told, 5);
    for (let from = 1; ; from += 2) {
      await using folder = await tempFolder();
      await cp(model.path, folder.path, { recursive: true });
      const story = storyOf(folder);
      const { stream } = story;
      story.day = told.day + 30;
      const host = (pid: number, state = story.deps.state): SyncDeps => ({
        ...story.deps,
        newRunId: told.deps.newRunId,
        owner: { ...story.deps.owner, pid, isRunning: () => false },
        state,
      });
      const killed = host(1, failingStore(story.deps.state, from));
      const failed = await pruneStream(killed, stream, { dryRun: false }, never).catch((error: unknown) => error);
      const whole = { fold: { status: "same", broken: [] } };
      expect(await verifyStream(host(2), stream, { generation: null, last: 20 }, never), `killed at ${from}`).toMatchObject(whole);
      await pruneStream(host(2), stream, { dryRun: false }, never);
      expect((await pruneStream(host(2), stream, { dryRun: true }, never))?.history?.files ?? []).toEqual([]);
      expect(await verifyStream(host(2), stream, { generation: null, last: 20 }, never)).toMatchObject(whole);
      if (!(failed instanceof Error)) break;
      expect(from).toBeLessThan(60);
    }
  },
);
