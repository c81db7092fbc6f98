import { mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { decompress } from "fzstd";
import Papa from "papaparse";
import type { FileFormat } from "../../src/core/types.ts";
import type { Engine } from "../../src/engine/open-engine.ts";
import { sqlText } from "../../src/engine/sql-literal.ts";
import { writeFiles } from "../../src/files/write-files.ts";
import { filesRequest, writeDelta } from "./delta-on-disk.ts";

const signal = AbortSignal.timeout(240_000);

/** Texts of a row, NULL as null. */
export type Row = readonly (string | null)[];
/** What a reader has to know of a file. */
export type Dialect = Pick<FileFormat, "delimiter" | "quote" | "nullText" | "header" | "newline" | "bom" | "compression">;

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
/** Tables of odd texts. */
export const table = fc
  .integer({ min: 2, max: 4 })
  .chain((width) => fc.array(fc.array(field, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 12 }));
/** Delimiters of all sorts. */
export const DELIMITERS = [",", "\t", ";", "|", "^", " ", "§"] as const;
const NULL_TEXTS = ["", "NULL", "\\N", "-", "0"] as const;

/** Writes rows as added ones into one file below a folder, and returns its path. */
export async function writeRows(
  { engine, below }: { readonly engine: Engine; readonly below: string },
  rows: readonly Row[],
  dialect: Partial<FileFormat>,
  names = namesFor(rows, dialect),
): Promise<string> {
  const folder = await mkdtemp(join(below, "staging-"));
  const changes = rows.map((after) => ({ op: "added" as const, after }));
  const request = filesRequest(folder, names, changes, dialect);
  await writeDelta(engine, request.delta.path, names.length, changes);
  const [file] = await writeFiles(engine, request, signal);
  return file?.path ?? "";
}

/** Plain names behind a byte order mark: DuckDB's reader loses its way in a first name with quotes there. */
export function namesFor(rows: readonly Row[], { bom = false }: Partial<FileFormat> = {}): readonly string[] {
  return (rows[0] ?? []).map((_, at) => (bom ? `c${at}` : ` column "${at}",;|\t`));
}

async function plainBytes(path: string, { compression }: Pick<FileFormat, "compression">): Promise<Buffer> {
  const bytes = await readFile(path);
  if (compression === "zstd") return Buffer.from(decompress(bytes));
  return compression === "gzip" ? gunzipSync(bytes) : bytes;
}

/** What csv-parse sees, with NULL told from a quoted null text. */
export async function throughCsvParse(path: string, dialect: Dialect): Promise<readonly Row[]> {
  const { delimiter, nullText, header, quote } = dialect;
  const bytes = await plainBytes(path, dialect);
  const records: readonly Row[] = parse(dialect.bom ? bytes.subarray(3) : bytes, {
    delimiter,
    record_delimiter: dialect.newline === "crlf" ? "\r\n" : "\n",
    quote: quote === "none" ? null : '"',
    from: header ? 2 : 1,
    cast: (value, { quoting }) => (!quoting && value === nullText ? null : value),
  });
  return records;
}

/** What Papa Parse sees; it does not tell quoted from bare. */
export async function throughPapaParse(path: string, dialect: Dialect): Promise<readonly (readonly string[])[]> {
  const { delimiter, header, newline, quote } = dialect;
  const text = (await plainBytes(path, dialect)).toString("utf8");
  // Without quotes a character that never stands in a text takes their place.
  const quoteChar = quote === "none" ? "\0" : '"';
  const { data } = Papa.parse<string[]>(text, { delimiter, newline: newline === "crlf" ? "\r\n" : "\n", quoteChar });
  return data.slice(header ? 1 : 0, -1);
}

/** What DuckDB's reader sees; it comes as base64, since the driver drops a byte order mark in front of a text. */
export async function throughDuckdb(engine: Engine, path: string, width: number, dialect: Dialect): Promise<readonly Row[]> {
  const { delimiter, nullText, header, quote, newline, compression } = dialect;
  const columns = Array.from({ length: width }, (_, at) => `c${at}: 'VARCHAR'`).join(", ");
  const quoting = quote === "none" ? "quote='', escape=''" : `quote='"', escape='"'`;
  const options = `auto_detect=false, header=${header}, delim=${sqlText(delimiter)}, ${quoting}, nullstr=${sqlText(nullText)}, allow_quoted_nulls=${quote === "all"}, new_line='${newline === "crlf" ? "\\r\\n" : "\\n"}', compression='${compression}'`;
  const texts = Array.from({ length: width }, (_, at) => `to_base64(encode(c${at}))`).join(", ");
  const rows = await engine.rows(`SELECT ${texts} FROM read_csv(${sqlText(path)}, ${options}, columns={${columns}})`, signal);
  return rows.map((row) => row.map((text) => (text === null ? null : Buffer.from(text, "base64").toString())));
}

/** Dialects but for delimiter and quotes. */
export const dialects = fc.record({
  nullText: fc.constantFrom(...NULL_TEXTS),
  header: fc.boolean(),
  newline: fc.constantFrom("lf", "crlf"),
  bom: fc.boolean(),
  compression: fc.constantFrom("none", "gzip", "zstd"),
});
