import type { MappedOutput, ResolvedMapping } from "../core/delta.ts";
import { SyncError } from "../core/errors.ts";
import { nearestName } from "../core/nearest-name.ts";
import type { Column, ColumnKind, OutputColumn, OutputValue, SqlExpr, Stream } from "../core/types.ts";
import { sqlText } from "../engine/sql-literal.ts";

/** Raise it when the same mapping over the same canonical texts would give other outputs: every row is then compared anew. */
const MAPPING_VERSION = 1;

type StoredValue = Exclude<OutputValue, { readonly from: "metadata" }>;

/** What a mapping needs to know of its stream. */
export type MappedStream = Pick<Stream, "name" | "file" | "primaryKey" | "ignoreChangesIn" | "columns">;

/**
 * Checks a stream's mapping against the columns that its source describes and prepares it for SQL.
 * MODEL_COLUMN_UNKNOWN names every column that does not exist, with the nearest one that does.
 */
export function resolveMapping(stream: MappedStream, columns: readonly Column[]): ResolvedMapping {
  const written = stream.columns ?? columns.map(asItIs);
  refuseUnknownColumns(stream, columns, written);
  const kinds = new Map(columns.map((column) => [column.name, column.kind]));
  const ignored = new Set(stream.ignoreChangesIn);
  const outputs: MappedOutput[] = [];
  const stored: { readonly name: string; readonly value: StoredValue }[] = [];
  const header = written.map(({ name, value }) => {
    if (value.from === "metadata") return { name, metadata: value.field };
    stored.push({ name, value });
    outputs.push(mappedOutput(name, value, kindOf(value, kinds), ignored.has(name)));
    return { name, output: outputs.length - 1 };
  });
  return { header, outputs, ...projection(stream.primaryKey, outputs, columns), text: mappingText(stored) };
}

function asItIs(column: Column): OutputColumn {
  return { name: column.name, value: { from: "column", column: column.name } };
}

function mappedOutput(name: string, value: StoredValue, kind: ColumnKind, ignored: boolean): MappedOutput {
  return { name, kind, ignored, sources: sourcesOf(value), expression: (column) => expressionOf(value, column) };
}

function kindOf(value: StoredValue, kinds: ReadonlyMap<string, ColumnKind>): ColumnKind {
  return value.from === "column" ? (kinds.get(value.column) ?? "text") : "text";
}

function sourcesOf(value: OutputValue): readonly string[] {
  switch (value.from) {
    case "column":
      return [value.column];
    case "template":
      return [...new Set(value.parts.flatMap((part) => ("column" in part ? [part.column] : [])))];
    case "value":
    case "metadata":
      return [];
  }
}

/** `concat` reads NULL as the empty text: a template always yields text, with a gap where a value is missing. */
function expressionOf(value: StoredValue, column: (name: string) => SqlExpr): SqlExpr {
  switch (value.from) {
    case "column":
      return column(value.column);
    case "value":
      return sqlText(value.text);
    case "template":
      return `concat(${["''", ...value.parts.map((part) => ("column" in part ? column(part.column) : sqlText(part.text)))].join(", ")})`;
  }
}

/**
 * The key first, then in the mapping's order what compared outputs read, then what only ignored outputs read. The mapping's order and not the
 * query's, so that a query may list its columns anew without making every row a suspect.
 */
function projection(
  primaryKey: readonly string[],
  outputs: readonly MappedOutput[],
  columns: readonly Column[],
): Pick<ResolvedMapping, "columns" | "keyCount" | "ignoredCount"> {
  const reads = (ignored: boolean): string[] => outputs.filter((output) => output.ignored === ignored).flatMap((output) => output.sources);
  const told = new Set([...primaryKey, ...reads(false)]);
  const names = new Set([...told, ...reads(true)]);
  const byName = new Map(columns.map((column) => [column.name, column]));
  return {
    columns: [...names].flatMap((name) => byName.get(name) ?? []),
    keyCount: primaryKey.length,
    ignoredCount: names.size - told.size,
  };
}

/** Only what decides the outputs: renaming a column of facts of the run, or moving it, leaves every row as it was told. */
function mappingText(stored: readonly { readonly name: string; readonly value: StoredValue }[]): string {
  return JSON.stringify({ version: MAPPING_VERSION, outputs: stored.map(({ name, value }) => [name, ...valueText(value)]) });
}

function valueText(value: StoredValue): readonly unknown[] {
  switch (value.from) {
    case "column":
      return ["column", value.column];
    case "value":
      return ["value", value.text];
    case "template":
      return ["template", ...value.parts.map((part) => ("column" in part ? { column: part.column } : part.text))];
  }
}

function refuseUnknownColumns(stream: MappedStream, columns: readonly Column[], written: readonly OutputColumn[]): void {
  const sources = columns.map((column) => column.name);
  const outputs = written.map((output) => output.name);
  const problems = [
    ...unknown(stream.primaryKey, sources).map(
      (name) => `primary_key names "${name}", which the query does not return${meant(name, sources)}`,
    ),
    ...written.flatMap((output) =>
      unknown(sourcesOf(output.value), sources).map(
        (name) => `column "${output.name}" reads "${name}", which the query does not return${meant(name, sources)}`,
      ),
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
