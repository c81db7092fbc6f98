import type { ColumnKind, FileFormat, SqlExpr } from "../core/types.ts";
import { sqlText } from "../engine/sql-literal.ts";

/** The part of a file's format that decides a field's bytes. */
export type FieldFormat = Pick<FileFormat, "delimiter" | "quote" | "nullText">;

/**
 * What some reader trims off the ends of a field: C0 controls and space, DEL, NEL, every Unicode blank and the byte order mark.
 * A field that begins or ends with one is quoted.
 */
const BLANKS: readonly (readonly [number, number])[] = [
  [0x00, 0x20],
  [0x7f, 0x7f],
  [0x85, 0x85],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];

/**
 * DuckDB SQL of a field's bytes (RFC 4180, quotes doubled), given the SQL of a text that may be NULL. NULL is the null text, bare;
 * whatever equals the null text but is a value is quoted, so the two differ. A NUL makes the query fail.
 */
export function encodeField(text: SqlExpr, format: FieldFormat): SqlExpr {
  const quoted = `CASE WHEN contains(${text}, chr(0)) THEN error('unencodable') ELSE concat('"', replace(${text}, '"', '""'), '"') END`;
  const bare = format.quote === "minimal" ? `WHEN ${isBare(text, format)} THEN ${text} ` : "";
  return `CASE WHEN ${text} IS NULL THEN ${sqlText(format.nullText)} ${bare}ELSE ${quoted} END`;
}

/** Whether no canonical text of a kind can need quotes in a format, so that looking at each value would be waste. */
export function isAlwaysBare(kind: ColumnKind, format: FieldFormat): boolean {
  return format.quote === "minimal" && PLAIN_KINDS.has(kind) && !PLAIN.test(format.delimiter) && !PLAIN.test(format.nullText);
}

/** Kinds whose canonical texts are never empty, have no blank at an end, and are made of characters of `PLAIN`. */
const PLAIN_KINDS: ReadonlySet<ColumnKind> = new Set([
  "integer",
  "decimal",
  "float",
  "boolean",
  "date",
  "time",
  "timestamp",
  "timestamp_tz",
]);
const PLAIN = /[A-Za-z0-9 +\-.:()]/u;

/** One anchored expression tests a field in a single pass; a search per special character costs twice as much. */
function isBare(text: SqlExpr, format: FieldFormat): SqlExpr {
  const special = [...`"\r\n\0${format.delimiter}`].map((character) => codeClass(character.codePointAt(0) ?? 0)).join("");
  const blank = BLANKS.map(([first, last]) => `${codeClass(first)}-${codeClass(last)}`).join("");
  const edge = `[^${special}${blank}]`;
  const match = `regexp_full_match(${text}, ${sqlText(`${edge}(?:[^${special}]*${edge})?`)})`;
  return format.nullText === "" ? match : `${match} AND ${text} <> ${sqlText(format.nullText)}`;
}

function codeClass(codePoint: number): string {
  return `\\x{${codePoint.toString(16)}}`;
}
