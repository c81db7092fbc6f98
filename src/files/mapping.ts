import { type Cursor, CURSOR_KINDS } from "../core/cursor.ts";
import type { HeaderFact, MappedOutput, ResolvedMapping } from "../core/delta.ts";
import type { Column, ColumnKind, OutputColumn, SqlExpr } from "../core/types.ts";
import { sqlText } from "../engine/sql-literal.ts";
import { bindOnce } from "./bind-once.ts";
import { stepsSql } from "./column-steps.ts";
import { encodeJson } from "./encode-json.ts";
import { refuseUnfitColumns, refuseUnknownColumns } from "./mapping-checks.ts";
import { mappingText } from "./mapping-text.ts";
import { expressionOf, isFact, type MappedStream, sourcesOf, type StoredColumn, storedMembers } from "./mapping-values.ts";
import { keyPlaces } from "./removed-columns.ts";

/**
 * Checks a stream's mapping against the columns that its source describes and prepares it for SQL. MODEL_COLUMN_UNKNOWN names every
 * column that does not exist, with the nearest one that does; MODEL_COLUMN_UNFIT every one that is not of a kind to do so with.
 * Secrets of columns have to be resolved (`resolveColumnSecrets`).
 */
export function resolveMapping(stream: MappedStream, columns: readonly Column[]): ResolvedMapping {
  const written = (stream.columns ?? [REST]).flatMap((output, _, all) => (output.value.from === "rest" ? restOf(all, columns) : [output]));
  refuseUnknownColumns(stream, columns, written);
  const kinds = new Map(columns.map((column) => [column.name, column.kind]));
  const single = written.flatMap((output) => (output.value.from === "object" ? [output, ...output.value.members] : [output]));
  refuseUnfitColumns(stream, kinds, single);
  const ignored = new Set(stream.ignoreChangesIn);
  const outputs: MappedOutput[] = [];
  const stored: StoredColumn[] = [];
  const store = (column: StoredColumn): number => {
    stored.push(column);
    return outputs.push(mappedOutput(column, kinds, ignored.has(column.name))) - 1;
  };
  const places = written.map(({ name, value, steps = [] }) => (isFact(value) ? null : store({ name, value, steps })));
  const header = written.map((output, at) => {
    const place = places[at] ?? null;
    return place === null ? headerFact(output, stored) : { name: output.name, output: place };
  });
  const splits = (stream.fileFormat?.splitBy ?? []).map((name) => {
    const at = stored.findIndex((output) => output.name === name);
    // Stored like an output, so that a removed row is found in the files that its value names.
    return at === -1 ? store({ name, value: { from: "column", column: name }, steps: [] }) : at;
  });
  const cursor = stream.cursor === undefined ? {} : { cursor: storeCursor(stream.cursor, kinds, stored, store) };
  const removed = stream.removedColumns === "key" ? { removed: keyPlaces(stream, header, outputs) } : {};
  return { header, outputs, ...removed, splits, ...cursor, ...projection(stream.primaryKey, outputs, columns), text: mappingText(stored) };
}

/** Kept by itself, as it is: what a column of the file shows of it may be formatted, mapped or dropped. */
function storeCursor(
  { column }: Cursor,
  kinds: ReadonlyMap<string, ColumnKind>,
  stored: readonly StoredColumn[],
  store: (column: StoredColumn) => number,
): NonNullable<ResolvedMapping["cursor"]> {
  let name = "_cursor";
  while (stored.some((output) => output.name === name)) name = `_${name}`;
  const kind = CURSOR_KINDS.find((each) => each === kinds.get(column)) ?? "timestamp";
  return { output: store({ name, value: { from: "column", column }, steps: [] }), kind };
}

const REST: OutputColumn = { name: "*", value: { from: "rest" } };

/**
 * Columns of the result that nothing in the mapping names: not as what an output reads, not as the name of an output. So what one
 * output hashes or masks is not told in plain by the rest.
 */
function restOf(written: readonly OutputColumn[], columns: readonly Column[]): readonly OutputColumn[] {
  const dropped = written.flatMap(({ value }) => (value.from === "rest" ? (value.dropped ?? []) : []));
  const named = new Set([...dropped, ...written.flatMap((output) => [output.name, ...sourcesOf(output.value)])]);
  return columns.filter(({ name }) => !named.has(name)).map(({ name }) => ({ name, value: { from: "column", column: name } }));
}

function headerFact({ name, value, steps }: OutputColumn, stored: readonly StoredColumn[]): HeaderFact {
  const made = steps === undefined ? {} : { steps };
  if (value.from === "metadata") return { name, metadata: value.field, ...made };
  const output = value.from === "previous" ? value.output : "";
  return { name, metadata: "_previous", previous: stored.findIndex((column) => column.name === output), ...made };
}

function mappedOutput(output: StoredColumn, kinds: ReadonlyMap<string, ColumnKind>, ignored: boolean): MappedOutput {
  const { name, value } = output;
  return {
    name,
    kind: kindOf(output, kinds),
    ignored,
    sources: sourcesOf(value),
    expression: (column) => columnSql(output, kinds, column),
  };
}

/** What steps make of a value is text. */
function kindOf({ value, steps }: StoredColumn, kinds: ReadonlyMap<string, ColumnKind>): ColumnKind {
  if (steps.length > 0) return "text";
  if (value.from === "object") return "json";
  return value.from === "column" ? (kinds.get(value.column) ?? "text") : "text";
}

function columnSql(output: StoredColumn, kinds: ReadonlyMap<string, ColumnKind>, column: (name: string) => SqlExpr): SqlExpr {
  const { value, steps } = output;
  const bare = value.from === "object" ? objectSql(storedMembers(value), kinds, column) : expressionOf(value, column);
  return stepsSql(bare, steps, kindOf({ ...output, steps: [] }, kinds));
}

/** Every member is there in every row, NULL as `null`, so that the texts of equal rows are equal. */
function objectSql(members: readonly StoredColumn[], kinds: ReadonlyMap<string, ColumnKind>, column: (name: string) => SqlExpr): SqlExpr {
  const pieces = members.flatMap((member, at) => [
    sqlText(`${at === 0 ? "" : ","}${JSON.stringify(member.name)}:`),
    bindOnce(columnSql(member, kinds, column), "m", encodeJson("m", kindOf(member, kinds), CANONICAL)),
  ]);
  return `concat(${["'{'", ...pieces, "'}'"].join(", ")})`;
}

const CANONICAL = { timestamp: "iso", timezone: "UTC", boolean: ["true", "false"] } as const;

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
