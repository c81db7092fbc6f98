import { readdir } from "node:fs/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ObjectStore } from "../../src/core/ports.ts";
import { openFolderStore } from "../../src/folder/folder-store.ts";
import { createCurrent, pruneCurrent, readCurrent, swapCurrent } from "../../src/state/current.ts";
import type { Current } from "../../src/state/documents.ts";
import { bytesBody, createDocument } from "../../src/state/state-store.ts";
import { tempFolder } from "../support/temp-folder.ts";

const never = new AbortController().signal;

function entry(seq: number, generation: number, run = "RUN"): Current {
  return {
    format: "spillway/current/1",
    seq,
    generation,
    stateId: "6f9619ff-8b86-4011-b42d-00cf4fc964ff",
    reason: "promoted",
    run,
    at: "2026-01-01T00:00:00.000Z",
    identity: {
      destination: { type: "local", endpoint: "", bucket: "", prefix: "/out" },
      source: { type: "duckdb", name: "w" },
      key: ["id"],
      mode: "delta",
    },
    layout: null,
    rows: 0,
    base: null,
    log: [],
    uncertain: [],
    abandoned: [],
    resetSeq: null,
    manifest: null,
  };
}

async function opened() {
  const folder = await tempFolder();
  const store = openFolderStore({ path: folder.path, role: "state" });
  await createCurrent(store, "users", entry(0, 0), never);
  return { folder, store, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

test("F06: of many swaps from one entry exactly one wins, and CURRENT is the winner's", async () => {
  await using at = await opened();
  const runs = ["A", "B", "C", "D", "E"];
  const outcomes = await Promise.all(runs.map((run) => swapCurrent(at.store, "users", 0, entry(1, 1, run), never)));
  expect(outcomes.filter((outcome) => outcome === "swapped")).toHaveLength(1);
  expect((await readCurrent(at.store, "users", never))?.run).toBe(runs[outcomes.indexOf("swapped")]);
});

test("a swap whose own reply was lost counts as swapped when it is tried again", async () => {
  await using at = await opened();
  expect(await swapCurrent(at.store, "users", 0, entry(1, 1, "A"), never)).toBe("swapped");
  expect(await swapCurrent(at.store, "users", 0, entry(1, 1, "A"), never)).toBe("swapped");
});

test("a swap over a number that was pruned and is free again is seen as lost", async () => {
  await using at = await opened();
  for (let seq = 1; seq <= 9; seq += 1) await swapCurrent(at.store, "users", seq - 1, entry(seq, seq), never);
  await pruneCurrent(at.store, "users", never);
  expect(await readdir(at.folder.at("users", "current"))).toHaveLength(5);
  expect(await swapCurrent(at.store, "users", 1, entry(2, 2, "LATE"), never)).toBe("conflict");
  expect((await readCurrent(at.store, "users", never))?.seq).toBe(9);
});

test("an entry under another entry's number is damage", async () => {
  await using at = await opened();
  await createDocument(at.store, "users/current/00000005.json", entry(4, 4), never);
  await expect(readCurrent(at.store, "users", never)).rejects.toMatchObject({
    code: "STATE_DAMAGED",
    context: { key: "users/current/00000005.json" },
  });
});

test.each(["users/plans/000001.json", "users/log/000001-R.parquet", "users/base/000001-R.parquet"])(
  "no CURRENT beside %s is damage, never a first run",
  async (key) => {
    await using folder = await tempFolder();
    const store = openFolderStore({ path: folder.path, role: "state" });
    expect(await readCurrent(store, "users", never)).toBeNull();
    await store.putNew(key, bytesBody(Buffer.from("x")), null, never);
    await expect(readCurrent(store, "users", never)).rejects.toMatchObject({ code: "STATE_DAMAGED" });
  },
);

test("S12: whatever bytes stand for CURRENT, reading it yields the entry or STATE_DAMAGED", async () => {
  const whole = Buffer.from(`${JSON.stringify(entry(1, 1))}\n`);
  await using folder = await tempFolder();
  const store = openFolderStore({ path: folder.path, role: "state" });
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 2), fc.nat(255), fc.boolean(), async (at, byte, cut) => {
      const bytes = cut ? whole.subarray(0, at) : Buffer.from(whole);
      if (!cut) bytes[at] = byte;
      await store.delete("users/current/00000001.json", never);
      await store.putNew("users/current/00000001.json", bytesBody(bytes), null, never);
      const read = await readCurrent(store, "users", never).then(
        (current) => current?.seq ?? "none",
        (error: unknown) => (error as { code?: string }).code,
      );
      expect([1, "STATE_DAMAGED"]).toContain(read);
    }),
    { numRuns: 80, seed: 11 },
  );
});

test("a first run that begins while CURRENT is looked for is no damage", async () => {
  await using at = await opened();
  await at.store.putNew("users/log/000001-R.parquet", bytesBody(Buffer.from("x")), null, never);
  let looks = 0;
  const late: ObjectStore = {
    ...at.store,
    get: (key, signal) => at.store.get(key, signal),
    list: (prefix, signal) => ((looks += 1) === 1 ? Promise.resolve([]) : at.store.list(prefix, signal)),
  };
  expect(await readCurrent(late, "users", never)).toMatchObject({ seq: 0, run: expect.any(String) as string });
});
