import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { FileFormat, Stream } from "../../src/core/types.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import { objectHashes } from "../support/consumer.ts";
import { harness, testStream } from "../support/sync-harness.ts";
import { tempFolder, type TempFolder } from "../support/temp-folder.ts";

const never = new AbortController().signal;
const ONCE = { slot: null, fullResync: false, baseline: false } as const;

interface Deliveries extends AsyncDisposable {
  readonly folder: TempFolder;
  /** Runs over these rows and returns the run's record. */
  run(values: string, options?: Partial<typeof ONCE> | { readonly fullResync: boolean }): ReturnType<typeof runStream>;
  keys(): Promise<readonly string[]>;
  text(key: string): Promise<string>;
}

async function deliveries(format: Partial<FileFormat>, changes: Partial<Stream> = {}): Promise<Deliveries> {
  const folder = await tempFolder();
  const deps = harness({ root: folder.path });
  const fileFormat = { ...testStream(folder.path, "").fileFormat, folder: "", ...format };
  return {
    folder,
    run: async (values, options = {}) => {
      const sql = `SELECT * FROM (VALUES ${values}) AS t(id, name)`;
      return await runStream(deps, testStream(folder.path, sql, { ...changes, fileFormat }), { ...ONCE, ...options }, never);
    },
    keys: async () => [...(await objectHashes(folder.at("out"))).keys()].filter((key) => !key.endsWith("claim.json")).toSorted(),
    text: async (key) => await readFile(folder.at("out", key), "utf8"),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

test("F23: split and compressed files arrive under their keys, and the manifest tells each one's values", async () => {
  await using at = await deliveries({ splitBy: ["name"], folder: "{name}", compression: "gzip", extension: "csv.gz" });
  const { error, record } = await at.run("(1, 'a/b'), (2, NULL), (3, 'a/b')");
  expect(error).toBeNull();
  expect(record.files.map((file) => file.key)).toEqual(["~null/users-000001-added-0001.csv.gz", "a~2Fb/users-000001-added-0001.csv.gz"]);
  const bytes = await readFile(at.folder.at("out", "a~2Fb/users-000001-added-0001.csv.gz"));
  expect(gunzipSync(bytes).toString()).toBe("id,name\n1,a/b\n3,a/b\n");
  const manifest: unknown = JSON.parse(await at.text("_spillway/users/000001.json"));
  expect(manifest).toMatchObject({
    objects: [{ split: { name: null } }, { split: { name: "a/b" } }],
    format: { compression: "gzip" },
    rows: { added: 3 },
  });
});

test("a row whose split value changes is told in the files of its new value, and removed from those of the last", async () => {
  await using at = await deliveries(
    { splitBy: ["name"], folder: "{name}" },
    { columns: [{ name: "id", value: { from: "column", column: "id" } }] },
  );
  await at.run("(1, 'a'), (2, 'a')");
  const moved = await at.run("(1, 'b'), (2, 'a')");
  expect(moved.record.files.map((file) => file.key)).toEqual(["b/users-000002-changed-0001.csv"]);
  const gone = await at.run("(2, 'a')");
  expect(gone.record.files.map((file) => file.key)).toEqual(["b/users-000003-removed-0001.csv"]);
  expect(await at.text("b/users-000003-removed-0001.csv")).toBe("id\n1\n");
});

test("a done file follows the files of each generation, empty, before the manifest", async () => {
  await using at = await deliveries({ doneFile: "{stream}-{generation:06}.done" });
  const { error } = await at.run("(1, 'a')");
  expect(error).toBeNull();
  expect(await at.text("users-000001.done")).toBe("");
  const { record } = await at.run("(1, 'a')");
  expect(record.status).toBe("unchanged");
  expect(await at.keys()).toEqual(["_spillway/users/000001.json", "users-000001-added-0001.csv", "users-000001.done"]);
});

test("empty: manifest delivers a generation without files when nothing has changed", async () => {
  await using at = await deliveries({ empty: "manifest" });
  await at.run("(1, 'a')");
  const { record, error } = await at.run("(1, 'a')");
  expect(error).toBeNull();
  expect(record).toMatchObject({ status: "delivered", generation: 2, files: [] });
  expect(JSON.parse(await at.text("_spillway/users/000002.json"))).toMatchObject({ previous: { generation: 1 }, objects: [], changes: [] });
  expect((await at.run("(1, 'b')")).record).toMatchObject({ status: "delivered", generation: 3 });
});

test("empty: header_only delivers every change's file in every run", async () => {
  await using at = await deliveries({ empty: "header_only" });
  await at.run("(1, 'a')");
  const { record } = await at.run("(1, 'a')");
  expect(record.files.map((file) => [file.change, file.rows])).toEqual([
    ["removed", 0],
    ["changed", 0],
    ["added", 0],
  ]);
  expect(await at.text("users-000002-removed-0001.csv")).toBe("id,name\n");
});

test("named changes share files, and one that is left out keeps what was told", async () => {
  await using at = await deliveries({ groups: [{ name: "upsert", kinds: ["added", "changed"] }] }, { changes: ["added", "changed"] });
  await at.run("(1, 'a'), (2, 'b')");
  await at.run("(1, 'a2'), (3, 'c')");
  expect(await at.text("users-000002-upsert-0001.csv")).toBe("id,name\n1,a2\n3,c\n");
  // The removal of 2 was not told: coming back as it was told says nothing.
  expect((await at.run("(1, 'a2'), (2, 'b'), (3, 'c')")).record.status).toBe("unchanged");
});

test("a file that replaces the one before holds the whole table of the last run", async () => {
  await using at = await deliveries({ overwrite: true, name: "latest", groups: [] }, { mode: "full" });
  await at.run("(1, 'a'), (2, 'b')");
  expect(await at.text("latest.csv")).toBe("id,name\n1,a\n2,b\n");
  const { error } = await at.run("(3, 'c')");
  expect(error).toBeNull();
  expect(await at.text("latest.csv")).toBe("id,name\n3,c\n");
  const { error: again } = await at.run("(4, 'd')", { fullResync: true });
  expect(again).toBeNull();
  expect(await at.text("latest.csv")).toBe("id,name\n4,d\n");
});

test("F24: a file that replaces others never replaces somebody else's", async () => {
  await using at = await deliveries({ overwrite: true, name: "latest", groups: [] }, { mode: "full" });
  await at.folder.write("out/latest.csv", "theirs");
  const { error } = await at.run("(1, 'a')");
  expect(error).toMatchObject({ code: "FOREIGN_OBJECT" });
  expect(await at.text("latest.csv")).toBe("theirs");
});
