import { createHash } from "node:crypto";
import { mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FileFormat } from "../../src/core/types.ts";
import { type Engine, openEngine } from "../../src/engine/open-engine.ts";
import { writeFiles } from "../../src/files/write-files.ts";
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

type Header = Parameters<typeof filesRequest>[1];

async function write(header: Header, rows: readonly DeltaRow[], format: Partial<FileFormat> = {}) {
  const folder = await mkdtemp(root.at("staging-"));
  const request = filesRequest(folder, header, rows, format);
  await writeDelta(engine, request.delta.path, header.filter((column) => typeof column === "string").length, rows);
  const files = await writeFiles(engine, request, signal);
  return await Promise.all(files.map(async (file) => ({ ...file, text: await readFile(file.path, "utf8") })));
}

/** The bytes of a field beside another one. */
async function field(value: string | null, format: Partial<FileFormat> = {}): Promise<string> {
  const [file] = await write(["a", "b"], [{ op: "added", after: [value, "x"] }], { header: false, ...format });
  return file?.text.slice(0, -2 - (format.delimiter ?? ",").length - (format.quote === "all" || format.quote === "non_null" ? 2 : 0)) ?? "";
}

describe("a field under minimal quoting", () => {
  test.each([
    ["plain text", "abc", "abc"],
    ["NULL", null, ""],
    ["the empty string", "", '""'],
    ["the delimiter", "a,b", '"a,b"'],
    ["a quote", 'a"b', '"a""b"'],
    ["LF", "a\nb", '"a\nb"'],
    ["CR", "a\rb", '"a\rb"'],
    ["CR LF", "a\r\nb", '"a\r\nb"'],
    ["a leading blank", " a", '" a"'],
    ["a trailing blank", "a ", '"a "'],
    ["a blank inside", "a b", "a b"],
    ["a leading tab", "\ta", '"\ta"'],
    ["a tab inside", "a\tb", "a\tb"],
    ["a trailing no-break space", "a\u00a0", '"a\u00a0"'],
    ["a trailing ideographic space", "a\u3000", '"a\u3000"'],
    ["a byte order mark in front", "\ufeffa", '"\ufeffa"'],
    ["a vertical tab inside", "a\u000bb", "a\u000bb"],
    ["a line separator inside", "a\u2028b", "a\u2028b"],
    ["a hash in front", "#a", "#a"],
    ["a backslash and N", "\\N", "\\N"],
    ["emoji", "😀", "😀"],
    ["a combining accent", "e\u0301", "e\u0301"],
    ["one letter", "a", "a"],
    ["one quote", '"', '""""'],
    ["one blank", " ", '" "'],
    ["a digit string with zeros", "007", "007"],
    ["an apostrophe", "it's", "it's"],
  ])("%s", async (_, value, bytes) => {
    expect(await field(value)).toBe(bytes);
  });
});

describe("a field under other formats", () => {
  test.each<[string, Partial<FileFormat>, string | null, string]>([
    ["quote all quotes a value", { quote: "all" }, "abc", '"abc"'],
    ["quote all quotes the empty string", { quote: "all" }, "", '""'],
    ["quote all quotes NULL as well", { quote: "all" }, null, '""'],
    ["quote all quotes the null text for NULL", { quote: "all", nullText: "NULL" }, null, '"NULL"'],
    ["quote non_null quotes a value", { quote: "non_null" }, "abc", '"abc"'],
    ["quote non_null quotes the empty string", { quote: "non_null" }, "", '""'],
    ["quote non_null leaves NULL bare, so that it differs from the empty string", { quote: "non_null" }, null, ""],
    ["quote none leaves everything bare", { quote: "none" }, ' a"b ', ' a"b '],
    ["quote none leaves the empty string like NULL", { quote: "none" }, "", ""],
    ["the null text is bare", { nullText: "NULL" }, null, "NULL"],
    ["a value that equals the null text is quoted", { nullText: "NULL" }, "NULL", '"NULL"'],
    ["a value that only begins with the null text is bare", { nullText: "NULL" }, "NULLS", "NULLS"],
    ["the empty string stays quoted beside a null text", { nullText: "\\N" }, "", '""'],
    ["under a tab a comma is bare", { delimiter: "\t" }, "a,b", "a,b"],
    ["under a tab a tab is quoted", { delimiter: "\t" }, "a\tb", '"a\tb"'],
    ["a delimiter that means something in a pattern is just itself", { delimiter: "^" }, "a^b", '"a^b"'],
    ["a closing bracket as delimiter", { delimiter: "]" }, "a]b", '"a]b"'],
    ["a backslash as delimiter", { delimiter: "\\" }, "a\\b", '"a\\b"'],
    ["any character of a long delimiter is quoted", { delimiter: "||" }, "a|", '"a|"'],
    ["an apostrophe as delimiter", { delimiter: "'" }, "it's", '"it\'s"'],
    ["a delimiter outside ASCII", { delimiter: "§" }, "a§b", '"a§b"'],
  ])("%s", async (_, format, value, bytes) => {
    expect(await field(value, format)).toBe(bytes);
  });
});

describe("the files of a delta", () => {
  const rows: readonly DeltaRow[] = [
    { op: "changed", after: ["1", "new"], before: ["1", "old"] },
    { op: "removed", before: ["2", "told, last"] },
    { op: "added", after: ["10", null] },
    { op: "refresh", after: ["11", "silent"] },
    { op: "added", after: ["9", ""] },
  ];

  test("are one per change with rows, removals first, rows in the delta's order", async () => {
    const files = await write(["Id", "First, name"], rows);
    expect(files.map((file) => [file.change, file.key, file.rows, file.text])).toEqual([
      ["removed", "users-000007-removed-0001.csv", 1n, 'Id,"First, name"\n2,"told, last"\n'],
      ["changed", "users-000007-changed-0001.csv", 1n, 'Id,"First, name"\n1,new\n'],
      ["added", "users-000007-added-0001.csv", 2n, 'Id,"First, name"\n10,\n9,""\n'],
    ]);
  });

  test("say their size and hash truthfully", async () => {
    for (const file of await write(["Id", "Name"], rows)) {
      expect(file.size).toBe(Buffer.byteLength(file.text));
      expect(file.sha256).toBe(createHash("sha256").update(file.text).digest("hex"));
    }
  });

  test("show the facts of the run, quoted like everything else", async () => {
    const header: Header = [
      { name: "c", metadata: "_change" },
      "Id",
      { name: "m", metadata: "_member" },
      { name: "g", metadata: "_generation" },
      { name: "t", metadata: "_scheduled_at" },
      { name: "r", metadata: "_run_id" },
    ];
    const one: readonly DeltaRow[] = [
      { op: "full", after: ["1"] },
      { op: "removed", before: ["2"] },
    ];
    const [removed, full] = await write(header, one, { delimiter: "|" });
    expect(removed?.text).toBe("c|Id|m|g|t|r\nremoved|2|false|7|2024-03-01T06:00:00.12Z|01ABC\n");
    expect(full?.text).toBe("c|Id|m|g|t|r\nfull|1|true|7|2024-03-01T06:00:00.12Z|01ABC\n");
  });

  test("have a header under quote all that is quoted too, and none when header is off", async () => {
    const one: readonly DeltaRow[] = [{ op: "added", after: ["1"] }];
    expect((await write(['I"d'], one, { quote: "all" }))[0]?.text).toBe('"I""d"\n"1"\n');
    expect((await write(["Id"], one, { header: false }))[0]?.text).toBe("1\n");
  });

  test("keep an empty line for a NULL that is alone in its row", async () => {
    expect((await write(["Id"], [{ op: "added", after: [null] }]))[0]?.text).toBe("Id\n\n");
  });

  test("quote a removed value that was told while its column was text, though it is a number now", async () => {
    const folder = await mkdtemp(root.at("staging-"));
    const changes: readonly DeltaRow[] = [
      { op: "removed", before: ["1,5"] },
      { op: "added", after: ["15"] },
      { op: "added", after: [null] },
    ];
    const request = filesRequest(folder, ["Size"], changes, { header: false }, "integer");
    await writeDelta(engine, request.delta.path, 1, changes);
    const files = await writeFiles(engine, request, signal);
    expect(await Promise.all(files.map(async (file) => readFile(file.path, "utf8")))).toEqual(['"1,5"\n', "15\n\n"]);
  });

  test("quote a number where the delimiter or the null text could be part of it", async () => {
    const changes: readonly DeltaRow[] = [
      { op: "added", after: ["-1.5", "0"] },
      { op: "added", after: [null, "1"] },
    ];
    for (const [format, bytes] of [
      [{ delimiter: "." }, '"-1.5".0\n.1\n'],
      [{ nullText: "0" }, '-1.5,"0"\n0,1\n'],
      [{ delimiter: "|", nullText: "-" }, "-1.5|0\n-|1\n"],
      [{ quote: "all" as const }, '"-1.5","0"\n"","1"\n'],
      [{ quote: "non_null" as const }, '"-1.5","0"\n,"1"\n'],
    ] as const) {
      const folder = await mkdtemp(root.at("staging-"));
      const request = filesRequest(folder, ["A", "B"], changes, { header: false, ...format }, "decimal");
      await writeDelta(engine, request.delta.path, 2, changes);
      const [file] = await writeFiles(engine, request, signal);
      expect(await readFile(file?.path ?? "", "utf8")).toBe(bytes);
    }
  });

  test("tell empty bytes from NULL", async () => {
    const changes: readonly DeltaRow[] = [{ op: "added", after: ["", null] }];
    const folder = await mkdtemp(root.at("staging-"));
    const request = filesRequest(folder, ["A", "B"], changes, { header: false }, "bytes");
    await writeDelta(engine, request.delta.path, 2, changes);
    const [file] = await writeFiles(engine, request, signal);
    expect(await readFile(file?.path ?? "", "utf8")).toBe('"",\n');
  });

  test("are none when the delta tells nothing", async () => {
    expect(await write(["Id"], [{ op: "refresh", after: ["1"] }])).toEqual([]);
  });

  test("refuse a NUL with the columns and counts, never the value", async () => {
    const bad: readonly DeltaRow[] = [
      { op: "added", after: ["1", "sec\0ret"] },
      { op: "added", after: ["2", "\0"] },
    ];
    const failure = write(["Id", "Name"], bad);
    await expect(failure).rejects.toMatchObject({ code: "DATA_UNENCODABLE", context: { columns: ["Name"] } });
    await expect(failure).rejects.toThrow(/"Name" \(2 rows\) of the added rows of users/u);
    await expect(failure).rejects.not.toThrow(/sec|ret"/u);
  });

  test("are refused when they hold other rows than the delta counts", async () => {
    const folder = await mkdtemp(root.at("staging-"));
    const request = filesRequest(folder, ["Id"], [{ op: "added", after: ["1"] }]);
    await writeDelta(engine, request.delta.path, 1, [
      { op: "added", after: ["1"] },
      { op: "added", after: ["2"] },
    ]);
    await expect(writeFiles(engine, request, signal)).rejects.toMatchObject({ code: "INTERNAL" });
  });

  test("stop when the signal does", async () => {
    const folder = await mkdtemp(root.at("staging-"));
    const request = filesRequest(folder, ["Id"], [{ op: "added", after: ["1"] }]);
    await expect(writeFiles(engine, request, AbortSignal.abort())).rejects.toThrow(/abort/iu);
  });
});

describe("many rows", () => {
  test("stay in the delta's order although the engine works on them in parallel", async () => {
    const folder = await mkdtemp(root.at("staging-"));
    const count = 400_000;
    const path = join(folder, "delta.parquet");
    await engine.run(
      `COPY (SELECT CASE WHEN i % 3 = 0 THEN 'changed' ELSE 'added' END AS op, CAST(i AS VARCHAR) AS o0 FROM range(${count}) t(i)) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 20000)`,
      signal,
    );
    const request = filesRequest(folder, ["Id"], [], { header: false });
    const counts = { ...request.delta.counts, changed: 133_334n, added: 266_666n };
    const files = await writeFiles(engine, { ...request, delta: { path, counts } }, signal);
    const added = (await readFile(files[1]?.path ?? "", "utf8")).trimEnd().split("\n");
    const expected = Array.from({ length: count }, (_, at) => String(at)).filter((_, at) => at % 3 !== 0);
    expect(added).toEqual(expected);
  });
});
