import type { SqlExpr } from "../core/types.ts";
import { sqlText } from "./sql-literal.ts";

/**
 * The first line of every row text stream. DuckDB strips a byte order mark from the start of line 1, so a first value could lose
 * one; and `\?` is no escape of the COPY text format, so no row can look like it.
 */
export const SENTINEL = "\\?";

/** How many characters a mark before each line has: those that a COPY row's header leaves room for. */
export const MARK_LENGTH = 5;

/** The longest line that is read, in bytes; DuckDB holds a few buffers of four lines each. */
const MAX_LINE_BYTES = 8 * 1024 * 1024;
const BUFFER_BYTES = 4 * MAX_LINE_BYTES;

/**
 * A FROM item with one column `l`: the lines of a file or FIFO that starts with the sentinel. A vertical tab never stands raw in
 * row text (COPY escapes it), so it serves as the delimiter that never occurs; `force_not_null` keeps an empty line from being NULL.
 */
export function rowTextLines(path: string): string {
  const options = [
    "auto_detect=false",
    "header=false",
    "delim=E'\\x0b'",
    "quote=''",
    "escape=''",
    "new_line='\\n'",
    "force_not_null=['l']",
    "columns={'l': 'VARCHAR'}",
    `max_line_size=${String(MAX_LINE_BYTES)}`,
    `buffer_size=${String(BUFFER_BYTES)}`,
  ];
  return `(SELECT l FROM read_csv(${sqlText(path)}, ${options.join(", ")}) WHERE l <> ${sqlText(SENTINEL)})`;
}

/** Lines with the fields at `places` (from 0) of lines of `width` fields; a torn line becomes one of too many fields. */
export function pickFields(lines: string, width: number, places: readonly number[]): string {
  const picked = `array_to_string(list_select(s, [${places.map((at) => String(at + 1)).join(", ")}]), chr(9))`;
  const torn = `repeat(chr(9), ${String(places.length)})`;
  return `(SELECT CASE WHEN len(s) = ${String(width)} THEN ${picked} ELSE ${torn} END AS l FROM (SELECT string_split(l, chr(9)) AS s FROM ${lines}))`;
}

/** The text of one field of row text, NULL for `\N`, escapes undone only where a backslash stands. */
export function unescapeField(field: SqlExpr): SqlExpr {
  const steps: readonly (readonly [string, string])[] = [
    // A doubled backslash goes aside first, so that the `n` of `\\n` is not taken for a line feed. Raw VT cannot occur.
    ["'\\\\'", "chr(11) || '0'"],
    ["'\\v'", "chr(11) || '1'"],
    ["'\\t'", "chr(9)"],
    ["'\\n'", "chr(10)"],
    ["'\\r'", "chr(13)"],
    ["'\\b'", "chr(8)"],
    ["'\\f'", "chr(12)"],
    ["chr(11) || '0'", "'\\'"],
    ["chr(11) || '1'", "chr(11)"],
  ];
  const plain = steps.reduce((sql, [from, to]) => `replace(${sql}, ${from}, ${to})`, field);
  return `CASE WHEN ${field} = '\\N' THEN NULL WHEN contains(${field}, '\\') THEN ${plain} ELSE ${field} END`;
}

/** Whether a line holds an escape other than `\N`, so that its fields must be unescaped. */
export function hasEscapes(line: SqlExpr): SqlExpr {
  // CASE and not AND, both sides of which the engine computes: taking \N out of every line costs twice as much as splitting it.
  return `CASE WHEN contains(${line}, '\\') THEN contains(replace(${line}, '\\N', ''), '\\') ELSE false END`;
}

/** A line's fields with escapes undone, NULL for `\N`: one expression for all of them, however many columns there are. */
export function unescapeFields(fields: SqlExpr): SqlExpr {
  return `list_transform(${fields}, lambda field: ${unescapeField("field")})`;
}
