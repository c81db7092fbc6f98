import { expect, test } from "vitest";
import { readRecords, type ReadRecord, type RecordsFile } from "../../src/files/read-records.ts";

const FORMAT = { delimiter: ",", quote: "minimal", newline: "lf", header: true, nullText: "" } as const;

async function read(
  bytes: string | Buffer,
  format: Partial<RecordsFile["format"]> = {},
): Promise<{ readonly records: ReadRecord[]; readonly warnings: string[] }> {
  const warnings: string[] = [];
  async function* chunks(): AsyncGenerator<Buffer> {
    // In pieces, as a stream cuts them.
    const all = Buffer.from(bytes);
    for (let at = 0; at < all.length; at += 5) yield await Promise.resolve(all.subarray(at, at + 5));
  }
  const file = {
    name: "u.csv",
    bytes: chunks(),
    format: { ...FORMAT, ...format },
    header: ["id", "name"],
    width: 2,
    warn: (text: string) => void warnings.push(text),
  };
  const records: ReadRecord[] = [];
  for await (const record of readRecords(file)) records.push(record);
  return { records, warnings };
}

test("records come with their lines, NULL told from the empty text as the format tells them apart", async () => {
  expect((await read('id,name\n1,\n2,""\n3,"a\nb"\n4,é\n')).records).toEqual([
    { line: 2, fields: ["1", null] },
    { line: 3, fields: ["2", ""] },
    { line: 4, fields: ["3", "a\nb"] },
    { line: 6, fields: ["4", "é"] },
  ]);
  expect((await read("1|-\n", { delimiter: "|", quote: "none", nullText: "-", header: false })).records).toEqual([
    { line: 1, fields: ["1", null] },
  ]);
  expect((await read('"id","name"\n"1",""\n', { quote: "all" })).records).toEqual([{ line: 2, fields: ["1", null] }]);
});

test("a byte order mark, other line ends and a missing last one change nothing, but the last is told", async () => {
  const { records, warnings } = await read("\ufeffid,name\r\n1,a\r\n2,b");
  expect(records.map(({ fields }) => fields)).toEqual([
    ["1", "a"],
    ["2", "b"],
  ]);
  expect(warnings).toEqual([expect.stringContaining("u.csv line 3")]);
});

test.each([
  ["lacks a column", "id\n1\n", 'line 1: the header lacks "name"'],
  ["has a column too many", "id,name,x\n", "line 1: the header has 3 columns, files of the stream have 2"],
  ["has its columns in another order", "name,id\n", "line 1: the columns stand in another order than id, name"],
  ["is empty", "", "line 1: the file is empty"],
  ["has a row that is too long", "id,name\n1,a\n1,a,secret\n", "line 3: it has 3 fields"],
  ["has a quote in the wrong place", 'id,name\n1,sec"ret\n', "line 2: a quote stands inside"],
  ["has bytes that are no UTF-8", Buffer.from("69642c6e616d650a312cff0a", "hex"), "line 2: a field holds bytes that are no UTF-8"],
  ["has a NUL", "id,name\n1,a\0\n", "line 2: a field holds a NUL"],
])("a file that %s is refused with its line and no value", async (_, bytes, message) => {
  await expect(read(bytes)).rejects.toMatchObject({ code: "FILE_UNFIT", message: expect.stringContaining(`u.csv ${message}`) });
  await expect(read(bytes)).rejects.not.toMatchObject({ message: expect.stringContaining("secret") });
});
