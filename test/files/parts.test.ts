import { mkdtemp, readFile } from "node:fs/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FileFormat } from "../../src/core/types.ts";
import { type Engine, openEngine } from "../../src/engine/open-engine.ts";
import { decodeSplitValue, encodeSplitValue } from "../../src/files/split-value.ts";
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

async function write(header: readonly string[], rows: readonly DeltaRow[], format: Partial<FileFormat>, splits: readonly number[] = []) {
  const folder = await mkdtemp(root.at("staging-"));
  const request = filesRequest(folder, header, rows, format);
  await writeDelta(engine, request.delta.path, header.length, rows);
  const files = await writeFiles(engine, { ...request, mapping: { ...request.mapping, splits } }, signal);
  return await Promise.all(files.map(async (file) => ({ ...file, text: await readFile(file.path, "utf8") })));
}

const numbered = (count: number): readonly DeltaRow[] => Array.from({ length: count }, (_, at) => ({ op: "added", after: [String(at)] }));

describe("a limit of rows", () => {
  test("F14: goes on in parts that count from 1, each with the header", async () => {
    const files = await write(["Id"], numbered(5), { maxRows: 2 });
    expect(files.map((file) => [file.key, file.rows, file.text])).toEqual([
      ["users-000007-added-0001.csv", 2n, "Id\n0\n1\n"],
      ["users-000007-added-0002.csv", 2n, "Id\n2\n3\n"],
      ["users-000007-added-0003.csv", 1n, "Id\n4\n"],
    ]);
  });

  test("counts parts anew for each change", async () => {
    const rows: readonly DeltaRow[] = [...numbered(3), { op: "removed", before: ["9"] }, { op: "removed", before: ["8"] }];
    const files = await write(["Id"], rows, { maxRows: 2 });
    expect(files.map((file) => [file.change, file.part])).toEqual([
      ["removed", 1],
      ["added", 1],
      ["added", 2],
    ]);
  });

  test("begins each part with a byte order mark, also without a header", async () => {
    const files = await write(["Id"], numbered(3), { maxRows: 2, bom: true, header: false });
    expect(files.map((file) => file.text)).toEqual(["\ufeff0\n1\n", "\ufeff2\n"]);
  });
});

describe("a limit of bytes", () => {
  test("is kept to the byte, the header counted", async () => {
    const rows: readonly DeltaRow[] = ["aaaa", "bbbb", "cc", "é", "d"].map((text) => ({ op: "added", after: [text] }));
    const exact = await write(["Id"], rows, { maxBytes: 13 });
    expect(exact.map((file) => file.text)).toEqual(["Id\naaaa\nbbbb\n", "Id\ncc\né\nd\n"]);
    const less = await write(["Id"], rows, { maxBytes: 12 });
    expect(less.map((file) => file.text)).toEqual(["Id\naaaa\n", "Id\nbbbb\ncc\n", "Id\né\nd\n"]);
  });

  test("counts bytes before compression, CR and byte order mark included", async () => {
    const files = await write(["Id"], numbered(4), { maxBytes: 3 + 4 + 2 * 3, newline: "crlf", bom: true });
    expect(files.map((file) => file.text)).toEqual(["\ufeffId\r\n0\r\n1\r\n", "\ufeffId\r\n2\r\n3\r\n"]);
  });

  test("refuses a row that is longer than a file may be, without showing it", async () => {
    const rows: readonly DeltaRow[] = [{ op: "added", after: ["secret text"] }];
    const failure = write(["Id"], rows, { maxBytes: 10 });
    await expect(failure).rejects.toMatchObject({ code: "DATA_ROW_TOO_LARGE" });
    await expect(failure).rejects.not.toThrow(/secret/u);
  });

  test("never splits a row or loses one, and fills each part as far as it goes", async () => {
    const row = fc.string({ unit: fc.constantFrom("a", "\n", '"', "é", ","), maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 60, max: 90 }),
        fc.option(fc.integer({ min: 1, max: 7 })),
        async (texts, maxBytes, maxRows) => {
          const rows: readonly DeltaRow[] = texts.map((text) => ({ op: "added", after: [text] }));
          const [whole] = await write(["Id"], rows, {});
          const parts = await write(["Id"], rows, { maxBytes, maxRows });
          expect(parts.every((part) => part.size <= maxBytes && part.rows <= (maxRows ?? Infinity))).toBe(true);
          expect(parts.map((part) => part.text.slice(3)).join("")).toBe(whole?.text.slice(3));
          for (const [at, part] of parts.slice(1).entries()) {
            const before = parts[at];
            const first = part.text.slice(3, 4 + firstRowLength(part.text.slice(3)));
            expect((before?.size ?? 0) + Buffer.byteLength(first) > maxBytes || before?.rows === BigInt(maxRows ?? -1)).toBe(true);
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});

function firstRowLength(text: string): number {
  let quotes = 0;
  return [...text].findIndex((character) => {
    if (character === '"') quotes += 1;
    return character === "\n" && quotes % 2 === 0;
  });
}

describe("files that are split", () => {
  const rows: readonly DeltaRow[] = [
    { op: "added", after: ["1", "view"] },
    { op: "added", after: ["2", null] },
    { op: "added", after: ["3", ""] },
    { op: "added", after: ["4", "buy/now é"] },
    { op: "added", after: ["5", "view"] },
    { op: "removed", before: ["6", "view"] },
  ];
  const format = { splitBy: ["event"], folder: "{event}" };

  test("are one per value, NULL and the empty text apart, rows in the delta's order", async () => {
    const files = await write(["Id", "event"], rows, { ...format, header: false }, [1]);
    expect(files.map((file) => [file.key, file.split, file.part, file.text])).toEqual([
      ["view/users-000007-removed-0001.csv", { event: "view" }, 1, "6,view\n"],
      ["~null/users-000007-added-0001.csv", { event: null }, 1, "2,\n"],
      ["~empty/users-000007-added-0001.csv", { event: "" }, 1, '3,""\n'],
      ["buy~2Fnow~20~C3~A9/users-000007-added-0001.csv", { event: "buy/now é" }, 1, "4,buy/now é\n"],
      ["view/users-000007-added-0001.csv", { event: "view" }, 1, "1,view\n5,view\n"],
    ]);
  });

  test("count parts within each value", async () => {
    const files = await write(["Id", "event"], rows, { ...format, maxRows: 1 }, [1]);
    expect(files.filter((file) => file.split["event"] === "view").map((file) => [file.change, file.part])).toEqual([
      ["removed", 1],
      ["added", 1],
      ["added", 2],
    ]);
  });

  test("by two columns are one per combination", async () => {
    const both = await write(["Id", "event"], rows, { splitBy: ["event", "Id"], folder: "{event}/{Id}", maxRows: 5 }, [1, 0]);
    expect(new Set(both.map((file) => file.key)).size).toBe(rows.length);
    expect(both.at(-1)?.key).toBe("view/5/users-000007-added-0001.csv");
  });

  test("refuse a value that no key can hold, by its column's name", async () => {
    const long: readonly DeltaRow[] = [{ op: "added", after: ["1", "é".repeat(400)] }];
    await expect(write(["Id", "event"], long, format, [1])).rejects.toMatchObject({
      code: "DATA_UNENCODABLE",
      context: { columns: ["event"] },
    });
  });
});

test("a split value and its piece of a key stand for each other, whatever it holds", () => {
  const value = fc.oneof(
    fc.constant(null),
    fc.string({ unit: "binary" }),
    fc.constantFrom("", "~null", "~empty", "..", ".", "~41", "NULL", "a.b-c_d"),
  );
  fc.assert(
    fc.property(value, (text) => {
      const piece = encodeSplitValue(text);
      expect(piece).toMatch(/^[0-9A-Za-z_~-][0-9A-Za-z_.~-]*$/u);
      expect(decodeSplitValue(piece)).toBe(text);
    }),
    { numRuns: 1000 },
  );
});

describe("named changes", () => {
  const rows: readonly DeltaRow[] = [
    { op: "added", after: ["1", "new"] },
    { op: "removed", before: ["2", "gone"] },
    { op: "changed", after: ["3", "now"], before: ["3", "then"] },
    { op: "added", after: ["4", "new"] },
  ];

  test("share files in the delta's order, under the group's name, what is gone first", async () => {
    const groups = [
      { name: "upsert", kinds: ["added", "changed"] },
      { name: "delete", kinds: ["removed"] },
    ] as const;
    const files = await write(["Id", "Name"], rows, { groups, header: false });
    expect(files.map((file) => [file.key, file.text])).toEqual([
      ["users-000007-delete-0001.csv", "2,gone\n"],
      ["users-000007-upsert-0001.csv", "1,new\n3,now\n4,new\n"],
    ]);
  });

  test("may hold removed rows too, each with what it was told last", async () => {
    const groups = [{ name: "all", kinds: ["added", "changed", "removed"] }] as const;
    expect((await write(["Id", "Name"], rows, { groups, header: false })).map((file) => file.text)).toEqual([
      "1,new\n2,gone\n3,now\n4,new\n",
    ]);
  });
});

describe("a change without rows", () => {
  const rows: readonly DeltaRow[] = [{ op: "added", after: ["1"] }];

  test("has no file, unless empty: header_only asks for one with a header alone", async () => {
    expect((await write(["Id"], rows, {})).map((file) => file.change)).toEqual(["added"]);
    const files = await write(["Id"], rows, { empty: "header_only", maxRows: 1 });
    expect(files.map((file) => [file.change, file.rows, file.text])).toEqual([
      ["removed", 0n, "Id\n"],
      ["changed", 0n, "Id\n"],
      ["added", 1n, "Id\n1\n"],
    ]);
  });

  test("has a file where a whole table is empty, and one for rows that left", async () => {
    const files = await write(["Id"], [{ op: "refresh", after: ["1"] }], { empty: "header_only", groups: [] });
    expect(files.map((file) => [file.change, file.text])).toEqual([
      ["removed", "Id\n"],
      ["full", "Id\n"],
    ]);
  });
});

test("the one file that replaces another is the whole table, without removals", async () => {
  const rows: readonly DeltaRow[] = [
    { op: "full", after: ["1"] },
    { op: "removed", before: ["2"] },
  ];
  const files = await write(["Id"], rows, { overwrite: true, name: "latest", groups: [] });
  expect(files.map((file) => [file.key, file.text])).toEqual([["latest.csv", "Id\n1\n"]]);
});
