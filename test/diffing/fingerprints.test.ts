import { expect, test } from "vitest";
import type { Snapshot } from "../../src/core/delta.ts";
import { relationSource } from "../support/relation-source.ts";
import { columnsOf, markedRowTextSource, rowText, rowTextSource } from "../support/row-text-source.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { toldRows, ToldTable } from "../support/told-table.ts";

const never = new AbortController().signal;
const users = columnsOf({ id: "integer", account: "integer", email: "text", score: "integer" });

// Lines that DuckDB's hash() cannot tell apart: two changed digits cancel out.
const before = ["1000000", "10000003", "user180@x.com", "10236"];
const after = ["1000000", "10000004", "user185@x.com", "10236"];

test("a change between two rows that collide under DuckDB's hash() is delivered", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  const [hashes] = await table.engine.rows(`SELECT hash('${rowText(before)}') = hash('${rowText(after)}')`, never);
  expect(hashes).toEqual(["true"]);
  await table.tell(rowTextSource(users, [before]));
  const delta = await table.tell(rowTextSource(users, [after]));
  expect(delta.counts).toMatchObject({ changed: 1n, unchanged: 0n });
  expect(delta.changedColumns.map(({ name }) => name)).toEqual(["account", "email"]);
});

test.each([
  ["row text", rowTextSource],
  ["row text with marks", markedRowTextSource],
  ["a relation", relationSource],
] as const)("equal rows whose fingerprints differ are not delivered, and are no suspects the next time (%s)", async (_, source) => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  const rows = [before, ["7", "1", "", null], ["8", "2", null, "5"]];
  await table.tell(source(users, rows));
  const told = table.snapshot;
  if (told === null) throw new Error("nothing was told");
  const tampered: Snapshot = { ...told, layout: { ...told.layout, salt: "another salt" } };
  table.snapshot = tampered;
  const delta = await table.tell(source(users, rows));
  expect(delta.counts).toMatchObject({ added: 0n, changed: 0n, removed: 0n, refreshed: 3n, unchanged: 3n });
  const next = await table.compare(source(users, rows));
  expect(next.counts).toMatchObject({ refreshed: 0n, unchanged: 3n });
});

const odd = [
  ["\\N", "a\tb", "c", null],
  ["b\\", "\\N", null, ""],
  ["é\n", null, "\\", "x"],
  ["", "5", "\v", null],
];

test.each([[[]], [["score"]]])("a line has one fingerprint, whoever puts the salt before it (ignored: %j)", async (ignored) => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path, ignored });
  const columns = columnsOf({ id: "text", account: "text", email: "text", score: "text" });
  await table.tell(rowTextSource(columns, odd));
  const marks: (string | undefined)[] = [];
  const marked = markedRowTextSource(columns, odd, (lines, projection) => {
    marks.push(projection.mark);
    return lines;
  });
  expect((await table.compare(marked)).counts).toMatchObject({ refreshed: 0n, unchanged: 4n });
  expect(marks).toEqual([table.snapshot?.layout.salt]);
  const [first = [], ...others] = odd;
  const edited = [[...first.slice(0, 2), "d", null], ...others];
  const delta = await table.tell(markedRowTextSource(columns, edited));
  expect(await toldRows(table.engine, delta)).toMatchObject([
    { op: "changed", key: ["\\N"], after: ["\\N", "a\tb", "d", null], before: first },
  ]);
  expect((await table.compare(rowTextSource(columns, edited))).counts).toMatchObject({ refreshed: 0n, unchanged: 4n });
});

test("a first delta from marked lines holds the values as they were sent; a NULL key among escapes is seen", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  const columns = columnsOf({ id: "text", account: "text", email: "text", score: "text" });
  const delta = await table.tell(markedRowTextSource(columns, odd));
  const byKey = odd.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a ?? ""), Buffer.from(b ?? "")));
  expect((await toldRows(table.engine, delta)).map(({ after: values }) => values)).toEqual(byKey);
  await expect(table.compare(markedRowTextSource(columns, [[null, "a\tb", "c", null]]))).rejects.toMatchObject({ code: "DATA_KEY_NULL" });
  await expect(table.compare(markedRowTextSource(columns, [[null, "a", "c", null]]))).rejects.toMatchObject({ code: "DATA_KEY_NULL" });
});

test("F15: reordered columns whose lines look alike are compared by name", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  await table.tell(rowTextSource(columnsOf({ id: "integer", paid: "text", open: "text" }), [["7", "t", "f"]]));
  const swapped = rowTextSource(columnsOf({ id: "integer", open: "text", paid: "text" }), [["7", "t", "f"]]);
  const delta = await table.tell(swapped);
  expect(delta.counts).toMatchObject({ changed: 1n });
  const [row] = await toldRows(table.engine, delta);
  expect(row).toMatchObject({ after: ["7", "t", "f"], before: ["7", "f", "t"] });
});

test("A → B → A is told as three different things", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  const a = rowTextSource(users, [before]);
  const b = rowTextSource(users, [after]);
  await table.tell(a);
  await table.tell(b);
  const back = await table.tell(a);
  expect(back.counts).toMatchObject({ changed: 1n });
  expect(await table.rows()).toEqual([before]);
  expect((await table.tell(a)).counts).toMatchObject({ changed: 0n, unchanged: 1n });
  await table.tell(rowTextSource(users, []));
  expect((await table.tell(a)).counts).toMatchObject({ added: 1n });
});

test("a change in an ignored column alone is no change, and is told with the next real one", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path, ignored: ["score"] });
  await table.tell(rowTextSource(users, [["1", "a", "b", "10"]]));
  const seen = await table.tell(rowTextSource(users, [["1", "a", "b", "11"]]));
  expect(seen.counts).toMatchObject({ changed: 0n, unchanged: 1n });
  const real = await table.tell(rowTextSource(users, [["1", "a", "c", "12"]]));
  expect(await toldRows(table.engine, real)).toMatchObject([
    { op: "changed", after: ["1", "a", "c", "12"], before: ["1", "a", "b", "10"] },
  ]);
});

test("a column without a difference in its outputs costs a refresh and tells nothing", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  await table.tell(
    rowTextSource(users, [
      ["1", "a", "b", "10"],
      ["2", "a", "b", "10"],
    ]),
  );
  const retyped = users.map((column) => (column.name === "score" ? { ...column, type: "bigint" } : column));
  const delta = await table.tell(
    rowTextSource(retyped, [
      ["1", "a", "b", "10"],
      ["2", "a", "b", "11"],
    ]),
  );
  expect(delta.counts).toMatchObject({ changed: 1n, refreshed: 1n, unchanged: 1n });
  expect(delta.wholeSnapshot).toBe(true);
});
