import { type Column, type ColumnKind, AUDIENCE_COLUMN, type FileFormat, type Stream } from "../../core/types.ts";

/** Which row of an example, and which of its versions. */
export interface MadeUpRow {
  readonly row: number;
  readonly version: number;
  readonly isKey: boolean;
}

/** The canonical text of a source column in a made-up row, NULL here and there; it looks like its kind and, where the name tells, like its meaning. */
export function madeUpText(stream: Stream, { name, kind }: Column, { row, version, isKey }: MadeUpRow): string | null {
  if (name === AUDIENCE_COLUMN && stream.query.kind === "audiences") {
    const { members } = stream.query;
    return members[(row - 1) % Math.max(members.length, 1)]?.name ?? "audience";
  }
  if (!isKey && row === 3 && kind !== "boolean") return null;
  return kind === "text" ? carried(madeUpWords(name, row, version, isKey), stream.fileFormat) : TEXTS[kind](row, isKey ? 1 : version);
}

const TEXTS: Readonly<Record<Exclude<ColumnKind, "text">, (row: number, version: number) => string>> = {
  integer: (row, version) => String(1000 * version + row),
  decimal: (row, version) => `${row}${version}.50`,
  float: (row, version) => `${row}.${version}5`,
  boolean: (row, version) => String((row + version) % 2 === 0),
  date: (row, version) => `2026-0${version}-0${row}`,
  time: (row, version) => `0${row}:0${version}:00`,
  timestamp: (row, version) => `2026-0${version}-0${row}T08:30:00`,
  timestamp_tz: (row, version) => `2026-0${version}-0${row}T08:30:00Z`,
  bytes: (row, version) => Buffer.from([row, version]).toString("base64"),
  json: (row, version) => `{"example": ${row}, "version": ${version}}`,
};

function madeUpWords(name: string, row: number, version: number, isKey: boolean): string {
  if (isKey) return `example-${row}`;
  if (/mail/iu.test(name)) return `person${row}@example.com`;
  if (/phone|mobile/iu.test(name)) return `+1202555010${row}`;
  // What a reader of files has to get right.
  if (row === 2 && version === 2) return `Example "two", of ${name}`;
  return row === 4 ? "" : `${name} ${row}`;
}

/** A text that the file can hold even without quotes. */
function carried(text: string, { quote, delimiter, nullText }: FileFormat): string {
  if (quote !== "none") return text;
  const clean = text.replaceAll(delimiter, "");
  return clean === nullText && nullText !== "" ? "example" : clean;
}
