import { isUtf8 } from "node:buffer";
import { SyncError } from "../core/errors.ts";
import type { FileFormat } from "../core/types.ts";
import { type FileRecord, type RecordField, splitRecords } from "./split-records.ts";

/** A delimited file as it is read: its bytes unpacked, and what its records must look like. */
export interface RecordsFile {
  /** As messages call it. */
  readonly name: string;
  readonly bytes: AsyncIterable<Buffer>;
  readonly format: Pick<FileFormat, "delimiter" | "quote" | "newline" | "header" | "nullText">;
  /** Names of the columns as the header has them. */
  readonly header: readonly string[];
  readonly width: number;
  /** Told what is odd and changes no value. */
  readonly warn: (message: string) => void;
}

/** A record of a file: the line that it begins on and its texts; NULL where it says so, or may. */
export interface ReadRecord {
  readonly line: number;
  readonly fields: readonly (string | null)[];
}

/** Line ends, and the lack of the last one, change no value. */
const HARMLESS = /^the (?:line ends in|file ends in the middle of a line)/u;

/**
 * The records of a file, one at a time. FILE_UNFIT at the first one that is not what the format says, with its line and never with a value. A text that
 * stands for NULL is NULL; where quoting does not tell the two apart, it may be either.
 */
export async function* readRecords(file: RecordsFile): AsyncGenerator<ReadRecord> {
  const { format, header, width } = file;
  let isFirst = true;
  for await (const record of splitRecords(file.bytes, format)) {
    check(file, record);
    const fields = record.fields.map((field) => textOf(file, record.line, field));
    if (isFirst && format.header) checkHeader(file, record.line, fields, header);
    else if (fields.length !== width) throw unfit(file, record.line, `it has ${fields.length} fields where there are ${width} columns`);
    else yield { line: record.line, fields: fields.map((text, at) => (isNull(record.fields[at], text, format) ? null : text)) };
    isFirst = false;
  }
  if (isFirst && format.header) throw unfit(file, 1, "the file is empty: there is no header");
}

function check(file: RecordsFile, { line, problems }: FileRecord): void {
  const bad = problems.find((problem) => !HARMLESS.test(problem));
  if (bad !== undefined) throw unfit(file, line, bad);
  const cut = problems.find((problem) => problem.startsWith("the file ends"));
  if (cut !== undefined) file.warn(`${file.name} line ${line}: ${cut}. If it was cut off there, the next run tells the rows behind anew.`);
}

/** Each character of a field is a byte. */
function textOf(file: RecordsFile, line: number, { text }: RecordField): string {
  if (text.includes("\0")) throw unfit(file, line, "a field holds a NUL character");
  // eslint-disable-next-line no-control-regex -- every character is a byte here
  if (/^[\x00-\x7f]*$/u.test(text)) return text;
  const bytes = Buffer.from(text, "latin1");
  if (!isUtf8(bytes)) throw unfit(file, line, "a field holds bytes that are no UTF-8");
  return bytes.toString();
}

function isNull(field: RecordField | undefined, text: string, { quote, nullText }: RecordsFile["format"]): boolean {
  if (text !== nullText) return false;
  return quote === "all" || quote === "none" || field?.quoted !== true;
}

function checkHeader(file: RecordsFile, line: number, names: readonly string[], wanted: readonly string[]): void {
  const missing = wanted.filter((name) => !names.includes(name));
  if (missing.length > 0) throw unfit(file, line, `the header lacks ${missing.map((name) => `"${name}"`).join(", ")}`);
  if (names.length !== wanted.length)
    throw unfit(file, line, `the header has ${names.length} columns, files of the stream have ${wanted.length}`);
  if (names.some((name, at) => name !== wanted[at]))
    throw unfit(file, line, `the columns stand in another order than ${wanted.join(", ")}`);
}

/** The refusal of a file at a line of it. */
function unfit({ name }: Pick<RecordsFile, "name">, line: number, what: string): SyncError {
  return new SyncError("FILE_UNFIT", `${name} line ${line}: ${what}.`, {
    hint: "Files are read as the model's `file` and `columns` say; `sync lint-file` shows everything else that does not fit. Nothing was taken over.",
    context: { file: name, line },
  });
}
