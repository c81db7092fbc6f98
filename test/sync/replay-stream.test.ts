import { access, constants, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ObjectStore } from "../../src/core/ports.ts";
import type { FileFormat, OutputColumn, Stream } from "../../src/core/types.ts";
import { deliveredGenerations, type GenerationChoice } from "../../src/sync/delivered-plans.ts";
import { type ReplayedObject, replayGeneration } from "../../src/sync/replay-stream.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import type { SyncDeps } from "../../src/sync/sync-deps.ts";
import { consume, objectHashes } from "../support/consumer.ts";
import { harness, testStream } from "../support/sync-harness.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const never = new AbortController().signal;
const ALL: GenerationChoice = { by: "generation", first: 1, last: 2 };

interface Delivered {
  readonly folder: TempFolder;
  readonly deps: SyncDeps;
  readonly stream: Stream;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

/** A file system in memory, where there is one: each run syncs dozens of times. */
async function memoryFolder(): Promise<TempFolder> {
  return await tempFolder(
    await access("/dev/shm", constants.W_OK).then(
      () => "/dev/shm",
      () => undefined,
    ),
  );
}

/** Two generations of a table (name, id, plan), the second with rows added, changed and removed. */
async function deliver(folder: TempFolder, changes: (stream: Stream) => Partial<Stream> = () => ({})): Promise<Delivered> {
  const deps = harness({ root: folder.path });
  const plain = testStream(folder.path, `SELECT * FROM read_csv('${folder.at("users.csv")}', header = true, all_varchar = true)`);
  const stream = { ...plain, ...changes(plain) };
  for (const rows of ["Ann,1,a\nBob,2,b\n'Cy;,3,\n", "Ann,1,b\n'Cy;,3,\nDee,4,a\n"]) {
    await writeFile(folder.at("users.csv"), `name,id,plan\n${rows}`);
    const { error } = await runStream(deps, stream, { slot: null, fullResync: false, baseline: false }, never);
    if (error !== null) throw error;
  }
  return { folder, deps, stream };
}

async function replay({ deps, stream }: Delivered, to: string | null, choice = ALL, signal = never): Promise<readonly ReplayedObject[]> {
  const objects: ReplayedObject[] = [];
  for (const each of await deliveredGenerations(deps, stream.name, choice, never))
    objects.push(...(await replayGeneration(deps, stream, each, to, signal)).objects);
  return objects;
}

function wrapped({ folder, stream }: Delivered, wrap: (store: ObjectStore) => Partial<ObjectStore>): Delivered {
  const destination = (store: ObjectStore): ObjectStore =>
    Object.assign(Object.create(store) as ObjectStore, {
      place: store.place,
      putNew: store.putNew.bind(store),
      head: store.head.bind(store),
      get: store.get.bind(store),
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
      ...wrap(store),
    });
  return { folder, stream, deps: harness({ root: folder.path, destination }) };
}

// One delivered stream for all tests that can share it; each leaves it as it was and replays under a prefix of its own.
let delivered: Delivered;
let folder: TempFolder;

beforeAll(async () => {
  folder = await memoryFolder();
  delivered = await deliver(folder);
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

test("a replay under a prefix gives a consumer the same table, and touches nothing else", async () => {
  const before = { state: await objectHashes(folder.at("state")), out: await objectHashes(folder.at("out")) };
  const objects = await replay(delivered, "replay/a");
  expect(new Set(objects.map(({ from, status }) => `${from} ${status}`))).toEqual(new Set(["delta sent"]));
  expect(await consume(folder.at("out/replay/a"), "users")).toEqual(await consume(folder.at("out"), "users"));
  expect(await objectHashes(folder.at("state"))).toEqual(before.state);
  await rm(folder.at("out/replay"), { recursive: true });
  expect(await objectHashes(folder.at("out"))).toEqual(before.out);
});

test("a replay under the same keys puts back what is gone, and replaces nothing", async () => {
  const before = await objectHashes(folder.at("out"));
  await rm(folder.at("out/users/users-000002-removed-0001.csv"));
  const statuses = (await replay(delivered, null)).map(({ key, status }) => `${key.split("/").at(-1)} ${status}`);
  expect(statuses).toEqual([
    "users-000001-added-0001.csv there",
    "000001.json there",
    "users-000002-removed-0001.csv sent",
    "users-000002-changed-0001.csv there",
    "users-000002-added-0001.csv there",
    "000002.json there",
  ]);
  expect(await objectHashes(folder.at("out"))).toEqual(before);
});

test("other bytes at a key are not replaced, and said to stand there", async () => {
  await replay(delivered, "taken", { by: "generation", first: 1, last: 1 });
  const file = folder.at("out/taken/users/users-000001-added-0001.csv");
  await rm(file);
  await writeFile(file, "x");
  await expect(replay(delivered, "taken")).rejects.toMatchObject({ code: "REPLAY_KEY_TAKEN" });
  expect(await readFile(file, "utf8")).toBe("x");
});

const rest: OutputColumn = { name: "*", value: { from: "rest" } };
const fact = (name: string, field: "_change" | "_generation" | "_run_id" | "_message_id" | "_changed_columns"): OutputColumn => ({
  name,
  value: { from: "metadata", field },
});
const SETTINGS: readonly (readonly [string, Partial<Stream>, Partial<FileFormat>])[] = [
  ["cut, split and compressed", {}, { splitBy: ["plan"], maxRows: 1, compression: "gzip", name: "{plan}/{generation}-{change}-{part}" }],
  [
    "with facts of the run, several kinds in a file",
    {
      columns: [
        rest,
        fact("c", "_change"),
        fact("g", "_generation"),
        fact("r", "_run_id"),
        fact("m", "_message_id"),
        fact("w", "_changed_columns"),
      ],
      ignoreChangesIn: ["name"],
    },
    {
      format: "ndjson",
      groups: [
        { name: "upsert", kinds: ["added", "changed"] },
        { name: "gone", kinds: ["removed"] },
      ],
      doneFile: "{generation}.done",
    },
  ],
  ["whole each time, as Parquet", { mode: "full" }, { format: "parquet" }],
];

test.each(SETTINGS)("stored deltas give the very bytes again: files %s", async (_what, changes, format) => {
  await using own = await memoryFolder();
  const itself = await deliver(own, (stream) => ({ ...changes, fileFormat: { ...stream.fileFormat, ...format } }));
  const objects = await replay(itself, "again");
  expect(objects.length).toBeGreaterThan(3);
  expect(objects.filter(({ from }) => from !== "delta")).toEqual([]);
  const all = await objectHashes(own.at("out"));
  for (const { key } of objects) expect(`${key} ${all.get(key)}`).toBe(`${key} ${all.get(key.slice("again/".length))}`);
});

test("a replay that is stopped half-way goes on where it stood, and sends no object twice", async () => {
  const stop = new AbortController();
  let puts = 0;
  const stopping = wrapped(delivered, (store) => ({
    putNew: async (key, body, facts, signal) => {
      const outcome = await store.putNew(key, body, facts, signal);
      if ((puts += 1) === 3) stop.abort();
      return outcome;
    },
  }));
  await expect(replay(stopping, "again1", ALL, stop.signal)).rejects.toMatchObject({ name: "AbortError" });
  expect((await replay(delivered, "again1")).map(({ status }) => status)).toEqual(["there", "there", "there", "sent", "sent", "sent"]);
  expect(await consume(folder.at("out/again1"), "users")).toEqual(await consume(folder.at("out"), "users"));
});

describe("settings that are others than when it was delivered", () => {
  test("leave the bytes to the destination, where it gives them back", async () => {
    const fileFormat = { ...delivered.stream.fileFormat, delimiter: ";" };
    const changed = { ...delivered, stream: { ...delivered.stream, fileFormat } };
    const objects = await replay(changed, "again2");
    expect(new Set(objects.map(({ from }) => from))).toEqual(new Set(["destination"]));
    expect(await consume(folder.at("out/again2"), "users")).toEqual(await consume(folder.at("out"), "users"));
    const blind = wrapped(changed, () => ({ get: () => Promise.resolve(null) }));
    await expect(replay(blind, "more2")).rejects.toMatchObject({
      code: "REPLAY_BYTES_LOST",
      hint: expect.stringContaining("models/users.yaml"),
    });
  });

  test("do no harm when only names of files differ", async () => {
    const fileFormat = { ...delivered.stream.fileFormat, name: "other-{generation}-{change}-{part}" };
    const objects = await replay({ ...delivered, stream: { ...delivered.stream, fileFormat } }, "again3");
    expect(new Set(objects.map(({ from }) => from))).toEqual(new Set(["delta"]));
    expect(objects[0]?.key).toBe("again3/users/users-000001-added-0001.csv");
  });

  test("and a lost delta are no matter where the destination can be read", async () => {
    await rename(folder.at("state/users/log"), folder.at("kept"));
    expect(new Set((await replay(delivered, "again4")).map(({ from }) => from))).toEqual(new Set(["destination"]));
    const blind = wrapped(delivered, () => ({ get: () => Promise.resolve(null) }));
    await expect(replay(blind, "more4")).rejects.toMatchObject({ message: expect.stringContaining("missing or damaged") });
    await rename(folder.at("kept"), folder.at("state/users/log"));
  });
});

test("what a killed replay left on this machine goes a day later, what another one works with stays", async () => {
  const [old, young] = [folder.at("scratch/replay-old/files/x"), folder.at("scratch/replay-young/files/x")];
  await folder.write("scratch/replay-old/files/x", "x");
  await folder.write("scratch/replay-young/files/x", "x");
  // The clock of these runs stands at the beginning of 2026.
  await utimes(folder.at("scratch/replay-old"), new Date("2025-12-30T00:00:00Z"), new Date("2025-12-30T00:00:00Z"));
  await replay(delivered, "swept", { by: "generation", first: 1, last: 1 });
  expect([await exists(old), await exists(young)]).toEqual([false, true]);
});

test("where nobody may look, what stands at a key is not taken for anything", async () => {
  const blind = wrapped(delivered, () => ({ head: () => Promise.resolve({ kind: "forbidden" }) }));
  expect(new Set((await replay(blind, "again5")).map(({ status }) => status))).toEqual(new Set(["sent"]));
  expect(new Set((await replay(blind, "again5")).map(({ status }) => status))).toEqual(new Set(["unchecked"]));
});
