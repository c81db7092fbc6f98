import { expect, test } from "vitest";
import type { Snapshot } from "../../src/core/delta.ts";
import { columnsOf, rowTextSource, type Text } from "../support/row-text-source.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { toldRows, ToldTable } from "../support/told-table.ts";

const people = columnsOf({ id: "integer", name: "text" });
const source = (...rows: Text[][]): ReturnType<typeof rowTextSource> => rowTextSource(people, rows);

test("without removed, a key that left and came back is compared with what was told", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path, changes: ["added", "changed"] });
  await table.tell(source(["1", "a"], ["2", "b"]));
  const left = await table.tell(source(["1", "a"]));
  expect(left.counts).toMatchObject({ removed: 0n, refreshed: 1n, snapshotAfter: 2n });
  expect((await table.tell(source(["1", "a"]))).counts).toMatchObject({ removed: 0n, refreshed: 0n, unchanged: 1n });
  await table.fold();
  const same = await table.compare(source(["1", "a"], ["2", "b"]));
  expect(same.counts).toMatchObject({ added: 0n, changed: 0n, refreshed: 1n, unchanged: 2n });
  const other = await table.tell(source(["1", "a"], ["2", "c"]));
  expect(await toldRows(table.engine, other)).toMatchObject([{ op: "changed", before: ["2", "b"], after: ["2", "c"] }]);
});

test("without changed, a later removal carries the values first told", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path, changes: ["added", "removed"] });
  await table.tell(source(["1", "a"]));
  expect((await table.tell(source(["1", "b"]))).counts).toMatchObject({ changed: 0n, refreshed: 1n });
  expect((await table.tell(source(["1", "b"]))).counts).toMatchObject({ changed: 0n, refreshed: 0n });
  expect(await toldRows(table.engine, await table.tell(source()))).toMatchObject([{ op: "removed", before: ["1", "a"] }]);
});

test("a kind of change that is told from now on catches up with what was kept back", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path, changes: ["added"] });
  await table.tell(source(["1", "a"], ["2", "b"]));
  await table.tell(source(["1", "z"]));
  const delta = await table.compare(source(["1", "z"]), "delta", ["added", "changed", "removed"]);
  expect(await toldRows(table.engine, delta)).toMatchObject([
    { op: "changed", before: ["1", "a"], after: ["1", "z"] },
    { op: "removed", before: ["2", "b"] },
  ]);
});

test("a change of `changes` keeps rows that left untold", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path, changes: ["added", "changed"] });
  await table.tell(source(["1", "a"], ["2", "b"]));
  await table.tell(source(["1", "a"]));
  table.promote(await table.compare(source(["1", "a"]), "delta", ["added"]));
  expect(await table.rows()).toEqual([
    ["1", "a"],
    ["2", "b"],
  ]);
});

test("mode full tells every row as full and no removal", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  await table.tell(source(["2", "b"], ["1", "a"]), "full");
  const delta = await table.tell(source(["2", "b"]), "full");
  expect(await toldRows(table.engine, delta)).toMatchObject([{ op: "full", after: ["2", "b"] }]);
  expect(delta.counts).toMatchObject({ full: 1n, removed: 0n, snapshotAfter: 1n });
});

test("a resync tells every row whole, and removals", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  await table.tell(source(["1", "a"], ["2", "b"]));
  const delta = await table.tell(source(["2", "b"], ["3", "c"]), "resync");
  expect((await toldRows(table.engine, delta)).map(({ op, key }) => [op, key[0]])).toEqual([
    ["removed", "1"],
    ["full", "2"],
    ["full", "3"],
  ]);
  expect(await table.rows()).toEqual([
    ["2", "b"],
    ["3", "c"],
  ]);
  expect((await table.tell(source(["2", "b"], ["3", "c"]))).counts).toMatchObject({ unchanged: 2n, refreshed: 0n });
});

test("a baseline tells nothing, and the next result is compared with it", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  const base = await table.tell(source(["1", "a"], ["2", "b"]), "baseline");
  expect(base.counts).toMatchObject({ added: 0n, full: 0n, refreshed: 2n, snapshotAfter: 2n });
  expect((await table.tell(source(["1", "a"]))).counts).toMatchObject({ added: 0n, removed: 1n, unchanged: 1n });
});

test("uncertain keys are stated whether they differ or not", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  await table.tell(source(["1", "a"], ["2", "b"], ["3", "c"]));
  const snapshot = table.snapshot;
  // A delta that was planned and then abandoned: its objects may have been seen.
  const abandoned = await table.compare(source(["1", "x"], ["3", "c"], ["4", "d"]));
  const uncertain = [{ path: abandoned.path, outputs: ["id", "name"] }];
  table.snapshot = { ...snapshot, uncertain } as Snapshot;
  const delta = await table.tell(source(["1", "a"], ["2", "b"], ["3", "c"]));
  expect(await toldRows(table.engine, delta)).toEqual([
    { op: "changed", key: ["1"], after: ["1", "a"], before: ["1", "a"] },
    { op: "changed", key: ["2"], after: ["2", "b"], before: ["2", "b"] },
    { op: "refresh", key: ["3"], after: ["3", "c"], before: [null, null] },
    { op: "removed", key: ["4"], after: [null, null], before: ["4", "d"] },
  ]);
  expect(await table.rows()).toEqual([
    ["1", "a"],
    ["2", "b"],
    ["3", "c"],
  ]);
  expect((await table.tell(source(["1", "a"], ["2", "b"], ["3", "c"]))).counts).toMatchObject({ unchanged: 3n, changed: 0n });
});

test("after a reset every key is stated: present ones added, others removed with what was last said", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  const told = await table.tell(source(["1", "a"], ["2", "b"]));
  const gone = await table.tell(source(["2", "b"]));
  const names = ["id", "name"];
  const uncertain = [
    { path: told.path, outputs: names },
    { path: gone.path, outputs: names },
  ];
  table.snapshot = { layout: told.layout, base: null, log: [], uncertain, rows: 0n };
  const delta = await table.tell(source(["3", "c"], ["2", "b"]));
  expect((await toldRows(table.engine, delta)).map(({ op, key, before }) => [op, key[0], before[1]])).toEqual([
    ["removed", "1", "a"],
    ["added", "2", null],
    ["added", "3", null],
  ]);
  expect(await table.rows()).toEqual([
    ["2", "b"],
    ["3", "c"],
  ]);
});
