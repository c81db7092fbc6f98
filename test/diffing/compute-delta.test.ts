import { expect, test } from "vitest";
import { columnsOf, rowTextSource } from "../support/row-text-source.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { toldRows, ToldTable } from "../support/told-table.ts";

const people = columnsOf({ id: "integer", name: "text", city: "text" });

test("a first result is added whole, in key order by value", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  const delta = await table.tell(
    rowTextSource(people, [
      ["10", "Ada", null],
      ["9", "Bo", ""],
      ["-1", "Cy", "x"],
    ]),
  );
  expect(delta.counts).toMatchObject({ added: 3n, changed: 0n, removed: 0n, current: 3n, snapshotAfter: 3n });
  expect((await toldRows(table.engine, delta)).map((row) => row.key[0])).toEqual(["-1", "9", "10"]);
  expect(await table.rows()).toEqual([
    ["-1", "Cy", "x"],
    ["10", "Ada", null],
    ["9", "Bo", ""],
  ]);
});

test("added, changed and removed rows are told with what stood before", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  await table.tell(
    rowTextSource(people, [
      ["1", "Ada", "Ulm"],
      ["2", "Bo", null],
      ["3", "Cy", ""],
    ]),
  );
  const delta = await table.tell(
    rowTextSource(people, [
      ["4", "Di", "x"],
      ["1", "Ada", "Ulm"],
      ["3", "Cy", null],
    ]),
  );
  expect(delta.counts).toEqual({
    added: 1n,
    changed: 1n,
    removed: 1n,
    full: 0n,
    refreshed: 0n,
    unchanged: 1n,
    current: 3n,
    snapshotAfter: 3n,
  });
  expect(delta.changedColumns).toEqual([{ name: "city", rows: 1n }]);
  expect(await toldRows(table.engine, delta)).toEqual([
    { op: "removed", key: ["2"], after: [null, null, null], before: ["2", "Bo", null] },
    { op: "changed", key: ["3"], after: ["3", "Cy", null], before: ["3", "Cy", ""] },
    { op: "added", key: ["4"], after: ["4", "Di", "x"], before: [null, null, null] },
  ]);
});
