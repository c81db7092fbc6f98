import { readdir, readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type { OnSchemaChange, OutputColumn, Stream } from "../../src/core/types.ts";
import { approveRun, findHeld } from "../../src/sync/answer-held.ts";
import { NO_ANSWERS, type Answers } from "../../src/sync/judge-delta.ts";
import { planStream } from "../../src/sync/plan-stream.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import { harness, testStream } from "../support/sync-harness.ts";
import { tempFolder } from "../support/temp-folder.ts";

// Over the real engine: what a change of columns does is decided by the comparison.

const never = new AbortController().signal;
const TWO = "(1, 'a', 'x'), (2, 'b', 'y')";
const LATER = "(1, 'a2', 'x'), (2, 'b', 'y'), (3, 'c', 'z')";

async function project(onSchemaChange: OnSchemaChange) {
  const folder = await tempFolder();
  const deps = harness({ root: folder.path });
  const stream = (columns: string, values: string, more: Partial<Stream> = {}): Stream =>
    testStream(folder.path, `SELECT ${columns} FROM (VALUES ${values}) AS t(id, name, city)`, { onSchemaChange, ...more });
  return {
    folder,
    deps,
    stream,
    run: async (as: Stream, answers: Partial<Answers> = {}) => {
      const options = { slot: null, fullResync: false, baseline: false, answers: { ...NO_ANSWERS, ...answers } };
      return await runStream(deps, as, options, never);
    },
    plan: (as: Stream) => planStream(deps, as, { slot: null, fullResync: false, samples: 0, keep: false }, never),
    approve: async (as: Stream) => approveRun(deps, as, await findHeld(deps, "users", never), { by: "anna", reason: null }, never),
    files: async (generation: number): Promise<Readonly<Record<string, string>>> => {
      const names = (await readdir(folder.at("out", "users"))).filter((name) => name.includes(`-00000${generation}-`)).toSorted();
      const texts = await Promise.all(names.map((name) => readFile(folder.at("out", "users", name), "utf8")));
      return Object.fromEntries(names.map((name, at) => [name.split("-")[2] ?? "", texts[at] ?? ""]));
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

test.each([
  ["a new column", "id, name, city", "column city (VARCHAR) is new; output city is new"],
  ["a column that is gone", "id", "column name is gone; output name is gone"],
  ["another type", "id, name::BLOB AS name", "column name is BLOB, was VARCHAR"],
])("hold: a run with %s waits for approval and says what changed", async (_what, columns, differences) => {
  await using at = await project("hold");
  expect((await at.run(at.stream("id, name", TWO))).error).toBeNull();
  const preview = await at.plan(at.stream(columns, LATER));
  expect(preview).toMatchObject({ outcome: "held", verdict: { schema: { effect: "hold" } } });
  const { error } = await at.run(at.stream(columns, LATER));
  expect(error).toMatchObject({ code: "SCHEMA_CHANGED", message: `users is held: ${differences}. Nothing was sent.` });
  expect(await at.files(2)).toEqual({});
  expect((await at.approve(at.stream(columns, LATER))).error).toBeNull();
  expect((await at.files(2))["added"]).toContain("3");
  expect((await at.run(at.stream(columns, LATER))).record.status).toBe("unchanged");
});

test("S13: hold: a column that is gone is held even when no row tells of it, for the files have another header", async () => {
  await using at = await project("hold");
  await at.run(at.stream("id, name", TWO));
  expect((await at.run(at.stream("id", TWO))).error).toMatchObject({ code: "SCHEMA_CHANGED" });
  expect((await at.approve(at.stream("id", TWO))).record).toMatchObject({ status: "delivered", generation: 2, files: [] });
  const manifest = JSON.parse(await readFile(at.folder.at("out", "_spillway", "users", "000002.json"), "utf8")) as { columns: unknown[] };
  expect(manifest.columns).toHaveLength(1);
  expect((await at.run(at.stream("id", TWO))).record.status).toBe("unchanged");
});

test("--accept-schema-change accepts in advance", async () => {
  await using at = await project("hold");
  await at.run(at.stream("id, name", TWO));
  expect((await at.run(at.stream("id, name, city", TWO), { acceptSchemaChange: true })).error).toBeNull();
  expect((await at.files(2))["changed"]).toBe("id,name,city\n1,a,x\n2,b,y\n");
});

test("resync: every row is delivered anew, and the plan says so first", async () => {
  await using at = await project("resync");
  await at.run(at.stream("id, name", TWO));
  expect(await at.plan(at.stream("id, name, city", LATER))).toMatchObject({
    outcome: "deliver",
    kind: "full",
    verdict: { schema: { effect: "resync" } },
  });
  expect((await at.run(at.stream("id, name, city", LATER))).record).toMatchObject({ status: "delivered", counts: { full: 3 } });
  expect((await at.files(2))["full"]).toBe("id,name,city\n1,a2,x\n2,b,y\n3,c,z\n");
  expect((await at.run(at.stream("id, name, city", LATER))).record.status).toBe("unchanged");
});

test("F08: adopt: a new column alone changes no row, real changes of that night are delivered with it", async () => {
  await using at = await project("adopt");
  await at.run(at.stream("id, name", TWO));
  expect((await at.run(at.stream("id, name, city", LATER))).record).toMatchObject({ counts: { added: 1, changed: 1, removed: 0 } });
  expect(await at.files(2)).toEqual({ added: "id,name,city\n3,c,z\n", changed: "id,name,city\n1,a2,x\n" });
  // From now on the column is one like the others.
  const moved = LATER.replace("'y'", "'yy'");
  expect((await at.run(at.stream("id, name, city", moved))).record).toMatchObject({ counts: { changed: 1 } });
  expect(await at.files(3)).toEqual({ changed: "id,name,city\n2,b,yy\n" });
});

test("adopt: a night with nothing but the new column delivers nothing, and a second new column does not tell the first", async () => {
  await using at = await project("adopt");
  await at.run(at.stream("id, name", TWO));
  expect((await at.run(at.stream("id, name, city", TWO))).record.status).toBe("unchanged");
  expect((await at.run(at.stream("id, name, city, 7 AS plus", TWO))).record.status).toBe("unchanged");
  expect((await at.run(at.stream("id, name", TWO))).record.status).toBe("unchanged");
});

test("adopt: a column that is made in another way is taken as told", async () => {
  await using at = await project("adopt");
  const columns = (name: string): readonly OutputColumn[] => [
    { name: "id", value: { from: "column", column: "id" } },
    { name: "name", value: { from: "column", column: name } },
  ];
  await at.run(at.stream("*", TWO, { columns: columns("name") }));
  expect((await at.run(at.stream("*", TWO, { columns: columns("city") }))).record.status).toBe("unchanged");
  const added = await at.run(at.stream("*", LATER, { columns: columns("city") }));
  expect(added.record).toMatchObject({ counts: { added: 1, changed: 0 } });
});

test("--same-destination goes on comparing at another place, unless the key is another", async () => {
  await using at = await project("hold");
  await at.run(at.stream("id, name", TWO));
  const destination = { name: "out", type: "local", options: { type: "local", path: at.folder.at("moved") } };
  const moved = at.stream("id, name", LATER, { destination });
  expect((await at.run(moved)).record).toMatchObject({ status: "held", error: { code: "IDENTITY_CHANGED" } });
  expect((await at.run(moved, { sameDestination: true })).record).toMatchObject({
    status: "delivered",
    counts: { added: 1, changed: 1, full: 0 },
  });
  expect((await at.run(moved)).record.status).toBe("unchanged");
  const rekeyed = { ...moved, primaryKey: ["name"] };
  expect((await at.run(rekeyed, { sameDestination: true })).error).toMatchObject({ code: "IDENTITY_CHANGED" });
});

test("--same-destination is remembered by a run that has nothing to tell", async () => {
  await using at = await project("hold");
  await at.run(at.stream("id, name", TWO));
  const renamed = at.stream("id, name", TWO, { source: { name: "renamed", type: "duckdb", options: { type: "duckdb" } } });
  expect((await at.run(renamed, { sameDestination: true })).record.status).toBe("unchanged");
  expect((await at.run(renamed)).record).toMatchObject({ status: "unchanged", error: null });
});

test("a column of guards.per is counted value by value", async () => {
  await using at = await project("hold");
  const guards = {
    maxRemoved: { percent: 20 },
    maxChanged: null,
    maxAdded: null,
    minRows: 1,
    aboveRows: 10,
    per: ["city"],
    held: "supersede",
  } as const;
  const rows = (vip: number): string =>
    [
      ...Array.from({ length: 400 }, (_, id) => `(${id}, 'n', 'all')`),
      ...Array.from({ length: vip }, (_, id) => `(${1000 + id}, 'n', 'vip')`),
    ].join(", ");
  await at.run(at.stream("*", rows(20), { guards }));
  const { error } = await at.run(at.stream("*", rows(10), { guards }));
  // 10 of 420 rows are few, 10 of 20 are not. What the value is belongs in no log.
  expect(error).toMatchObject({
    code: "GUARD_REMOVED",
    message: expect.stringContaining("removed 10 of 20 rows (50.0 %) where city is one of its values") as string,
  });
  expect(error?.message).not.toContain("vip");
  expect((await at.run(at.stream("*", rows(17), { guards }))).error).toBeNull();
  const unknown = at.stream("*", rows(18), { guards: { ...guards, per: ["town"] } });
  expect((await at.run(unknown)).error).toMatchObject({ code: "MODEL_COLUMN_UNKNOWN" });
});
