import { expect, test } from "vitest";
import { SyncError } from "../../src/core/errors.ts";
import { columnsOf, rowTextSource, type Text } from "../support/row-text-source.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { ToldTable } from "../support/told-table.ts";

const one = columnsOf({ id: "text" });
const two = columnsOf({ id: "text", value: "text" });

const traps: readonly (readonly [string, readonly Text[][]])[] = [
  [
    "a byte order mark in the first value",
    [
      ["\uFEFFa", "\uFEFF"],
      ["b", "\uFEFF"],
    ],
  ],
  ["a first value that is nothing but a byte order mark", [["\uFEFF", null]]],
  [
    "the text of the sentinel",
    [
      ["\\?", "\\?"],
      ["#", "\\N"],
    ],
  ],
  [
    "every escape, and text that looks like one",
    [
      ["\\\\n", "\\\n"],
      ["\\v\v", "\\\\v\\\v"],
      ["\b\f\r\n\t", "\\b\\f\\r\\n\\t"],
      ["\v0\v1", "\\0\\1"],
    ],
  ],
  [
    "quotes, commas and comment signs",
    [
      ['"', "'"],
      [",", '""'],
      ["# x", ";"],
    ],
  ],
  [
    "control characters and separators",
    [
      ["\u0001", "\u001F"],
      ["\u007F", "\u0085"],
      ["\u2028", "\u2029"],
    ],
  ],
  [
    "emoji, combining marks and right-to-left marks",
    [
      ["😀", "e\u0301"],
      ["\u202Eabc", "👩‍👩‍👧"],
    ],
  ],
  [
    "NULL beside its lookalikes",
    [
      ["1", null],
      ["2", ""],
      ["3", "NULL"],
      ["4", "\\N"],
      ["5", "N"],
    ],
  ],
];

test.each(traps)("F12: row text keeps %s", async (_, rows) => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  await table.tell(rowTextSource(two, rows));
  expect(new Set((await table.rows()).map((row) => JSON.stringify(row)))).toEqual(new Set(rows.map((row) => JSON.stringify(row))));
  expect((await table.compare(rowTextSource(two, rows))).counts.unchanged).toBe(BigInt(rows.length));
});

test("an empty line is a row whose one column is empty, not NULL", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  await table.tell(rowTextSource(one, [["a"], [""], ["b"]]));
  expect(await table.rows()).toEqual([[""], ["a"], ["b"]]);
  expect((await table.tell(rowTextSource(one, [["a"], ["b"]]))).counts).toMatchObject({ removed: 1n, unchanged: 2n });
});

test("a row of one megabyte and a row of 1,200 columns arrive as they were sent", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path, limits: { memoryLimit: "1GB", threads: 2 } });
  const wide = Array.from({ length: 1200 }, (_, at) => `c${String(at)}`);
  const columns = columnsOf(Object.fromEntries(wide.map((name) => [name, "text"])));
  const rows = [wide.map((name, at) => (at === 7 ? "x\n".repeat(500_000) : name)), wide.map((_, at) => (at === 0 ? "key" : null))];
  await table.tell(rowTextSource(columns, rows));
  expect((await table.compare(rowTextSource(columns, rows))).counts).toMatchObject({ unchanged: 2n, changed: 0n });
  expect(await table.rows()).toHaveLength(2);
});

test("S24: a row longer than the engine reads is refused, and its text stays out of the error", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  const refused = await table.compare(rowTextSource(two, [["1", "secret".repeat(3_000_000)]])).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "DATA_ROW_TOO_LARGE" });
  expect(JSON.stringify(refused, Object.getOwnPropertyNames(refused))).not.toContain("secret");
});

test("S23: bytes that are no UTF-8, such as half a pair of surrogates, are refused and neither mended nor shown", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  const source = rowTextSource(two, [["1", "a"]]);
  const extract = async (_: unknown, sink: NodeJS.WritableStream): Promise<{ readonly rows: bigint }> => {
    const bytes = Buffer.concat([Buffer.from("1\tsecret"), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from("\n")]);
    await new Promise((resolve) => sink.write(bytes, resolve));
    sink.end();
    return { rows: 1n };
  };
  const refused = await table.compare({ ...source, reading: { shape: "row_text", extract } }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(SyncError);
  expect(JSON.stringify(refused, Object.getOwnPropertyNames(refused))).not.toContain("secret");
});

test("four runs at once in one process do not wait for each other for ever", async () => {
  const rows: Text[][] = Array.from({ length: 3000 }, (_, at) => [String(at), "x".repeat(300)]);
  const runs = Array.from({ length: 4 }, async () => {
    await using own = await tempFolder();
    await using table = await ToldTable.open({ folder: own.path });
    await table.tell(rowTextSource(two, rows));
    return (await table.tell(rowTextSource(two, rows.slice(1)))).counts.removed;
  });
  expect(await Promise.all(runs)).toEqual([1n, 1n, 1n, 1n]);
});

test("S06: a source that fails in the middle stops the query, and its own error is told", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  const source = rowTextSource(two, [["1", "a"]]);
  if (source.reading.shape !== "row_text") throw new Error("row text expected");
  const late = { ...source, reading: { ...source.reading, extract: failing(true) } };
  await expect(table.compare(late)).rejects.toThrow("the warehouse went away");
  const early = { ...source, reading: { ...source.reading, extract: failing(false) } };
  await expect(table.compare(early)).rejects.toThrow("the warehouse went away");
  expect((await table.compare(source)).counts.added).toBe(1n);
});

function failing(afterSomeBytes: boolean): (projection: unknown, sink: NodeJS.WritableStream) => Promise<never> {
  return async (_, sink) => {
    if (afterSomeBytes) await new Promise((resolve) => sink.write("1\ta\n2\tb", resolve));
    sink.end();
    throw new Error("the warehouse went away");
  };
}

test("a query that fails stops the source", async () => {
  await using folder = await tempFolder();
  await using table = await ToldTable.open({ folder: folder.path });
  const rows: Text[][] = Array.from({ length: 200_000 }, (_, at) => [String(at), "x".repeat(100)]);
  const source = { ...rowTextSource(two, rows), canonical: () => "no_such_function(1)" };
  await expect(table.compare(source)).rejects.toMatchObject({ code: "ENGINE_QUERY_REFUSED" });
});
