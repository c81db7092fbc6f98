import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type { Stream } from "../../src/core/types.ts";
import { readCurrent } from "../../src/state/current.ts";
import { type ForgetRequest, forgetRows } from "../../src/sync/forget-rows.ts";
import { pruneStream } from "../../src/sync/prune-now.ts";
import { runStream, type RunStreamOptions } from "../../src/sync/run-stream.ts";
import { verifyStream } from "../../src/sync/verify-stream.ts";
import { filesThatHold } from "../support/person-search.ts";
import { harness, testStream } from "../support/sync-harness.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

// Streams of other kinds than one table with one key column: each forgets, and is proved as before.

const never = new AbortController().signal;
const SECRET = "mallory@secret.example";

function tableOf(folder: TempFolder, changes: Partial<Stream>) {
  const deps = harness({ root: folder.path });
  const stream = testStream(folder.path, `SELECT * FROM read_csv('${folder.at("rows.csv")}', header = true, all_varchar = true)`, changes);
  return {
    deps,
    stream,
    deliver: async (csv: string, options: Partial<RunStreamOptions> = {}, over: Partial<Stream> = {}) => {
      await writeFile(folder.at("rows.csv"), csv);
      const result = await runStream(deps, { ...stream, ...over }, { slot: null, fullResync: false, baseline: false, ...options }, never);
      if (result.error !== null) throw result.error;
      return result.record;
    },
    forget: async (columns: readonly string[], keys: readonly (readonly string[])[], more: Partial<ForgetRequest> = {}) => {
      const request = { columns, keys, by: "test", reason: null, evenIfPresent: false, ...more };
      const { result, report } = await forgetRows(deps, stream, request, never);
      return { ...report, error: result.error, left: await filesThatHold(deps, [folder.at("state"), folder.at("scratch")], [SECRET]) };
    },
    folds: async () => (await verifyStream(deps, stream, { generation: null, last: 10 }, never)).fold?.status,
  };
}

test("every row of a person goes by a part of the key, and others with other values of it stay", async () => {
  await using folder = await tempFolder();
  const at = tableOf(folder, { primaryKey: ["person", "item"] });
  await at.deliver(`person,item,mail\n1,a,${SECRET}\n1,b,${SECRET}\n2,a,bob\n12,a,eve\n`);
  await at.deliver("person,item,mail\n2,a,bob\n12,a,eve\n");
  const found = await at.forget(["person"], [["1"]]);
  expect(found).toMatchObject({ error: null, left: [], objects: [{ generation: 1 }, { generation: 2 }] });
  expect(found.files.map(({ generation, rows }) => [generation, rows])).toContainEqual([1, 2]);
  expect(await at.folds()).toBe("same");
  expect((await readCurrent(at.deps.state, "users", never))?.rows).toBe(2);
});

test("a checkpoint that told the whole table is listed, though its delta says nothing of the row", async () => {
  await using folder = await tempFolder();
  const at = tableOf(folder, {});
  await at.deliver(`id,mail\n1,${SECRET}\n2,bob\n`);
  await at.deliver(`id,mail\n1,${SECRET}\n2,eve\n`, { checkpoint: true });
  await at.deliver("id,mail\n2,eve\n");
  await at.deliver("id,mail\n2,max\n", { checkpoint: true });
  const { objects, left } = await at.forget(["id"], [["1"]]);
  expect(left).toEqual([]);
  expect(objects.map(({ generation, key }) => `${generation} ${/added|removed|full/.exec(key)?.[0]}`)).toEqual([
    "1 added",
    "3 removed",
    "2 full",
  ]);
  const verified = await verifyStream(at.deps, at.stream, { generation: null, last: 10 }, never);
  expect(verified.fold?.status).toBe("same");
  expect(verified.deltas.map(({ generation, status }) => `${generation} ${status}`)).toEqual([
    "1 forgotten",
    "2 forgotten",
    "3 forgotten",
    "4 same",
  ]);
});

test("an event that is no longer remembered goes, and one that still is only when that is said", async () => {
  await using folder = await tempFolder();
  const at = tableOf(folder, {
    mode: "append",
    changes: ["added"],
    cursor: { column: "seen", start: null, lagMs: 0, overlapMs: 3_600_000 },
    query: {
      kind: "sql",
      sql: `SELECT id, mail, seen::TIMESTAMP AS seen FROM read_csv('${folder.at("rows.csv")}', header = true, all_varchar = true)`,
      file: "models/users.yaml",
      line: 1,
    },
  });
  await at.deliver(`id,mail,seen\n1,${SECRET},2025-12-31 08:00:00\n2,bob,2025-12-31 09:00:00\n`);
  const events = `id,mail,seen\n3,${SECRET},2025-12-31 23:40:00\n4,eve,2025-12-31 23:50:00\n`;
  await at.deliver(events);
  // The first is long forgotten by the comparison, and stands in the files all the same.
  expect(await at.forget(["id"], [["1"]])).toMatchObject({ error: null, told: 0n, objects: [{ generation: 1 }] });
  expect((await at.forget(["id"], [["3"]])).error).toMatchObject({ code: "FORGET_STILL_TOLD" });
  expect(await at.forget(["id"], [["3"]], { evenIfPresent: true })).toMatchObject({ error: null, left: [] });
  expect(await at.folds()).toBe("same");
  // It is read again within the overlap, and told again where it still stands.
  expect((await at.deliver(events)).counts?.added).toBe(1);
});

test("a member leaves every audience by the key of the entity, and the audiences are counted anew", async () => {
  await using folder = await tempFolder();
  const members = [
    { name: "all", condition: "true" },
    { name: "late", condition: "mail > 'f'" },
  ];
  const entitySql = `SELECT * FROM read_csv('${folder.at("rows.csv")}', header = true, all_varchar = true)`;
  const at = tableOf(folder, {
    query: { kind: "audiences", entitySql, entityKey: ["id"], members, file: "models/users.yaml", line: 1 },
    primaryKey: ["id", "_audience"],
    changes: ["added", "removed"],
  });
  await at.deliver(`id,mail\n1,${SECRET}\n2,bob\n3,zoe\n`);
  const found = await at.forget(["id"], [["1"]], { evenIfPresent: true });
  expect(found).toMatchObject({ error: null, left: [], told: 2n });
  expect((await readCurrent(at.deps.state, "users", never))?.members).toEqual([
    { audience: "all", rows: 2 },
    { audience: "late", rows: 1 },
  ]);
  expect(await at.folds()).toBe("same");
});

test("a name of an object that is split by the key is told of, for plans keep it", async () => {
  await using folder = await tempFolder();
  const fileFormat = { ...testStream(folder.path, "").fileFormat, splitBy: ["id"], name: "{id}-{generation}-{change}-{part}" };
  const at = tableOf(folder, { fileFormat });
  await at.deliver(`id,mail\nxyz-1,${SECRET}\nb,bob\n`);
  await at.deliver("id,mail\nb,bob\n");
  const found = await at.forget(["id"], [["xyz-1"]]);
  expect(found).toMatchObject({ error: null, left: [], named: [1, 2] });
  expect(found.objects.map(({ key }) => key)).toEqual(["users/xyz-1-1-added-1.csv", "users/xyz-1-2-removed-1.csv"]);
  expect(await filesThatHold(at.deps, [folder.at("state/users/erasures"), folder.at("state/users/log")], ["xyz-1"])).toEqual([]);
});

test("deltas that were told under another key are named, and searched by the columns of that time", async () => {
  await using folder = await tempFolder();
  const at = tableOf(folder, {});
  await at.deliver(`id,mail\n1,${SECRET}\n2,bob\n`, {}, { primaryKey: ["mail"] });
  await at.deliver("id,mail\n2,bob\n", { fullResync: true });
  const now = await at.forget(["id"], [["1"]]);
  expect(now).toMatchObject({ error: null, files: [], otherKey: [1] });
  expect(now.left.length).toBeGreaterThan(0);
  expect(await at.forget(["mail"], [[SECRET]])).toMatchObject({ error: null, left: [], otherKey: [2] });
});

test("after history was let go of, the table that it begins with forgets as well", async () => {
  await using folder = await tempFolder();
  const at = tableOf(folder, { retention: { runs: null, log: 1, staging: null, held: null } });
  for (const name of ["a", "b", "c"]) {
    await at.deliver(`id,mail\n1,${SECRET}\n2,${name}\n`);
    await pruneStream(at.deps, at.stream, { dryRun: false }, never);
  }
  await at.deliver("id,mail\n2,d\n");
  const horizon = (await readCurrent(at.deps.state, "users", never))?.horizon?.generation ?? 0;
  expect(horizon).toBeGreaterThan(0);
  expect(await at.forget(["id"], [["1"]])).toMatchObject({ error: null, left: [], horizon });
  expect(await at.folds()).toBe("same");
});
