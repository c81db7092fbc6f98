import { join } from "node:path";
import type { SqlSession } from "../core/ports.ts";
import { type HashedFile, hashWhileWritten } from "../core/scan-file.ts";
import type { FileFormat } from "../core/types.ts";
import { sqlName, sqlText } from "../engine/sql-literal.ts";
import { LINE } from "./file-rows.ts";

/** The byte order mark, in UTF-8. */
export const BOM = "\ufeff";

/** What all files of a delta have in common. */
export interface CopyTarget {
  readonly folder: string;
  readonly format: FileFormat;
  /** The first line without its end; null when there is none. */
  readonly header: string | null;
}

/** Which file of a delta a part is. */
export interface PartName {
  /** Counts all files of the delta, from 0. */
  readonly index: number;
  readonly split: Readonly<Record<string, string | null>>;
  /** Counts from 1 within one change and combination of split values. */
  readonly part: number;
}

/** A file on disk, not yet encrypted. */
export interface WrittenPart extends PartName {
  readonly path: string;
  readonly rows: bigint;
  /** null where it is not yet the file that is delivered. */
  readonly hashed: HashedFile | null;
}

/** Writes the rows of a query (one column `line`, or the columns of a Parquet file) as one file of the target's format. */
export async function writePart(
  session: SqlSession,
  target: CopyTarget,
  select: string,
  name: PartName,
  signal: AbortSignal,
): Promise<WrittenPart> {
  const path = join(target.folder, `file-${String(name.index + 1).padStart(6, "0")}`);
  const copy = target.format.format === "parquet" ? parquetCopy(target, select) : textCopy(target, select);
  const write = async (): Promise<bigint> => {
    const [copied] = await session.rows(`COPY (${copy.select}) TO ${sqlText(path)} (${copy.options})`, signal);
    return BigInt(copied?.[0] ?? 0);
  };
  // A text file is what is delivered, byte for byte as the engine appends it: its hash is ready when it is. What is encrypted becomes another file.
  if (target.format.format === "parquet" || target.format.recipients.length > 0)
    return { ...name, path, rows: await write(), hashed: null };
  const { written, hashed } = await hashWhileWritten(path, write, signal);
  return { ...name, path, rows: written, hashed };
}

interface Copy {
  readonly select: string;
  readonly options: string;
}

/** The engine's CSV writer adds nothing but LF to a single column without quote and delimiter, so the lines are ours byte for byte. */
function textCopy({ format, header }: CopyTarget, select: string): Copy {
  const first = header === null ? null : firstLine(format, header);
  const options = `FORMAT csv, HEADER ${first !== null}, DELIMITER '', QUOTE '', ESCAPE '', NULLSTR '', COMPRESSION ${format.compression}`;
  return { select: first === null ? select : `SELECT ${LINE} AS ${sqlName(first)} FROM (${select})`, options };
}

/** Whether files begin with a byte order mark; one in front of JSON or Parquet would be in nobody's way but their readers'. */
export function beginsWithBom({ bom, format }: Pick<FileFormat, "bom" | "format">): boolean {
  return bom && (format === "csv" || format === "txt");
}

/** The first line of a file as its bytes are, but for the LF. */
export function firstLine(format: Pick<FileFormat, "bom" | "newline">, header: string): string {
  return `${format.bom ? BOM : ""}${header}${format.newline === "crlf" ? "\r" : ""}`;
}

function parquetCopy({ format }: CopyTarget, select: string): Copy {
  return { select, options: `FORMAT parquet, COMPRESSION ${format.compression === "none" ? "uncompressed" : format.compression}` };
}
