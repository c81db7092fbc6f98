import { readdir, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type { Stream } from "../../src/core/types.ts";
import { readCurrent } from "../../src/state/current.ts";
import { resetStream } from "../../src/sync/reset-stream.ts";
import { baselineStream } from "../../src/sync/run-many.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import { consume } from "../support/consumer.ts";
import { harness, testStream } from "../support/sync-harness.ts";
import { tempFolder, type TempFolder } from "../support/temp-folder.ts";

// Over the real engine: what is told after a reset, a baseline or a full resync is decided by the comparison, not by the protocol alone.

const never = new AbortController().signal;

async function project(changes: Partial<Stream> = {}) {
  const folder = await tempFolder();
  const deps = harness({ root: folder.path });
  const csv = folder.at("users.csv");
  const stream = testStream(folder.path, `SELECT * FROM read_csv('${csv}', header = true, all_varchar = true)`, changes);
  return {
    folder,
    deps,
    stream,
    set: (rows: Readonly<Record<string, string>>) =>
      writeFile(
        csv,
        `id,name\n${Object.entries(rows)
          .map(([id, name]) => `${id},${name}\n`)
          .join("")}`,
      ),
    run: async (options: Partial<Parameters<typeof runStream>[2]> = {}, as: Stream = stream) => {
      const { record, error } = await runStream(deps, as, { slot: null, fullResync: false, baseline: false, ...options }, never);
      if (error !== null) throw error;
      return record;
    },
    consumed: () => table(folder),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

async function table(folder: TempFolder): Promise<Readonly<Record<string, string>>> {
  const rows = await consume(folder.at("out"), "users");
  return Object.fromEntries([...rows].map(([key, columns]) => [key, columns.join()]));
}

test("after a reset every row is told again, and so is the removal of rows that are gone", async () => {
  await using at = await project();
  await at.set({ a: "1", b: "1", c: "1" });
  await at.run();
  await at.set({ a: "1", b: "2" });
  await at.run();
  expect((await resetStream(at.deps, at.stream, never)).record).toMatchObject({ status: "reset", error: null });
  await at.set({ a: "1", d: "1" });
  const next = await at.run();
  expect(next).toMatchObject({ generation: 3, counts: { added: 2, removed: 1 } });
  expect(await at.consumed()).toEqual({ a: "1", d: "1" });
  expect((await at.run()).status).toBe("unchanged");
});

test("a reset while a delivery is open gives it up and counts on", async () => {
  await using at = await project();
  await at.set({ a: "1" });
  await at.run();
  await at.set({ a: "2", b: "1" });
  const blocked = at.folder.at("out", "users", "users-000002-added-0001.csv");
  await writeFile(blocked, "theirs");
  await expect(at.run()).rejects.toMatchObject({ code: "FOREIGN_OBJECT" });
  expect((await resetStream(at.deps, at.stream, never)).error).toBeNull();
  expect(await readCurrent(at.deps.state, "users", never)).toMatchObject({ generation: 2, abandoned: [2], rows: 0 });
  await at.set({ b: "2" });
  // "changed" of generation 2 had left before the stop, without its manifest: a is stated as removed, b as it is now.
  expect(await at.run()).toMatchObject({ generation: 3, counts: { added: 1, removed: 1 } });
  expect(await at.consumed()).toEqual({ b: "2" });
});

test("a first run with `first_run: baseline` sends nothing, and the next run only what changed since", async () => {
  await using at = await project({ firstRun: "baseline" });
  await at.set({ a: "1", b: "1" });
  expect(await at.run()).toMatchObject({ status: "baselined", generation: null, files: [] });
  await at.set({ a: "2", b: "1" });
  expect(await at.run()).toMatchObject({ generation: 1, counts: { added: 0, changed: 1 } });
});

test("`state baseline` takes the result as delivered", async () => {
  await using at = await project();
  await at.set({ a: "1" });
  await at.run();
  await at.set({ a: "9", z: "9" });
  expect((await baselineStream(at.deps, at.stream, never)).record).toMatchObject({ status: "baselined", error: null });
  expect((await at.run()).status).toBe("unchanged");
  await at.set({ a: "9" });
  expect(await at.run()).toMatchObject({ generation: 2, counts: { removed: 1 } });
});

test("a full resync tells every row whole and removals too", async () => {
  await using at = await project();
  await at.set({ a: "1", b: "1" });
  await at.run();
  await at.set({ a: "1", c: "1" });
  expect(await at.run({ fullResync: true })).toMatchObject({ generation: 2, counts: { full: 2, removed: 1 } });
  expect(await at.consumed()).toEqual({ a: "1", c: "1" });
  expect((await at.run()).status).toBe("unchanged");
});

test("`mode: full` tells every row in every run, and which ones left", async () => {
  await using at = await project({ mode: "full" });
  await at.set({ a: "1", b: "1" });
  expect(await at.run()).toMatchObject({ generation: 1, counts: { full: 2, removed: 0 } });
  await at.set({ b: "1" });
  expect(await at.run()).toMatchObject({ generation: 2, kind: "full", counts: { full: 1, removed: 1 } });
  expect(await at.run()).toMatchObject({ generation: 3, counts: { full: 1, removed: 0 } });
  expect(await at.consumed()).toEqual({ b: "1" });
});

test.each([
  ["destination", { destination: { name: "out", type: "local", options: { type: "local", path: "elsewhere" } } }],
  ["source", { source: { name: "renamed", type: "duckdb", options: { type: "duckdb" } } }],
  ["primary_key", { primaryKey: ["id", "name"] }],
  ["mode", { mode: "full" }],
] as const)("a changed %s is held until a full resync is asked for", async (what, changes) => {
  await using at = await project();
  await at.set({ a: "1", b: "1" });
  await at.run();
  const moved = { ...at.stream, ...changes } as Stream;
  if (what === "destination")
    Object.assign(moved, { destination: { name: "out", type: "local", options: { type: "local", path: at.folder.at("elsewhere") } } });
  await expect(at.run({}, moved)).rejects.toMatchObject({
    code: "IDENTITY_CHANGED",
    hint: expect.stringContaining("--full-resync") as string,
  });
  expect(await at.run({ fullResync: true }, moved)).toMatchObject({ status: "delivered", generation: 2, counts: { full: 2, removed: 0 } });
  expect((await at.run({}, moved)).error).toBeNull();
});

test("S31: a delivery that is open when the destination is changed is not sent elsewhere", async () => {
  await using at = await project();
  await at.set({ a: "1" });
  await at.run();
  await at.set({ a: "2" });
  const blocked = at.folder.at("out", "users", "users-000002-changed-0001.csv");
  await writeFile(blocked, "theirs");
  await expect(at.run()).rejects.toMatchObject({ code: "FOREIGN_OBJECT" });
  const moved = { ...at.stream, destination: { name: "out", type: "local", options: { type: "local", path: at.folder.at("elsewhere") } } };
  await expect(at.run({ fullResync: true }, moved)).rejects.toMatchObject({ code: "OPEN_PLAN_ELSEWHERE" });
  expect((await readdir(at.folder.at("elsewhere"))).filter((name) => !name.startsWith("_") && !name.startsWith("."))).toEqual([]);
});

test("refreshed fingerprints are kept without a generation, and a long log becomes a new base of the same table", async () => {
  await using at = await project();
  await at.set({ a: "1", b: "1", c: "1" });
  await at.run();
  for (let round = 2; round < 6; round += 1) {
    await at.set({ a: String(round), b: "1", [`n${round}`]: "x" });
    expect((await at.run()).status).toBe("delivered");
  }
  const current = await readCurrent(at.deps.state, "users", never);
  expect(current?.base?.key).toMatch(/^users\/base\//);
  expect(current).toMatchObject({ generation: 5, rows: 3 });
  expect(await at.consumed()).toEqual({ a: "5", b: "1", n5: "x" });
  const renamed = {
    ...at.stream,
    columns: [
      { name: "id", value: { from: "column", column: "id" } },
      { name: "name", value: { from: "template", parts: [{ column: "name" }] } },
    ],
  } as Stream;
  // Another mapping that maps to the same outputs: nothing to tell, but the new layout is remembered.
  expect((await at.run({}, renamed)).status).toBe("unchanged");
  expect((await readCurrent(at.deps.state, "users", never))?.reason).toMatch(/refreshed|folded/);
  expect((await at.run({}, renamed)).counts).toMatchObject({ refreshed: 0, unchanged: 3 });
});
