import { CURSOR_KINDS } from "../core/cursor.ts";
import { SyncError } from "../core/errors.ts";
import { nearestName } from "../core/nearest-name.ts";
import { type Column, type ColumnKind, type OutputColumn, PREVIOUS_PREFIX } from "../core/types.ts";
import { formatFits, parseColumnFormat } from "./column-format.ts";
import { CHANGED_SEPARATOR } from "./mapping-facts.ts";
import { type MappedStream, sourcesOf } from "./mapping-values.ts";

/** Refuses names that neither the query nor the mapping has; `written` is the mapping with the rest of the columns put in. */
export function refuseUnknownColumns(stream: MappedStream, columns: readonly Column[], written: readonly OutputColumn[]): void {
  const sources = columns.map((column) => column.name);
  const outputs = written.map((output) => output.name);
  const stored = written.filter(({ value }) => value.from !== "metadata" && value.from !== "previous").map((output) => output.name);
  const problems = [
    ...unknown(stream.primaryKey, sources).map(
      (name) => `primary_key names "${name}", which the query does not return${meant(name, sources)}`,
    ),
    ...written.flatMap((output) =>
      unknown(sourcesOf(output.value), sources).map(
        (name) => `column "${output.name}" reads "${name}", which the query does not return${meant(name, sources)}`,
      ),
    ),
    ...written.flatMap(({ name, value }) =>
      value.from === "previous" && !stored.includes(value.output)
        ? [`column "${name}" reads "${PREVIOUS_PREFIX}${value.output}", which is no column of the file${meant(value.output, stored)}`]
        : [],
    ),
    ...unknown(stream.fileFormat?.splitBy ?? [], [...outputs, ...sources]).map(
      (name) => `file.split_by names "${name}", which is no column of the file or of the query${meant(name, [...outputs, ...sources])}`,
    ),
    ...unknown(stream.cursor === undefined ? [] : [stream.cursor.column], sources).map(
      (name) => `cursor.column names "${name}", which the query does not return${meant(name, sources)}`,
    ),
    ...unknown(stream.ignoreChangesIn, outputs).map(
      (name) => `ignore_changes_in names "${name}", which is no column of the file${meant(name, outputs)}`,
    ),
  ];
  if (problems.length === 0) return;
  throw new SyncError("MODEL_COLUMN_UNKNOWN", `${stream.file}: ${problems.join("; ")}.`, {
    hint: `The query returns: ${sources.join(", ")}. Mend ${stream.file}, then look at the result with \`sync preview -m ${stream.name}\`.`,
    context: { stream: stream.name, file: stream.file },
  });
}

function unknown(names: readonly string[], known: readonly string[]): readonly string[] {
  return names.filter((name) => !known.includes(name));
}

function meant(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return nearest === null ? "" : ` (did you mean "${nearest}"?)`;
}

/** Refuses steps that columns of their kind have no use for, and names that a list of names could not hold. */
export function refuseUnfitColumns(stream: MappedStream, kinds: ReadonlyMap<string, ColumnKind>, written: readonly OutputColumn[]): void {
  const listsNames = written.some(({ value }) => value.from === "metadata" && value.field === "_changed_columns");
  const columns = written.flatMap((output) => [
    ...unfitStep(output, kinds),
    ...(listsNames && output.name.includes(CHANGED_SEPARATOR)
      ? [`the name of column "${output.name}" holds "${CHANGED_SEPARATOR}", which stands between the names in _changed_columns`]
      : []),
  ]);
  const problems = [...columns, ...unfitCursor(stream, kinds)];
  if (problems.length === 0) return;
  throw new SyncError("MODEL_COLUMN_UNFIT", `${stream.file}: ${problems.join("; ")}.`, {
    hint: `Mend ${stream.file}, or cast the column in the query; then look at the result with \`sync preview -m ${stream.name}\`.`,
    context: { stream: stream.name, file: stream.file },
  });
}

function unfitCursor({ cursor }: MappedStream, kinds: ReadonlyMap<string, ColumnKind>): readonly string[] {
  if (cursor === undefined) return [];
  const kind = kinds.get(cursor.column) ?? "text";
  return CURSOR_KINDS.some((each) => each === kind)
    ? []
    : [`cursor.column is "${cursor.column}", which is ${KIND_WORDS[kind]} and no date or timestamp`];
}

/** The first step alone sees the column as it is; those behind it see text. */
function unfitStep({ name, value, steps = [] }: OutputColumn, kinds: ReadonlyMap<string, ColumnKind>): readonly string[] {
  const [first] = steps;
  if (first === undefined || value.from !== "column") return [];
  const kind = kinds.get(value.column) ?? "text";
  if (first.step === "path" && kind !== "json" && kind !== "text") {
    return [`column "${name}" takes a path of "${value.column}", which is ${KIND_WORDS[kind]} and no JSON`];
  }
  if (first.step === "format" && !formatFits(parseColumnFormat(first.format), kind)) {
    return [`column "${name}" has the format "${first.format}", which does not fit "${value.column}", ${KIND_WORDS[kind]}`];
  }
  return [];
}

const KIND_WORDS: Readonly<Record<ColumnKind, string>> = {
  integer: "an integer",
  decimal: "a decimal",
  float: "a float",
  boolean: "a boolean",
  date: "a date",
  time: "a time",
  timestamp: "a timestamp",
  timestamp_tz: "a timestamp with zone",
  bytes: "bytes",
  json: "JSON",
  text: "text",
};
