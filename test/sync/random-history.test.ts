import { access, constants } from "node:fs/promises";
import { expect, test } from "vitest";
import { runHistories } from "../histories/run-history.ts";
import { tempFolder } from "../support/temp-folder.ts";

const TIMEOUT_MS = 120_000;

/** Resolves to the number of histories that went well. */
async function histories(count: number, seed?: number): Promise<number> {
  const memory = await access("/dev/shm", constants.W_OK).then(
    () => "/dev/shm",
    () => undefined,
  );
  await using folder = await tempFolder(memory);
  let done = 0;
  const seeded = seed === undefined ? {} : { seed };
  await runHistories({ histories: count, scratch: folder.path, progress: (so) => (done = so), ...seeded });
  return done;
}

test("after any history of mishaps a consumer holds the table, and no key ever had two contents", { timeout: TIMEOUT_MS }, async () => {
  expect(await histories(70, 20261123)).toBe(70);
});

test("the same holds for histories that nobody has seen before", { timeout: TIMEOUT_MS }, async () => {
  expect(await histories(20)).toBe(20);
});
