import type { SqlSession } from "../core/ports.ts";
import type { ColumnKind, FileFormat } from "../core/types.ts";
import { displayText } from "./display-text.ts";
import { cleanField, fieldFormat, guardFormula } from "./encode-field.ts";
import { headerLine } from "./file-rows.ts";
import { splitRecords } from "./split-records.ts";

/** A column of a delimited file: which one, by its place, and of which kind its values are. */
export interface ShownColumn {
  readonly at: number;
  readonly kind: ColumnKind;
}

/** A SELECT of a relation whose columns x0, x1 … (by the file's places) hold canonical texts, with the texts that a reader of the file finds instead. */
export function shownRows(from: string, columns: readonly ShownColumn[], format: FileFormat): string {
  const replaced = (inner: string, text: (name: string, column: ShownColumn) => string): string => {
    if (columns.length === 0) return inner;
    const texts = columns.map((column) => `${text(`x${column.at}`, column)} AS x${column.at}`);
    return `SELECT * REPLACE (${texts.join(", ")}) FROM (${inner})`;
  };
  const shown = replaced(from, (name, { kind }) => displayText(name, kind, format));
  const clean = format.unencodable === "fail" ? shown : replaced(shown, (name, { at }) => cleanField(name, fieldFormat(format, at, "row")));
  return format.formulaGuard ? replaced(clean, guardFormula) : clean;
}

/** The names that a reader finds in the header of a stream's files; the columns' own where they have none. */
export async function shownHeader(
  session: SqlSession,
  request: Parameters<typeof headerLine>[1],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { fileFormat } = request.stream;
  const line = await headerLine(session, request, ["added"], signal);
  if (line === null) return request.mapping.header.map(({ name }) => name);
  const end = fileFormat.newline === "crlf" ? "\r\n" : "\n";
  for await (const { fields } of splitRecords(once(`${line}${end}`), fileFormat)) {
    return fields.map(({ text }) => Buffer.from(text, "latin1").toString());
  }
  return [];
}

async function* once(text: string): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.from(text));
}
