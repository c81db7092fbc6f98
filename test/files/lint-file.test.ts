import { mkdtemp, readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ColumnKind, FileFormat } from "../../src/core/types.ts";
import { type Engine, openEngine } from "../../src/engine/open-engine.ts";
import { lintFile } from "../../src/files/lint-file.ts";
import { type FileRecord, splitRecords } from "../../src/files/split-records.ts";
import { writeFiles } from "../../src/files/write-files.ts";
import { PLAIN_CSV } from "../support/plain-csv.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";
import { type DeltaRow, filesRequest, writeDelta } from "./delta-on-disk.ts";

const signal = AbortSignal.timeout(60_000);
let root: TempFolder;
let engine: Engine;
beforeAll(async () => {
  root = await tempFolder();
  engine = await openEngine({ memoryLimit: "300MB", threads: 2, tempDirectory: root.at("spill"), maxTempSize: "1GB" }, signal);
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await root[Symbol.asyncDispose]();
});

const COLUMNS: readonly { readonly name: string; readonly kind: ColumnKind }[] = [
  { name: "id", kind: "integer" },
  { name: "at", kind: "timestamp_tz" },
  { name: "ok", kind: "boolean" },
  { name: "name", kind: "text" },
];

async function lint(bytes: string | Buffer, format: Partial<FileFormat> = {}, name = "in.csv", limit = 20) {
  const path = await root.write(`${Math.random()}/${name}`, bytes);
  return await lintFile(engine, path, { format: { ...PLAIN_CSV, ...format }, columns: COLUMNS }, limit, signal);
}

const GOOD = 'id,at,ok,name\n1,2024-01-02T03:04:05Z,true,"a,""b\n"\n2,,,\n';

test("a file in order has its rows counted and no problem", async () => {
  expect(await lint(GOOD)).toEqual({ rows: 2, problems: [], problemCount: 0 });
  expect(await lint(gzipSync(GOOD), { compression: "gzip" }, "in.csv.gz")).toEqual({ rows: 2, problems: [], problemCount: 0 });
});

test("a file that is packed with zstd is looked through like a plain one, and one that is torn is refused", async () => {
  const path = root.at("rows.csv.zst");
  const rows = `SELECT range AS id, '2024-01-02T00:00:00Z' AS "at", range % 2 = 0 AS ok, 'name' || range % 7 AS name FROM range(200000)`;
  await engine.run(`COPY (${rows}) TO '${path}' (FORMAT csv, HEADER, COMPRESSION zstd)`, signal);
  const bytes = await readFile(path);
  const whole = { rows: 200_000, problems: [], problemCount: 0 };
  expect(await lint(bytes, { compression: "zstd" }, "in.csv.zst")).toEqual(whole);
  // Frames one behind the other are one file.
  expect(await lint(Buffer.concat([bytes, bytes]), { compression: "zstd" }, "in.csv.zst")).toMatchObject({ rows: 400_001 });
  const torn = lint(bytes.subarray(0, bytes.length / 2), { compression: "zstd" }, "in.csv.zst");
  await expect(torn).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining("it cannot be unpacked") as string });
  await expect(lint("no zstd at all", { compression: "zstd" }, "in.csv.zst")).rejects.toMatchObject({ code: "USAGE" });
  await expect(lint("no gzip", { compression: "gzip" }, "in.csv.gz")).rejects.toMatchObject({ code: "USAGE" });
});

describe("what is wrong is told with its line", () => {
  test.each<[string, string | Buffer, Partial<FileFormat>, readonly (readonly [number | null, string])[]]>([
    ["an empty file", "", {}, [[null, "the file is empty: there is no header"]]],
    ["a column that is missing", "id,at,ok\n", {}, [[1, 'the header lacks the column "name"']]],
    ["columns in another order", "at,id,ok,name\n", {}, [[1, "the columns stand in another order than id, at, ok, name"]]],
    ["a column too many", "id,at,ok,name,more\n", {}, [[1, "the header has 5 columns, the model 4"]]],
    [
      "another delimiter",
      GOOD,
      { delimiter: ";" },
      [
        [1, 'the header lacks the column "id"'],
        [1, 'the header lacks the column "at"'],
      ],
    ],
    ["too few fields, behind a field with a line end", 'id,at,ok,name\n1,,,"x\ny"\n2,\n', {}, [[4, "2 fields where there are 4 columns"]]],
    ["CR LF", GOOD.replace("name\n", "name\r\n"), {}, [[1, "the line ends in CR LF, not in LF"]]],
    ["LF", "id,at,ok,name\r\n1,,,\n", { newline: "crlf" }, [[2, "the line ends in LF, not in CR LF"]]],
    ["a byte order mark", `\ufeff${GOOD}`, {}, [[1, "the file begins with a byte order mark"]]],
    ["none", GOOD, { bom: true }, [[1, "the byte order mark is missing"]]],
    ["no line end at the end", GOOD.slice(0, -1), {}, [[4, "the file ends in the middle of a line: its last line end is missing"]]],
    [
      "a quote that is not closed",
      'id,at,ok,name\n1,,,"x\n',
      {},
      [
        [2, "a quote is opened and never closed"],
        [2, "the file ends in the middle of a line: its last line end is missing"],
      ],
    ],
    ["a quote in a bare field", 'id,at,ok,name\n1,,,x"y\n', {}, [[2, "a quote stands inside of a field that is not in quotes"]]],
    ["text behind a quote", 'id,at,ok,name\n1,,,"x"y\n', {}, [[2, "text follows a closing quote"]]],
    [
      "a bare value under quote all",
      '"id","at","ok","name"\n"1","","",x\n',
      { quote: "all" },
      [[2, '"name" holds a value without quotes']],
    ],
    ["bytes that are no UTF-8", Buffer.from("id,at,ok,name\n1,,,\xe9\n", "latin1"), {}, [[2, '"name" holds bytes that are no UTF-8']]],
    ["NUL", "id,at,ok,name\n1,,,\0\n", {}, [[2, '"name" holds a NUL character']]],
    [
      "texts that are not of their kind",
      "id,at,ok,name\n1.5,yesterday,yes,\n",
      {},
      [
        [2, '"id" holds a text that is no integer'],
        [2, '"at" holds a text that is no timestamp with zone'],
        [2, '"ok" holds a text that is no boolean'],
      ],
    ],
    ["a line that is no JSON", '{"id":1,"at":null,"ok":null,"name":"x"}\n{"id":1\n', { format: "ndjson" }, [[2, "the line is no JSON"]]],
    ["a key that is missing", '{"id":1,"at":null,"ok":null}\n', { format: "ndjson" }, [[1, 'the key "name" is missing']]],
  ])("%s", async (_, bytes, format, problems) => {
    const found = await lint(bytes, format);
    expect(found.problems.slice(0, problems.length).map(({ line, message }) => [line, message])).toEqual(problems);
    expect(found.problemCount).toBeGreaterThanOrEqual(problems.length);
  });
});

test("only the first problems are kept, all are counted, and no value is shown", async () => {
  const found = await lint(`id,at,ok,name\n${"secret,,,\n".repeat(50)}`, {}, "in.csv", 3);
  expect([found.rows, found.problems.length, found.problemCount]).toEqual([50, 3, 50]);
  expect(JSON.stringify(found)).not.toContain("secret");
});

test("a Parquet file is held against the types of its columns", async () => {
  const path = root.at("in.parquet");
  await engine.run(`COPY (SELECT 1::BIGINT AS id, '2024' AS at, true AS ok, 'x' AS other) TO '${path}' (FORMAT parquet)`, signal);
  const found = await lintFile(engine, path, { format: { ...PLAIN_CSV, format: "parquet" }, columns: COLUMNS }, 20, signal);
  expect(found.problems.map(({ message }) => message)).toEqual([
    '"at" is of the type VARCHAR, not TIMESTAMP WITH TIME ZONE',
    'the file lacks the column "name"',
  ]);
});

test("an encrypted file is not guessed at", async () => {
  await expect(lint(GOOD, { recipients: ["key"] }, "in.csv.pgp")).rejects.toMatchObject({ code: "USAGE" });
});

test("records are the same wherever their bytes are cut into chunks", async () => {
  const bytes = Buffer.from('\ufeffid§"a""§\r\n"§é\r\n\r\n"x"y§"\n');
  const format = { delimiter: "§", quote: "minimal", newline: "crlf" } as const;
  const records = async (chunks: readonly Buffer[]): Promise<readonly FileRecord[]> => {
    const all: FileRecord[] = [];
    for await (const record of splitRecords(Readable.from(chunks), format)) all.push(record);
    return all;
  };
  const whole = await records([bytes]);
  expect(whole.map(({ line, fields }) => [line, fields.length])).toEqual([
    [1, 3],
    [3, 1],
    [4, 2],
  ]);
  for (let size = 1; size < 8; size += 1) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
    expect(await records(chunks)).toEqual(whole);
  }
});

test("whatever is delivered passes", async () => {
  const text = fc.option(fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r", " ", "é", "😀", "§", "\ufeff"), maxLength: 6 }));
  const formats = fc.record({
    delimiter: fc.constantFrom(",", "\t", "§"),
    quote: fc.constantFrom("minimal", "all", "non_null"),
    newline: fc.constantFrom("lf", "crlf"),
    bom: fc.boolean(),
    header: fc.boolean(),
    format: fc.constantFrom("csv", "ndjson"),
    nullText: fc.constantFrom("", "\\N"),
  });
  const header = ["id", "na§me,"];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(), text), { minLength: 1, maxLength: 8 }), formats, async (rows, format) => {
      const folder = await mkdtemp(root.at("staging-"));
      const changes: readonly DeltaRow[] = rows.map(([id, value]) => ({ op: "added", after: [String(id), value] }));
      const request = filesRequest(folder, header, changes, format, ["integer", "text"]);
      await writeDelta(engine, request.delta.path, 2, changes);
      const [file] = await writeFiles(engine, request, signal);
      const columns = [
        { name: "id", kind: "integer" },
        { name: "na§me,", kind: "text" },
      ] as const;
      const found = await lintFile(engine, file?.path ?? "", { format: request.stream.fileFormat, columns }, 20, signal);
      expect(found).toEqual({ rows: rows.length, problems: [], problemCount: 0 });
    }),
    { numRuns: 60 },
  );
});
