import { rm } from "node:fs/promises";
import { join } from "node:path";
import { SyncError } from "../core/errors.ts";
import type { SqlSession } from "../core/ports.ts";
import { count } from "../core/readable.ts";
import { sqlText } from "../engine/sql-literal.ts";
import { beginsWithBom, BOM, type CopyTarget, firstLine, writePart, type WrittenPart } from "./copy-rows.ts";
import { type FileRows, LINE, ROW_NUMBER } from "./file-rows.ts";
import type { FilesRequest } from "./write-files.ts";

/** Where the rows of a change lie in the order of their files, so that each file is a range of it: later ones cost no more than the first. */
interface Cut {
  readonly session: SqlSession;
  readonly target: CopyTarget;
  readonly stream: string;
  /** FROM item with every row and its number `n`. */
  readonly from: string;
  readonly signal: AbortSignal;
}

/** Rows that share their split values, as a range of row numbers. */
interface Run {
  readonly split: Readonly<Record<string, string | null>>;
  readonly start: bigint;
  readonly end: bigint;
}

/**
 * Writes the rows of a change as one file per combination of split values, and as more where a file would have too many rows or bytes. Files of one
 * combination follow each other; combinations stand in the order of their values, NULL first.
 */
export async function writeCutParts(
  session: SqlSession,
  request: FilesRequest,
  change: string,
  rows: FileRows,
  target: CopyTarget,
  written: number,
  signal: AbortSignal,
): Promise<readonly WrittenPart[]> {
  const path = join(target.folder, `cut-${change}.parquet`);
  const { format } = target;
  const measured = format.maxBytes === null ? "*" : `*, sum(strlen(${LINE}) + 1) OVER (ROWS UNBOUNDED PRECEDING) AS e`;
  try {
    await session.run(`COPY (SELECT ${measured} FROM (${orderedRows(rows)})) TO ${sqlText(path)} (FORMAT parquet)`, signal);
    const from = `read_parquet(${sqlText(path)}, file_row_number=true)`;
    const cut = { session, target, stream: request.stream.name, from, signal };
    const parts: WrittenPart[] = [];
    for (const run of await runsOf(cut, rows.splits, format.splitBy))
      parts.push(...(await writeRun(cut, run, rows, written + parts.length)));
    return parts;
  } finally {
    await rm(path, { force: true });
  }
}

/** The engine's sort spills inside its limit of memory; a window that counts rows would not. */
function orderedRows({ values, splits, from }: FileRows): string {
  if (splits.length === 0) return `SELECT ${values} FROM ${from}`;
  const order = [...splits.map((name) => `${name} NULLS FIRST`), ROW_NUMBER].join(", ");
  return `SELECT * EXCLUDE (${ROW_NUMBER}) FROM (SELECT ${[values, ...splits, ROW_NUMBER].join(", ")} FROM ${from}) ORDER BY ${order}`;
}

async function runsOf({ session, from, signal }: Cut, splits: readonly string[], splitBy: readonly string[]): Promise<readonly Run[]> {
  const order = splits.map((name) => `${name} NULLS FIRST`).join(", ");
  const grouped = splits.length === 0 ? "" : ` GROUP BY ${splits.join(", ")} ORDER BY ${order}`;
  const found = await session.rows(`SELECT ${[...splits, "count(*)"].join(", ")} FROM ${from}${grouped}`, signal);
  let start = 0n;
  return found.map((row) => {
    const run = {
      split: Object.fromEntries(splitBy.map((name, at) => [name, row[at] ?? null])),
      start,
      end: start + BigInt(row.at(-1) ?? "0"),
    };
    start = run.end;
    return run;
  });
}

async function writeRun(cut: Cut, run: Run, rows: FileRows, written: number): Promise<readonly WrittenPart[]> {
  const parts: WrittenPart[] = [];
  for (let start = run.start; start < run.end;) {
    const end = await endOfPart(cut, start, run.end);
    const name = { index: written + parts.length, split: run.split, part: parts.length + 1 };
    parts.push(await writePart(cut.session, cut.target, partRows(cut, rows, start, end), name, cut.signal));
    start = end;
  }
  return parts;
}

function partRows({ target, from }: Cut, rows: FileRows, start: bigint, end: bigint): string {
  const where = `WHERE file_row_number >= ${start} AND file_row_number < ${end}`;
  if (target.format.format === "parquet")
    return `SELECT * EXCLUDE (${["file_row_number", ...rows.splits].join(", ")}) FROM ${from} ${where}`;
  const bare = beginsWithBom(target.format) && target.header === null;
  const line = bare
    ? `CASE WHEN file_row_number = ${start} THEN concat(chr(${BOM.codePointAt(0)}), ${LINE}) ELSE ${LINE} END AS ${LINE}`
    : LINE;
  return `SELECT ${line} FROM ${from} ${where}`;
}

/** The first row that no longer fits into a file that begins with row `start`. */
async function endOfPart(cut: Cut, start: bigint, last: bigint): Promise<bigint> {
  const { maxRows, maxBytes } = cut.target.format;
  const end = maxRows === null || start + BigInt(maxRows) > last ? last : start + BigInt(maxRows);
  return maxBytes === null ? end : await endOfBytes(cut, start, end, maxBytes);
}

async function endOfBytes({ session, target, stream, from, signal }: Cut, start: bigint, end: bigint, maxBytes: number): Promise<bigint> {
  const { format, header } = target;
  const above = header === null ? (beginsWithBom(format) ? BOM : "") : `${firstLine(format, header)}\n`;
  const room = BigInt(maxBytes - Buffer.byteLength(above));
  const before = start === 0n ? "0" : `(SELECT e FROM ${from} WHERE file_row_number = ${start - 1n})`;
  const fits = `SELECT count(*) FROM ${from} WHERE file_row_number >= ${start} AND file_row_number < ${end} AND e <= ${before} + ${room}`;
  const [row] = await session.rows(fits, signal);
  const rows = BigInt(row?.[0] ?? "0");
  if (rows > 0n) return start + rows;
  throw new SyncError(
    "DATA_ROW_TOO_LARGE",
    `A row of ${stream} is longer than a whole file may be: file.max_bytes is ${count(maxBytes)}${header === null ? "" : ", the header included"}.`,
    { hint: "Raise file.max_bytes, or leave the large column out of `columns`.", context: { stream, max_bytes: maxBytes } },
  );
}
