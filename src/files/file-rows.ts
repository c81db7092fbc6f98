import { SyncError } from "../core/errors.ts";
import type { SqlSession } from "../core/ports.ts";
import type { FileChange, FileFormat, SqlExpr } from "../core/types.ts";
import { countWhere } from "../engine/count-where.ts";
import { sqlName, sqlText } from "../engine/sql-literal.ts";
import { displayText } from "./display-text.ts";
import { areAllBare, cannotCarry, cleanField, encodeField, fieldFormat, guardFormula, isAlwaysBare } from "./encode-field.ts";
import { encodeJson } from "./encode-json.ts";
import { byKind, type FieldText, fieldTexts, outputText } from "./field-texts.ts";
import { parquetColumn } from "./parquet-column.ts";
import { headerOf } from "./removed-columns.ts";
import type { FilesRequest } from "./write-files.ts";

/** The name of the one column of a text file's rows. */
export const LINE = "line";

/** The name of a row's number in the delta, where files are split. */
export const ROW_NUMBER = "n";

/** Rows of a delta, ready for a file of their format. */
export interface FileRows {
  /** SQL of the values: the line of a text file, or the columns of a Parquet file. */
  readonly values: SqlExpr;
  /** SQL of the split values, named s0, s1, … */
  readonly splits: readonly SqlExpr[];
  /** A FROM item with every column of the file as f0, f1, …, in the delta's order. */
  readonly from: string;
  readonly fields: readonly FieldText[];
}

/** The rows of a delta that are of the kinds given, as the request's format has them; `declared`: the kinds that their files could have. */
export function fileRows(request: FilesRequest, kinds: readonly FileChange[], declared: readonly FileChange[] = kinds): FileRows {
  const format = request.stream.fileFormat;
  const fields = fieldTexts(request, kinds, declared);
  const splits = request.mapping.splits.map((output, at) => `${byKind(kinds, (kind) => outputText(output, kind))} AS s${at}`);
  const numbered = splits.length === 0 ? [] : [`file_row_number AS ${ROW_NUMBER}`];
  const raw = [...fields.map(({ text }, at) => `${text} AS r${at}`), ...splits, ...numbered].join(", ");
  const { path, where } = rowSource(request, kinds);
  const delta = `SELECT ${raw} FROM read_parquet(${sqlText(path)}, file_row_number=true) WHERE ${where}`;
  const shown = fields.map(({ kind }, at) => `${format.format === "parquet" ? `r${at}` : displayText(`r${at}`, kind, format)} AS f${at}`);
  const names = request.mapping.splits.map((_, at) => `s${at}`);
  const kept = names.length === 0 ? [] : [...names, ROW_NUMBER];
  const from = `(SELECT ${[...shown, ...kept].join(", ")} FROM (${delta}))`;
  return {
    values: valuesOf(format, fields),
    splits: names,
    from: isText(format) ? cleaned(from, fields, kept, format, "row") : from,
    fields,
  };
}

/** Full rows beside a delta stand in a file of their own, which holds nothing else. */
function rowSource({ delta, whole }: FilesRequest, kinds: readonly FileChange[]): { readonly path: string; readonly where: SqlExpr } {
  if (whole !== undefined && kinds.includes("full")) return { path: whole.path, where: "true" };
  return { path: delta.path, where: kinds.length === 0 ? "false" : `op IN (${kinds.map(sqlText).join(", ")})` };
}

function isText({ format }: FileFormat): boolean {
  return format === "csv" || format === "txt";
}

/** In a SELECT of their own, so that the encoding below names each text as often as it likes. */
function cleaned(from: string, fields: readonly unknown[], names: readonly string[], format: FileFormat, line: "header" | "row"): string {
  if (format.unencodable === "fail" && !format.formulaGuard) return from;
  const clean = fields.map((_, at) => `${cleanField(`f${at}`, fieldFormat(format, at, line))} AS f${at}`);
  const inner = `(SELECT ${[...clean, ...names].join(", ")} FROM ${from})`;
  if (!format.formulaGuard) return inner;
  const guarded = fields.map((_, at) => `${guardFormula(`f${at}`)} AS f${at}`);
  return `(SELECT ${[...guarded, ...names].join(", ")} FROM ${inner})`;
}

function valuesOf(format: FileFormat, fields: readonly FieldText[]): SqlExpr {
  if (format.format === "parquet")
    return fields.map(({ name, kind }, at) => `${parquetColumn(`f${at}`, kind).value} AS ${sqlName(name)}`).join(", ");
  return `${lineOf(format, fields)} AS ${LINE}`;
}

/** A line with a field to quote is looked at twice, and the more fields, the likelier that is. */
const MOST_LOOKED_AT_ONCE = 64;

/** `concat` builds a line in one piece; a chain of `||` copies it once per column and takes twice as long. */
function lineOf(format: FileFormat, fields: readonly FieldText[]): SqlExpr {
  const end = format.newline === "crlf" ? ["chr(13)"] : [];
  if (format.format === "ndjson") {
    const members = fields.map(
      ({ name, kind }, at) => `${sqlText(`${at === 0 ? "{" : ","}${JSON.stringify(name)}:`)}, ${encodeJson(`f${at}`, kind, format)}`,
    );
    return `concat(${[...members, "'}'", ...end].join(", ")})`;
  }
  const joined = (texts: readonly SqlExpr[]): SqlExpr => `concat(${[texts.join(`, ${sqlText(format.delimiter)}, `), ...end].join(", ")})`;
  const bare = fields.map((_, at) => `coalesce(f${at}, ${sqlText(format.nullText)})`);
  const texts = fields.map(({ kind, mayBeOlder }, at) =>
    !mayBeOlder && isAlwaysBare(kind, format) ? (bare[at] ?? "") : encodeField(`f${at}`, fieldFormat(format, at, "row")),
  );
  const looked = fields.flatMap((_, at) => (texts[at] === bare[at] ? [] : [`f${at}`]));
  if (format.quote !== "minimal" || looked.length < 2 || looked.length > MOST_LOOKED_AT_ONCE) return joined(texts);
  return `CASE WHEN ${areAllBare(looked, format)} THEN ${joined(bare)} ELSE ${joined(texts)} END`;
}

/** The first line of every file with rows of some kinds, without its line end; null when it has none. Encoded by the same SQL as the rows, so that one rule quotes both. */
export async function headerLine(
  session: SqlSession,
  request: Pick<FilesRequest, "mapping" | "stream">,
  kinds: readonly FileChange[],
  signal: AbortSignal,
): Promise<string | null> {
  const format = request.stream.fileFormat;
  if (!isText(format) || !format.header) return null;
  const names = headerOf(request.mapping, kinds).map((column) => column.name);
  const texts = cleaned(`(SELECT ${names.map((name, at) => `${sqlText(name)} AS f${at}`).join(", ")})`, names, [], format, "header");
  const from = `FROM ${texts}`;
  const bad = await badColumns(
    session,
    names.map((name, at) => ({ name, cannot: cannotCarry(`f${at}`, fieldFormat(format, at, "header")) })),
    from,
    signal,
  );
  if (bad.length > 0) throw unencodable(request, `The name of the column ${bad.map(({ name }) => `"${name}"`).join(", ")} holds`, bad);
  // Something in front: the driver drops a byte order mark at the start of a text.
  const line = names.map((_, at) => encodeField(`f${at}`, fieldFormat(format, at, "header"))).join(`, ${sqlText(format.delimiter)}, `);
  const [row] = await session.rows(`SELECT concat('|', ${line}) ${from}`, signal);
  return (row?.[0] ?? "").slice(1);
}

/** Finds out, once writing has failed, whether values are why: looking before would read every value twice in every run. */
export async function findUnencodable(
  session: SqlSession,
  request: FilesRequest,
  change: string,
  rows: FileRows,
  signal: AbortSignal,
): Promise<SyncError | null> {
  const format = request.stream.fileFormat;
  const tests = rows.fields.map(({ name, kind }, at) => ({
    name,
    cannot:
      (format.format === "parquet"
        ? parquetColumn(`f${at}`, kind).cannotHold
        : isText(format)
          ? cannotCarry(`f${at}`, fieldFormat(format, at, "row"))
          : null) ?? "false",
  }));
  const bad = await badColumns(session, tests, `FROM ${rows.from}`, signal);
  if (bad.length === 0) return null;
  const found = bad.map(({ name, rows: count }) => `"${name}" (${count} ${count === "1" ? "row" : "rows"})`).join(", ");
  return unencodable(request, `${found} of the ${change} rows of ${request.stream.name} ${bad.length === 1 ? "holds" : "hold"}`, bad);
}

interface BadColumn {
  readonly name: string;
  readonly rows: string;
}

async function badColumns(
  session: SqlSession,
  tests: readonly { readonly name: string; readonly cannot: SqlExpr }[],
  from: string,
  signal: AbortSignal,
): Promise<readonly BadColumn[]> {
  const counts = tests.map(({ cannot }) => countWhere(cannot));
  const [row = []] = await session.rows(`SELECT ${counts.join(", ")} ${from}`, signal);
  return tests.flatMap(({ name }, at) => (row[at] === "0" ? [] : [{ name, rows: row[at] ?? "" }]));
}

function unencodable(request: Pick<FilesRequest, "stream">, found: string, columns: readonly BadColumn[]): SyncError {
  const { stream } = request;
  const { what, hint } = reason(stream.fileFormat);
  return new SyncError("DATA_UNENCODABLE", `${found} ${what}.`, {
    hint,
    context: { stream: stream.name, columns: columns.map((column) => column.name) },
  });
}

function reason(format: FileFormat): { readonly what: string; readonly hint: string } {
  if (format.format === "parquet")
    return {
      what: "a value that the column's type in a Parquet file cannot hold exactly",
      hint: "Cast the column to text in the model's query: it then stands in the file as text.",
    };
  if (format.quote !== "none")
    return {
      what: `a NUL character, which a ${format.format} file cannot carry`,
      hint: "Take it out in the model's query, e.g. replace(name, chr(0), ''), or with file.unencodable: strip.",
    };
  return {
    what: "the delimiter, a line end, a NUL character, the text for NULL, or a byte order mark at the start of the file, which a file without quotes cannot carry",
    hint: "Use another file.delimiter, file.quote: minimal, or file.unencodable: replace or strip.",
  };
}
