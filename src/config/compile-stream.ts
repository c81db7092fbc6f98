import { AUDIENCE_COLUMN, CHANGE_KINDS } from "../core/types.ts";
import type { ChangeKind, DestinationSpec, FileFormat, ModelQuery, SourceSpec, Stream } from "../core/types.ts";
import { compileColumns } from "./compile-columns.ts";
import type { ModelFile } from "./load-models.ts";
import type { LoadedSql } from "./load-sql.ts";
import type { WrittenModel } from "./model-schema.ts";

/** What a model file refers to, found. */
export interface StreamParts {
  readonly source: SourceSpec;
  readonly destination: DestinationSpec;
  readonly destinationEnabled: boolean;
  /** SQL of query, query_file or the entity; null for a table. */
  readonly sql: LoadedSql | null;
}

/** The stream of a model that passed every rule. */
export function compileStream(model: ModelFile, written: WrittenModel, parts: StreamParts): Stream {
  const disabledBy = disabled(written.enabled, parts.destinationEnabled);
  return {
    name: model.name,
    model: model.name,
    delivery: null,
    description: written.description,
    tags: written.tags,
    enabled: disabledBy === null,
    ...(disabledBy === null ? {} : { disabledBy }),
    file: model.file.display,
    source: parts.source,
    destination: parts.destination,
    query: compileQuery(model, written, parts.sql),
    primaryKey: primaryKey(written),
    mode: written.mode,
    changes: changes(written),
    firstRun: written.first_run,
    ignoreChangesIn: written.ignore_changes_in,
    columns: compileColumns(model, written.columns),
    fileFormat: compileFile(written.file),
    manifest: written.file.manifest,
  };
}

function disabled(model: boolean, destination: boolean): "model" | "destination" | null {
  if (!model) return "model";
  return destination ? null : "destination";
}

function compileQuery(model: ModelFile, written: WrittenModel, sql: LoadedSql | null): ModelQuery {
  if (written.table !== undefined) return { kind: "table", table: written.table };
  const { file, line } = sql ?? { file: model.file.display, line: 1 };
  const { audiences } = written;
  if (audiences === undefined) return { kind: "sql", sql: sql?.sql ?? "", file, line };
  const names = [...(model.file.at(["audiences", "members"])?.children.keys() ?? [])];
  const members = names.map((name) => ({ name, condition: audiences.members[name] ?? "" }));
  return { kind: "audiences", entitySql: sql?.sql ?? "", entityKey: asList(audiences.entity.key), members, file, line };
}

/** The key columns of a model's rows; of an audience model, those of the entity and the audience. */
export function primaryKey(written: WrittenModel): readonly string[] {
  if (written.audiences !== undefined) return [...asList(written.audiences.entity.key), AUDIENCE_COLUMN];
  return written.primary_key === undefined ? [] : asList(written.primary_key);
}

/** The kinds of change in their one order, however they were written. */
function changes(written: WrittenModel): readonly ChangeKind[] {
  const byDefault: readonly ChangeKind[] = written.audiences === undefined ? CHANGE_KINDS : ["added", "removed"];
  const wanted = written.changes ?? byDefault;
  return CHANGE_KINDS.filter((kind) => wanted.includes(kind));
}

/** The format of a stream's files with every default filled in. */
export function compileFile(file: WrittenModel["file"]): FileFormat {
  return {
    format: file.format,
    extension: file.extension ?? file.format,
    delimiter: file.delimiter ?? (file.format === "csv" ? "," : "\t"),
    header: file.header,
    quote: file.quote,
    nullText: file.null,
    folder: file.folder,
    name: file.name,
  };
}

/** A key that may be written as one name or as a list. */
export function asList(value: string | readonly string[]): readonly string[] {
  return typeof value === "string" ? [value] : value;
}
