import { expect, test } from "vitest";
import { RunLanes } from "../../src/sync/run-lanes.ts";

test("work starts in order, so much at once and so much of one source, and what cannot start lets others pass", async () => {
  const lanes = new RunLanes(3);
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (name: string, source: string, maxConcurrentRuns?: number): Promise<string> =>
    lanes.run({ name: source, type: "x", options: null, ...(maxConcurrentRuns === undefined ? {} : { maxConcurrentRuns }) }, async () => {
      started.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
      return name;
    });
  const all = [run("a1", "a", 1), run("a2", "a", 1), run("b1", "b"), run("b2", "b"), run("b3", "b")];
  expect(started).toEqual(["a1", "b1", "b2"]);
  expect(lanes.waiting).toBe(2);
  ends.get("b1")?.();
  await all[2];
  await Promise.resolve();
  expect(started).toEqual(["a1", "b1", "b2", "b3"]);
  ends.get("a1")?.();
  expect(await all[0]).toBe("a1");
  await Promise.resolve();
  expect(started).toEqual(["a1", "b1", "b2", "b3", "a2"]);
  for (const end of ends.values()) end();
  expect(await Promise.all(all)).toEqual(["a1", "a2", "b1", "b2", "b3"]);
});

test("work that fails fails for whoever asked, and makes room", async () => {
  const lanes = new RunLanes(1);
  const source = { name: "a", type: "x", options: null };
  await expect(lanes.run(source, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await lanes.run(source, () => Promise.resolve(1))).toBe(1);
});
