import { expect, test } from "vitest";
import type { Stream } from "../../src/core/types.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import type { SyncDeps } from "../../src/sync/sync-deps.ts";
import { consume } from "../support/consumer.ts";
import { harness, testStream } from "../support/sync-harness.ts";
import { tempFolder } from "../support/temp-folder.ts";

const never = new AbortController().signal;
const usual = { slot: null, fullResync: false, baseline: false };

function rows(...values: readonly string[]): string {
  return `SELECT * FROM (VALUES ${values.join(", ")}) AS t(id, name)`;
}

async function run(deps: SyncDeps, stream: Stream, options: Partial<typeof usual> = {}) {
  const { record, error } = await runStream(deps, stream, { ...usual, ...options }, never);
  if (error !== null) throw error;
  return record;
}

test("a first run delivers every row, the next one only what changed, and a consumer ends up with the table", async () => {
  await using folder = await tempFolder();
  const deps = harness({ root: folder.path });
  const first = await run(deps, testStream(folder.path, rows("(1, 'Ann')", "(2, 'Bo')", "(3, 'Cy')")));
  expect(first).toMatchObject({ status: "delivered", generation: 1, counts: { added: 3 } });

  const second = await run(deps, testStream(folder.path, rows("(1, 'Ann')", "(2, 'Bob')", "(4, 'Di')")));
  expect(second).toMatchObject({ status: "delivered", generation: 2, counts: { added: 1, changed: 1, removed: 1 } });
  expect(second.files.map((file) => file.change)).toEqual(["removed", "changed", "added"]);

  expect(Object.fromEntries(await consume(folder.at("out"), "users"))).toEqual({ "1": ["Ann"], "2": ["Bob"], "4": ["Di"] });
  const third = await run(deps, testStream(folder.path, rows("(4, 'Di')", "(1, 'Ann')", "(2, 'Bob')")));
  expect(third).toMatchObject({ status: "unchanged", generation: null, files: [] });
});
