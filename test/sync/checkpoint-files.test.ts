import { readFile, rm, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type { Stream } from "../../src/core/types.ts";
import type { RunRecord } from "../../src/state/documents.ts";
import { deliveredGenerations } from "../../src/sync/delivered-plans.ts";
import { replayGeneration } from "../../src/sync/replay-stream.ts";
import { rowHistory } from "../../src/sync/row-history.ts";
import { runStream, type RunStreamOptions } from "../../src/sync/run-stream.ts";
import { verifyStream } from "../../src/sync/verify-stream.ts";
import { consume, objectHashes } from "../support/consumer.ts";
import { harness, testStream } from "../support/sync-harness.ts";
import { memoryFolder, tempFolder } from "../support/temp-folder.ts";

// The bytes of checkpoints, made by the real engine from the stored snapshot.

const never = new AbortController().signal;

async function project(changes: (stream: Stream) => Partial<Stream> = () => ({})) {
  const folder = await tempFolder(await memoryFolder());
  const deps = harness({ root: folder.path });
  const plain = testStream(folder.path, `SELECT * FROM read_csv('${folder.at("users.csv")}', header = true, all_varchar = true)`);
  const stream = { ...plain, ...changes(plain) };
  const run = async (rows: string, options: Partial<RunStreamOptions> = {}, as: Stream = stream): Promise<RunRecord> => {
    await writeFile(folder.at("users.csv"), rows);
    const { record, error } = await runStream(deps, as, { slot: null, fullResync: false, baseline: false, ...options }, never);
    if (error !== null) throw error;
    return record;
  };
  const texts = async ({ files }: RunRecord): Promise<Readonly<Record<string, string>>> =>
    Object.fromEntries(await Promise.all(files.map(async ({ key }) => [key, await readFile(folder.at("out", key), "utf8")] as const)));
  const verified = async () => (await verifyStream(deps, stream, { generation: null, last: 10 }, never)).deltas.map(({ status }) => status);
  return { folder, deps, stream, run, texts, verified, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

const FIRST = "name,id,plan\nAnn,10,a\nBob,9,b\n'Cy,3,\n";
const SECOND = "name,id,plan\nAnn,10,b\n'Cy,3,\nDee,4,a\n";

test("a checkpoint's files hold the told table in key order, split and cut as any others, and say no value of before", async () => {
  await using at = await project(({ fileFormat }) => ({
    columns: [
      { name: "Id", value: { from: "column", column: "id" } },
      { name: "Plan", value: { from: "column", column: "plan" } },
      { name: "Change", value: { from: "metadata", field: "_change" } },
      { name: "Was", value: { from: "previous", output: "Plan" } },
    ],
    fileFormat: {
      ...fileFormat,
      splitBy: ["Plan"],
      folder: "{Plan}",
      maxRows: 1,
      groups: [{ name: "upsert", kinds: ["added", "changed"] }],
    },
  }));
  await at.run(FIRST);
  const record = await at.run(SECOND, { checkpoint: true });
  expect(await at.texts(record)).toEqual({
    "b/users-000002-removed-0001.csv": "Id,Plan,Change,Was\n9,b,removed,b\n",
    "a/users-000002-upsert-0001.csv": "Id,Plan,Change,Was\n4,a,added,\n",
    "b/users-000002-upsert-0001.csv": "Id,Plan,Change,Was\n10,b,changed,a\n",
    "~null/users-000002-full-0001.csv": "Id,Plan,Change,Was\n3,,full,\n",
    "a/users-000002-full-0001.csv": "Id,Plan,Change,Was\n4,a,full,\n",
    "b/users-000002-full-0001.csv": "Id,Plan,Change,Was\n10,b,full,\n",
  });
  expect(await at.verified()).toEqual(["same", "same"]);
});

test("it tells what the destination was told: not what was left untold, and the values last delivered", async () => {
  await using at = await project(() => ({ changes: ["added"] }));
  await at.run(FIRST);
  const record = await at.run(SECOND, { checkpoint: true });
  expect(await at.texts(record)).toEqual({
    "users/users-000002-added-0001.csv": "name,id,plan\nDee,4,a\n",
    "users/users-000002-full-0001.csv": "name,id,plan\nAnn,10,a\n'Cy,3,\nDee,4,a\nBob,9,b\n",
  });
  expect(await at.verified()).toEqual(["same", "same"]);
});

test("empty: header_only writes the whole-table file of an empty table too, and verify and replay make every byte again", async () => {
  await using at = await project(({ fileFormat }) => ({ fileFormat: { ...fileFormat, empty: "header_only" } }));
  await at.run(FIRST);
  for (let round = 0; round < 3; round += 1) await at.run(`${FIRST}D,${20 + round},x\n`, { checkpoint: round === 1 });
  const empty = await at.run("name,id,plan\n", { checkpoint: true });
  expect(empty.files.map(({ change, rows }) => `${change} ${rows}`)).toEqual(["removed 4", "changed 0", "added 0", "full 0"]);
  await at.run(SECOND);
  expect(await at.verified()).toEqual(Array.from({ length: 6 }, () => "same"));
  const before = await objectHashes(at.folder.at("out"));
  await rm(at.folder.at("out"), { recursive: true });
  for (const each of await deliveredGenerations(at.deps, "users", { by: "generation", first: 1, last: 6 }, never))
    expect((await replayGeneration(at.deps, at.stream, each, null, never)).objects.every(({ from }) => from === "delta")).toBe(true);
  expect(await objectHashes(at.folder.at("out"))).toEqual(new Map([...before].filter(([key]) => !key.endsWith("claim.json"))));
});

test("a consumer that begins at a checkpoint after a baseline, many deltas and a new column holds the warehouse's table", async () => {
  await using at = await project(() => ({ onSchemaChange: "adopt" }));
  await at.run("id,name\n1,a\n2,b\n", { baseline: true });
  for (let round = 0; round < 4; round += 1) await at.run(`id,name\n1,a${round}\n2,b\n${round + 3},n\n`);
  const table = "id,name,city\n1,a3,x\n2,b,y\n6,n,z\n";
  expect((await at.run(table)).status).toBe("unchanged");
  const adopted = await at.run(table, { checkpoint: true });
  expect(adopted.counts).toMatchObject({ added: 0, changed: 0, removed: 0, full: 3 });
  expect(Object.fromEntries(await consume(at.folder.at("out"), "users", 1, adopted.generation))).toEqual({
    "1": ["a3", "x"],
    "2": ["b", "y"],
    "6": ["n", "z"],
  });
  // What was taken as told by a look is in no delta, so nothing can be said of the files here, and nothing is.
  expect((await at.verified()).at(-1)).toBe("other_settings");
});

test("verify says so when the deltas that a checkpoint was made from are lost", async () => {
  await using at = await project();
  await at.run(FIRST);
  await at.run(`${FIRST}E,5,\n`);
  await at.run(SECOND, { checkpoint: true });
  for (const key of await at.deps.state.list("users/log/", never)) if (key.includes("000002")) await at.deps.state.delete(key, never);
  expect((await at.verified()).slice(0, 2)).toEqual(["same", "delta_lost"]);
});

test("row tells what each checkpoint told of a row, also of one that no delta ever spoke of", async () => {
  await using at = await project();
  const told = async (id: string): Promise<readonly string[]> => {
    const { deliveries } = await rowHistory(at.deps, at.stream, new Map([["id", id]]), never);
    return deliveries.map(({ generation, change, after, files }) => `${generation} ${change} ${after?.join() ?? "-"} in ${files.join()}`);
  };
  await at.run("id,name\n1,a\n2,b\n", { baseline: true });
  await at.run("id,name\n1,a\n2,c\n", { checkpoint: true });
  await at.run("id,name\n2,c\n3,d\n");
  await at.run("id,name\n2,c\n3,d\n", { checkpoint: true });
  expect(await told("1")).toEqual(["1 full 1,a in users/users-000001-full-0001.csv", "2 removed - in users/users-000002-removed-0001.csv"]);
  expect(await told("2")).toEqual([
    "1 changed 2,c in users/users-000001-changed-0001.csv",
    "1 full 2,c in users/users-000001-full-0001.csv",
    "3 full 2,c in users/users-000003-full-0001.csv",
  ]);
  expect(await told("3")).toEqual(["2 added 3,d in users/users-000002-added-0001.csv", "3 full 3,d in users/users-000003-full-0001.csv"]);
});
