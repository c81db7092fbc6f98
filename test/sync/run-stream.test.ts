import { readdir, readFile } from "node:fs/promises";
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

test("F13: the header tells every column, also where the first rows hold nothing in it", async () => {
  await using folder = await tempFolder();
  const deps = harness({ root: folder.path });
  await run(
    deps,
    testStream(folder.path, "SELECT id, CASE WHEN id > 1 THEN 'late' END AS name, NULL::INTEGER AS never FROM range(3) AS t(id)"),
  );
  const [file] = (await readdir(folder.at("out", "users"))).filter((name) => name.endsWith(".csv"));
  expect(await readFile(folder.at("out", "users", file ?? ""), "utf8")).toBe("id,name,never\n0,,\n1,,\n2,late,\n");
});
