import { mkdtemp, readFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FileFormat } from "../../src/core/types.ts";
import { type Engine, openEngine } from "../../src/engine/open-engine.ts";
import { sqlText } from "../../src/engine/sql-literal.ts";
import { writeFiles } from "../../src/files/write-files.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";
import { filesRequest, writeDelta } from "./delta-on-disk.ts";

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

type Row = readonly (string | null)[];
type Dialect = Pick<FileFormat, "delimiter" | "quote" | "nullText" | "header">;

const ODD = [
  ",",
  "\t",
  ";",
  "|",
  "^",
  "§",
  '"',
  "'",
  "\r",
  "\n",
  "\r\n",
  " ",
  "\u00a0",
  "\u3000",
  "\ufeff",
  "#",
  "\\",
  "N",
  "NULL",
  "\\N",
  "-",
  "=",
  "0",
  "a",
  "é",
  "e\u0301",
  "😀",
  "\u000b",
  "\u0085",
  "\u2028",
  "\u0001",
  "\u007f",
  "\u202e",
] as const;
const field = fc.oneof(
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constant("") },
  { weight: 6, arbitrary: fc.array(fc.constantFrom(...ODD), { minLength: 1, maxLength: 5 }).map((units) => units.join("")) },
  { weight: 1, arbitrary: fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", "")) },
);
const table = fc
  .integer({ min: 2, max: 4 })
  .chain((width) => fc.array(fc.array(field, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 12 }));
const DELIMITERS = [",", "\t", ";", "|", "^", " ", "§"] as const;
const NULL_TEXTS = ["", "NULL", "\\N", "-", "0"] as const;

async function write(rows: readonly Row[], dialect: Dialect): Promise<string> {
  const folder = await mkdtemp(root.at("staging-"));
  const names = (rows[0] ?? []).map((_, at) => ` column "${at}",;|\t`);
  const changes = rows.map((after) => ({ op: "added" as const, after }));
  const request = filesRequest(folder, names, changes, dialect);
  await writeDelta(engine, request.delta.path, names.length, changes);
  const [file] = await writeFiles(engine, request, signal);
  return file?.path ?? "";
}

/** What a reader in Node sees, with NULL told from a quoted null text. */
async function throughCsvParse(path: string, { delimiter, nullText, header }: Dialect): Promise<readonly Row[]> {
  const records: readonly Row[] = parse(await readFile(path), {
    delimiter,
    record_delimiter: "\n",
    from: header ? 2 : 1,
    cast: (value, { quoting }) => (!quoting && value === nullText ? null : value),
  });
  return records;
}

/** What DuckDB's reader sees; it comes as base64, since the driver drops a byte order mark in front of a text. */
async function throughDuckdb(path: string, width: number, { delimiter, nullText, header }: Dialect): Promise<readonly Row[]> {
  const columns = Array.from({ length: width }, (_, at) => `c${at}: 'VARCHAR'`).join(", ");
  const options = `auto_detect=false, header=${header}, delim=${sqlText(delimiter)}, quote='"', escape='"', nullstr=${sqlText(nullText)}, allow_quoted_nulls=false, new_line='\\n'`;
  const texts = Array.from({ length: width }, (_, at) => `to_base64(encode(c${at}))`).join(", ");
  const rows = await engine.rows(`SELECT ${texts} FROM read_csv(${sqlText(path)}, ${options}, columns={${columns}})`, signal);
  return rows.map((row) => row.map((text) => (text === null ? null : Buffer.from(text, "base64").toString())));
}

describe.each(["minimal", "all"] as const)("any table under quote %s", (quote) => {
  describe.each(DELIMITERS)("with the delimiter %j", (delimiter) => {
    const dialects = fc.record({ nullText: fc.constantFrom(...NULL_TEXTS), header: fc.boolean() });

    test("reads back as it was, NULL told from the empty string and from its own text", async () => {
      await fc.assert(
        fc.asyncProperty(table, dialects, async (rows, some) => {
          const dialect = { ...some, delimiter, quote };
          const path = await write(rows, dialect);
          expect(await throughCsvParse(path, dialect)).toEqual(rows);
          expect(await throughDuckdb(path, rows[0]?.length ?? 0, dialect)).toEqual(rows);
        }),
        { numRuns: 25 },
      );
    });
  });
});
