import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FileFormat } from "../../src/core/types.ts";
import { type Engine, openEngine } from "../../src/engine/open-engine.ts";
import { sqlText } from "../../src/engine/sql-literal.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";
import {
  DELIMITERS,
  dialects,
  namesFor,
  type Row,
  table,
  throughCsvParse,
  throughDuckdb,
  throughPapaParse,
  writeRows,
} from "./any-table.ts";

const signal = AbortSignal.timeout(120_000);
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

const write = async (rows: readonly Row[], dialect: Partial<FileFormat>, names?: readonly string[]): Promise<string> =>
  await writeRows({ engine, below: root.path }, rows, dialect, names);

describe.each(["minimal", "non_null"] as const)("any table under quote %s", (quote) => {
  test.each(DELIMITERS)(
    "F09: with the delimiter %j reads back as it was, NULL told from the empty string and from its own text",
    async (delimiter) => {
      await fc.assert(
        fc.asyncProperty(table, dialects, async (rows, some) => {
          const dialect = { ...some, delimiter, quote };
          const path = await write(rows, dialect);
          expect(await throughDuckdb(engine, path, rows[0]?.length ?? 0, dialect)).toEqual(rows);
          expect(await throughCsvParse(path, dialect)).toEqual(rows);
          expect(await throughPapaParse(path, dialect)).toEqual(rows.map((row) => row.map((text) => text ?? some.nullText)));
        }),
        { numRuns: 10 },
      );
    },
  );
});

test("any table as ndjson reads back as it was", async () => {
  await fc.assert(
    fc.asyncProperty(table, fc.constantFrom("lf", "crlf"), async (rows, newline) => {
      const text = await readFile(await write(rows, { format: "ndjson", newline }), "utf8");
      const lines = text.split(newline === "crlf" ? "\r\n" : "\n").slice(0, -1);
      const names = namesFor(rows);
      expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
        rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]]))),
      );
    }),
    { numRuns: 30 },
  );
});

test("any table as Parquet reads back as it was", async () => {
  await fc.assert(
    fc.asyncProperty(table, async (rows) => {
      const path = await write(rows, { format: "parquet", compression: "snappy" });
      const texts = namesFor(rows).map((name) => `to_base64(encode("${name.replaceAll('"', '""')}"))`);
      const read = await engine.rows(`SELECT ${texts.join(", ")} FROM read_parquet(${sqlText(path)})`, signal);
      expect(read.map((row) => row.map((text) => (text === null ? null : Buffer.from(text, "base64").toString())))).toEqual(rows);
    }),
    { numRuns: 20 },
  );
});
