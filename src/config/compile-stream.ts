import { AUDIENCE_COLUMN } from "../core/types.ts";
import type { DestinationSpec, ModelQuery, SourceSpec, Stream } from "../core/types.ts";
import { asList } from "./as-list.ts";
import { compileColumns } from "./compile-columns.ts";
import { changeKinds, compileFile } from "./compile-file.ts";
import type { WrittenConfig } from "./config-schema.ts";
import { compileCursor } from "./cursor-schema.ts";
import { compileGuards } from "./guard-schema.ts";
import { streamName } from "./load-models.ts";
import type { ModelFile } from "./load-models.ts";
import type { LoadedSql } from "./load-sql.ts";
import type { WrittenModel } from "./model-schema.ts";
import { compileRetention } from "./retention-schema.ts";
import { compileCheckpoint, compileSchedule } from "./schedule-schema.ts";
import { segmentColumns } from "./segment-columns.ts";

/** What a model file refers to, found. */
export interface StreamParts {
  readonly source: SourceSpec;
  readonly destination: DestinationSpec;
  readonly destinationEnabled: boolean;
  /** SQL of query, query_file, the entity or a dbt model; null for a table. */
  readonly sql: LoadedSql | null;
  /** Public keys that the files are encrypted to. */
  readonly recipients: readonly string[];
  /** What config.yaml says of every model. */
  readonly retention: WrittenConfig["retention"];
}

/** The stream of a model that passed every rule. */
export function compileStream(model: ModelFile, written: WrittenModel, parts: StreamParts): Stream {
  const disabledBy = disabled(written.enabled, parts.destinationEnabled);
  return {
    name: streamName(model),
    model: model.name,
    delivery: model.delivery,
    description: written.description,
    tags: written.tags,
    enabled: disabledBy === null,
    ...(disabledBy === null ? {} : { disabledBy }),
    file: model.file.display,
    source: parts.source,
    destination: parts.destination,
    query: { ...compileQuery(model, written, parts.sql), ...(written.where === undefined ? {} : { where: written.where }) },
    primaryKey: primaryKey(written),
    mode: written.mode,
    ...(written.cursor === undefined ? {} : { cursor: compileCursor(written.cursor) }),
    changes: changeKinds(written),
    ...(written.removed_columns === "key" ? { removedColumns: "key" as const } : {}),
    ...(written.checkpoint === undefined ? {} : { checkpoint: compileCheckpoint(written.checkpoint, written.schedule) }),
    firstRun: written.first_run,
    ignoreChangesIn: written.ignore_changes_in,
    guards: compileGuards(written.guards),
    onSchemaChange: written.on_schema_change,
    alerts: written.alerts,
    columns: columnsOf(model, written),
    fileFormat: compileFile(written, parts.recipients),
    manifest: written.file.manifest ?? true,
    ...(written.schedule === undefined ? {} : { schedule: compileSchedule(written.schedule) }),
    retention: compileRetention(parts.retention, written.retention),
  };
}

function columnsOf(model: ModelFile, written: WrittenModel): Stream["columns"] {
  const columns = compileColumns(model, written.columns);
  if (columns === null || written.file.preset !== "segment_audience") return columns;
  return segmentColumns(columns, written.audiences === undefined ? { name: model.name } : "column");
}

function disabled(model: boolean, destination: boolean): "model" | "destination" | null {
  if (!model) return "model";
  return destination ? null : "destination";
}

function compileQuery(model: ModelFile, written: WrittenModel, sql: LoadedSql | null): ModelQuery {
  if (typeof written.table === "string") return { kind: "table", table: written.table };
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
