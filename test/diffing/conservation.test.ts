import { expect, test } from "vitest";
import { relationSource } from "../support/relation-source.ts";
import { columnsOf, rowTextSource, type Spoil, type Text } from "../support/row-text-source.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { ToldTable } from "../support/told-table.ts";

const people = columnsOf({ id: "integer", name: "text", city: "text" });
const rows: Text[][] = Array.from({ length: 500 }, (_, at) => [String(at), `name ${String(at)}`, at % 3 === 0 ? null : "Ulm"]);
const edited = rows.map((row, at) => (at === 400 ? [row[0] ?? null, "other", null] : row));

const lost: Spoil = (lines) => lines.toSpliced(250, 1);
const doubled: Spoil = (lines) => lines.toSpliced(250, 0, lines[250] ?? "");
const torn: Spoil = (lines) => lines.flatMap((line, at) => (at === 250 ? [line.slice(0, 5), line.slice(5)] : [line]));
const cut: Spoil = (lines) => lines.map((line, at) => (at === 250 ? line.slice(0, 4) : line));

test.each([
  ["lost", lost, "1 rows were lost"],
  ["doubled", doubled, "1 rows too many arrived"],
  ["torn in two", torn, "1 rows too many arrived"],
  ["cut short", cut, "1 rows arrived torn"],
])("a run in which an unchanged line was %s is refused and leaves nothing behind", async (_, spoil, message) => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  await table.tell(rowTextSource(people, rows));
  const told = await table.rows();
  await expect(table.compare(rowTextSource(people, edited, spoil))).rejects.toMatchObject({
    code: "SOURCE_TRUNCATED",
    message: expect.stringContaining(message),
  });
  expect(await table.rows()).toEqual(told);
  expect((await table.tell(rowTextSource(people, edited))).counts).toMatchObject({ changed: 1n, unchanged: 499n });
});

test.each([
  ["lost", lost],
  ["doubled", doubled],
  ["torn in two", torn],
  ["cut short", cut],
])("a first run in which a line was %s is refused", async (_, spoil) => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  await expect(table.compare(rowTextSource(people, rows, spoil))).rejects.toMatchObject({ code: "SOURCE_TRUNCATED" });
});

const first = rows[0] ?? [];
const duplicates: readonly (readonly [string, readonly Text[][]])[] = [
  ["an unchanged row twice", [...rows, first]],
  ["an unchanged row and a changed one of the same key", [...rows, ["0", "changed", null]]],
  ["a new row twice", [...rows, ["900", "new", null], ["900", "new", null]]],
  ["two new rows of one key", [...rows, ["900", "new", null], ["900", "newer", null]]],
  ["two changed rows of one key", [...rows.slice(1), ["0", "a", null], ["0", "b", null]]],
];

test.each(
  duplicates.flatMap(([name, result]) => [
    [name, "row text", rowTextSource, result] as const,
    [name, "a relation", relationSource, result] as const,
  ]),
)("F22: %s is refused as a duplicate key with its query and without a value (%s)", async (_, __, source, result) => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  await table.tell(source(people, rows));
  await expect(table.compare(source(people, result))).rejects.toMatchObject({
    code: "DATA_KEY_DUPLICATE",
    message: expect.stringMatching(/^1 rows have a primary key \("id"\)/u),
    hint: expect.stringContaining("HAVING count(*) > 1"),
  });
});

test.each([
  ["row text", rowTextSource],
  ["a relation", relationSource],
] as const)("S14: duplicates and NULLs in a first result are refused (%s)", async (_, source) => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  await expect(table.compare(source(people, [...rows, first]))).rejects.toMatchObject({ code: "DATA_KEY_DUPLICATE" });
  await expect(table.compare(source(people, [...rows, [null, "x", null], [null, "y", null]]))).rejects.toMatchObject({
    code: "DATA_KEY_NULL",
    message: '2 rows have no primary key: NULL in "id".',
    hint: expect.stringContaining('WHERE "id" IS NULL'),
  });
});

test("a NULL key in a later result is refused", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  await table.tell(rowTextSource(people, rows));
  await expect(table.compare(rowTextSource(people, [...rows, [null, "x", null]]))).rejects.toMatchObject({ code: "DATA_KEY_NULL" });
});
