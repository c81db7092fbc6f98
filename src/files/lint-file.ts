import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { SyncError } from "../core/errors.ts";
import type { SqlSession } from "../core/ports.ts";
import type { ColumnKind, FileFormat } from "../core/types.ts";
import { sqlText } from "../engine/sql-literal.ts";
import { lintValue } from "./lint-value.ts";
import { parquetColumn } from "./parquet-column.ts";
import { type FileRecord, type RecordField, splitRecords } from "./split-records.ts";
import { createUnzstd } from "./unzstd.ts";

/** What files of a stream look like. */
export interface FileContract {
  readonly format: FileFormat;
  readonly columns: readonly { readonly name: string; readonly kind: ColumnKind }[];
}

/** Something in a file that its contract does not allow; never with a value. */
export interface FileProblem {
  /** From 1; null when it is about the file as a whole. */
  readonly line: number | null;
  readonly message: string;
}

/** What a look through a file came to. */
export interface LintedFile {
  /** Without the header. */
  readonly rows: number;
  /** The first ones. */
  readonly problems: readonly FileProblem[];
  readonly problemCount: number;
}

/** Looks through a file, as a stream, for everything that breaks the contract; remembers the first `limit` problems and counts the rest. */
export async function lintFile(
  session: SqlSession,
  path: string,
  contract: FileContract,
  limit: number,
  signal: AbortSignal,
): Promise<LintedFile> {
  const found = new Findings(limit);
  try {
    await lintBy(session, path, contract, found, signal);
  } catch (error) {
    const isPacked = path.endsWith(".gz") || path.endsWith(".zst");
    if (!isPacked || signal.aborted || error instanceof SyncError) throw error;
    throw unreadable(path, "it cannot be unpacked", "Look whether it arrived whole: gzip -t FILE, zstd -t FILE.");
  }
  return { rows: found.rows, problems: found.first, problemCount: found.count };
}

async function lintBy(session: SqlSession, path: string, contract: FileContract, found: Findings, signal: AbortSignal): Promise<void> {
  switch (contract.format.format) {
    case "csv":
    case "txt":
      await lintDelimited(await openText(path, contract.format, signal), contract, found);
      break;
    case "ndjson":
      await lintNdjson(await openText(path, contract.format, signal), contract, found);
      break;
    case "parquet":
      await lintParquet(session, path, contract, found, signal);
      break;
  }
}

class Findings {
  readonly #limit: number;
  readonly first: FileProblem[] = [];
  rows = 0;
  count = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(line: number | null, message: string): void {
    this.count += 1;
    if (this.first.length < this.#limit) this.first.push({ line, message });
  }
}

async function openText(path: string, { recipients }: FileFormat, signal: AbortSignal): Promise<Readable> {
  if (recipients.length > 0 && path.endsWith(".pgp")) throw unreadable(path, "it is encrypted", "Decrypt it first: gpg --decrypt FILE.");
  const file = createReadStream(path, { highWaterMark: 1 << 18, signal });
  const plain = path.endsWith(".gz") ? createGunzip() : path.endsWith(".zst") ? await createUnzstd() : null;
  if (plain === null) return file;
  file.on("error", (error) => plain.destroy(error));
  return file.pipe(plain);
}

function unreadable(path: string, why: string, hint: string): SyncError {
  return new SyncError("USAGE", `${path} cannot be looked through: ${why}.`, { hint });
}

async function lintDelimited(chunks: Readable, contract: FileContract, found: Findings): Promise<void> {
  const { format } = contract;
  let isFirst = true;
  for await (const record of splitRecords(chunks, format)) {
    if (isFirst && record.hasBom !== format.bom)
      found.add(1, format.bom ? "the byte order mark is missing" : "the file begins with a byte order mark");
    for (const problem of record.problems) found.add(record.line, problem);
    if (isFirst && format.header) lintHeader(record, contract, found);
    else lintRecord(record, contract, found);
    isFirst = false;
  }
  if (isFirst && format.header) found.add(null, "the file is empty: there is no header");
}

function lintHeader({ line, fields }: FileRecord, { columns }: FileContract, found: Findings): void {
  const names = fields.map(({ text }) => Buffer.from(text, "latin1").toString());
  const wanted = columns.map((column) => column.name);
  const missing = wanted.filter((name) => !names.includes(name));
  const extra = names.length > wanted.length ? names.length - wanted.length : 0;
  for (const name of missing) found.add(line, `the header lacks the column "${name}"`);
  if (extra > 0) found.add(line, `the header has ${names.length} columns, the model ${wanted.length}`);
  if (missing.length === 0 && extra === 0 && names.some((name, at) => name !== wanted[at]))
    found.add(line, `the columns stand in another order than ${wanted.join(", ")}`);
}

function lintRecord({ line, fields }: FileRecord, { columns, format }: FileContract, found: Findings): void {
  found.rows += 1;
  if (fields.length !== columns.length) {
    found.add(line, `${fields.length} fields where there are ${columns.length} columns`);
    return;
  }
  for (const [at, column] of columns.entries()) {
    const field = fields[at];
    const problem = field === undefined ? null : fieldProblem(field, column.kind, format);
    if (problem !== null) found.add(line, `"${column.name}" holds ${problem}`);
  }
}

function fieldProblem(field: RecordField, kind: ColumnKind, format: FileFormat): string | null {
  const isNull = Buffer.from(field.text, "latin1").toString() === format.nullText && field.quoted === (format.quote === "all");
  if (!field.quoted && (format.quote === "all" || (format.quote === "non_null" && !isNull))) return "a value without quotes";
  return isNull ? null : lintValue(field.text, kind, format);
}

async function lintNdjson(chunks: Readable, contract: FileContract, found: Findings): Promise<void> {
  let line = 0;
  for await (const text of createInterface({ input: chunks.setEncoding("latin1"), crlfDelay: Infinity })) {
    line += 1;
    found.rows += 1;
    const problem = lintJsonLine(text, contract);
    if (problem !== null) found.add(line, problem);
  }
}

function lintJsonLine(bytes: string, { columns }: FileContract): string | null {
  const broken = lintValue(bytes, "json", { timestamp: "iso", timezone: "UTC", boolean: ["true", "false"] });
  if (broken !== null) return `the line is ${broken.replace("a text that is no", "no")}`;
  const value: unknown = JSON.parse(Buffer.from(bytes, "latin1").toString());
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "the line is no JSON object";
  const keys = Object.keys(value);
  const missing = columns.find(({ name }) => !keys.includes(name));
  if (missing !== undefined) return `the key "${missing.name}" is missing`;
  return keys.length > columns.length ? `${keys.length} keys where there are ${columns.length} columns` : null;
}

async function lintParquet(
  session: SqlSession,
  path: string,
  { columns }: FileContract,
  found: Findings,
  signal: AbortSignal,
): Promise<void> {
  const from = `read_parquet(${sqlText(path)})`;
  const types = await session.rows(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${from})`, signal);
  const [counted] = await session.rows(`SELECT count(*) FROM ${from}`, signal);
  found.rows = Number(counted?.[0] ?? 0);
  const names = types.map(([name]) => name);
  for (const { name, kind } of columns) {
    const type = types[names.indexOf(name)]?.[1];
    const wanted = parquetColumn("x", kind).type.replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE");
    if (type === undefined) found.add(null, `the file lacks the column "${name}"`);
    else if (type !== wanted) found.add(null, `"${name}" is of the type ${type ?? "unknown"}, not ${wanted}`);
  }
  if (names.length > columns.length) found.add(null, `the file has ${names.length} columns, the model ${columns.length}`);
}
