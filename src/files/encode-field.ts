import type { ColumnKind, FileFormat, SqlExpr } from "../core/types.ts";
import { sqlText } from "../engine/sql-literal.ts";
import { isPlainBoolean } from "./display-text.ts";

/** The part of a file's format that decides a field's bytes. */
export type FieldFormat = Pick<FileFormat, "delimiter" | "quote" | "nullText" | "formulaGuard" | "unencodable"> & {
  /** It may be the first of a file: what begins with a byte order mark would be read without it. */
  readonly leads?: boolean;
};

/** The format of a field by its place in the header, or in a row. */
export function fieldFormat(format: FileFormat, at: number, line: "header" | "row"): FieldFormat {
  return { ...format, leads: at === 0 && !format.bom && (line === "header" || !format.header) };
}

/** Stands for a character that a format cannot carry, under `unencodable: replace`. */
const REPLACEMENT = "\ufffd";

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
const BLANK_CLASS = BLANKS.map(([first, last]) => `${codeClass(first)}-${codeClass(last)}`).join("");

/**
 * DuckDB SQL of a field's bytes, given the SQL of a text that may be NULL. Under `minimal` and `non_null` NULL is the null text, bare, and a value that
 * equals it is quoted, so the two differ; under `all` both are quoted. What the format cannot carry makes the query fail, unless `cleanField` took it out.
 */
export function encodeField(text: SqlExpr, format: FieldFormat): SqlExpr {
  const nullText = sqlText(format.nullText);
  const orFail = (encoded: SqlExpr): SqlExpr => `CASE WHEN ${cannotCarry(text, format)} THEN error('unencodable') ELSE ${encoded} END`;
  const quoted = orFail(`concat('"', replace(${text}, '"', '""'), '"')`);
  switch (format.quote) {
    case "minimal":
      return `CASE WHEN ${text} IS NULL THEN ${nullText} WHEN ${isBare(text, format)} THEN ${text} ELSE ${quoted} END`;
    case "non_null":
      return `CASE WHEN ${text} IS NULL THEN ${nullText} ELSE ${quoted} END`;
    case "all":
      return `CASE WHEN ${text} IS NULL THEN ${sqlText(`"${format.nullText}"`)} ELSE ${quoted} END`;
    case "none":
      return `CASE WHEN ${text} IS NULL THEN ${nullText} ELSE ${orFail(text)} END`;
  }
}

/** DuckDB SQL that is true for a text that no quoting of the format can carry. */
export function cannotCarry(text: SqlExpr, format: FieldFormat): SqlExpr {
  if (format.quote !== "none") return `contains(${text}, chr(0))`;
  const isNullText = format.nullText === "" ? "" : ` OR ${text} = ${sqlText(format.nullText)}`;
  return `(regexp_matches(${text}, ${sqlText(uncarried(format))})${isNullText})`;
}

/** DuckDB SQL of a text without what the format cannot carry, when the format asks for that. NULL stays NULL. */
export function cleanField(text: SqlExpr, format: FieldFormat): SqlExpr {
  if (format.unencodable === "fail") return text;
  const by = format.unencodable === "replace" ? REPLACEMENT : "";
  if (format.quote !== "none") return `replace(${text}, chr(0), ${sqlText(by)})`;
  const pattern = by === "" ? uncarried(format, "+") : uncarried(format);
  const replaced = `regexp_replace(${text}, ${sqlText(pattern)}, ${sqlText(by)}, 'g')`;
  return format.nullText === "" ? replaced : `CASE ${replaced} WHEN ${sqlText(format.nullText)} THEN ${sqlText(by)} ELSE ${replaced} END`;
}

/**
 * DuckDB SQL of a text with an apostrophe in front when a spreadsheet would run it: `=`, `+`, `-`, `@`, also behind blanks, and TAB, CR and LF in
 * front. Plain numbers stay as they are.
 */
export function guardFormula(text: SqlExpr): SqlExpr {
  const starts = `regexp_matches(${text}, ${sqlText(`^(?:[\\t\\r\\n]|[${BLANK_CLASS}]*[=+@\\x{ff1d}\\x{ff0b}\\x{ff0d}\\x{ff20}-])`)})`;
  const isNumber = `regexp_full_match(${text}, '[+-]?[0-9]+(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?')`;
  return `CASE WHEN ${starts} AND NOT ${isNumber} THEN concat('''', ${text}) ELSE ${text} END`;
}

/** What a field without quotes cannot hold. */
function uncarried(format: FieldFormat, repeat = ""): string {
  const anywhere = `[${specialClass("\r\n\0", format)}]`;
  if (format.leads !== true) return anywhere;
  // Taken away, one mark must not leave another in front.
  const mark = `\\x{feff}`;
  return repeat === "" ? `${anywhere}|^${mark}` : `^(?:${mark}|${anywhere})+|${anywhere}`;
}

/** Whether no canonical text of a kind can need quotes in a format, so that looking at each value would be waste. */
export function isAlwaysBare(kind: ColumnKind, format: FieldFormat & Pick<FileFormat, "timestamp" | "timezone" | "boolean">): boolean {
  const isPlainKind =
    PLAIN_KINDS.has(kind) || (kind === "boolean" && isPlainBoolean(format)) || (INSTANTS.has(kind) && format.timestamp === "iso");
  const isBareFormat = (format.quote === "minimal" || format.quote === "none") && !format.formulaGuard;
  return isPlainKind && isBareFormat && !PLAIN.test(format.delimiter) && !PLAIN.test(format.nullText);
}

/** Kinds whose texts are never empty, have no blank at an end, and are made of characters of `PLAIN`. */
const PLAIN_KINDS: ReadonlySet<ColumnKind> = new Set(["integer", "decimal", "float", "date", "time"]);
const INSTANTS: ReadonlySet<ColumnKind> = new Set(["timestamp", "timestamp_tz"]);
const PLAIN = /[A-Za-z0-9 +\-.:()]/u;

/** One anchored expression tests a field in a single pass; a search per special character costs twice as much. */
function isBare(text: SqlExpr, format: FieldFormat): SqlExpr {
  const special = specialClass('"\r\n\0', format);
  const edge = `[^${special}${BLANK_CLASS}]`;
  const match = `regexp_full_match(${text}, ${sqlText(`${edge}(?:[^${special}]*${edge})?`)})`;
  return format.nullText === "" ? match : `${match} AND ${text} <> ${sqlText(format.nullText)}`;
}

/**
 * DuckDB SQL that is true only where every one of some texts is NULL or stands in a file as it is, under `quote: minimal`. One search over all of them
 * with a blank of ours between, which no bare text begins or ends with, costs half of a search in each.
 */
export function areAllBare(texts: readonly SqlExpr[], format: FieldFormat): SqlExpr {
  const between = format.delimiter === "\x01" ? 2 : 1;
  const mark = codeClass(between);
  const joined = texts.map((text) => `coalesce(${text}, 'x')`).join(`, chr(${between}), `);
  const blank = `[${BLANK_CLASS}]`;
  const odd = [`[${specialClass('"\r\n\0', format)}]`, `${mark}${blank}`, `${blank}${mark}`];
  // An empty text is two of ours side by side.
  if (format.nullText !== "") odd.push(`${mark}${[...format.nullText].map((each) => codeClass(each.codePointAt(0) ?? 0)).join("")}${mark}`);
  return `NOT regexp_matches(concat(chr(${between}), ${joined}, chr(${between})), ${sqlText(odd.join("|"))})`;
}

function specialClass(characters: string, format: FieldFormat): string {
  return [...`${characters}${format.delimiter}`].map((character) => codeClass(character.codePointAt(0) ?? 0)).join("");
}

function codeClass(codePoint: number): string {
  return `\\x{${codePoint.toString(16)}}`;
}
