/**
 * The words of this project, and the shapes that travel between its floors.
 *
 * - source: a warehouse connection. model: a named query with a primary key. delivery: destination + mapping + file format.
 * - stream: one model × one delivery, the unit that has a snapshot and generations (`users`, or `users.acme`).
 * - run: one execution. snapshot: the table that the destination holds. generation: the number of a delivered delta (first is 1).
 * - delta: rows added, changed, removed. plan: the exact bytes a run will deliver. slot: the scheduled instant a run stands for.
 * - source column: what the query returns. output (column): what stands in the file.
 */

/** The three kinds of change of a delta. */
export const CHANGE_KINDS = ["added", "changed", "removed"] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** What `{change}` and `_change` can say: a kind of change, or `full` when every row is delivered. */
export type FileChange = ChangeKind | "full";

/** Classes of canonical text (docs/architecture.md); they decide the row order of key columns and the types told in the manifest. */
export type ColumnKind =
  | "integer"
  | "decimal"
  | "float"
  | "boolean"
  | "date"
  | "time"
  | "timestamp"
  | "timestamp_tz"
  | "bytes"
  | "json"
  | "text";

/** A column of a model's result as the source describes it. */
export interface Column {
  readonly name: string;
  /** The source's own name of the type, e.g. `numeric(10,2)` or `TIMESTAMP WITH TIME ZONE`. */
  readonly type: string;
  readonly kind: ColumnKind;
}

/** A piece of DuckDB SQL that stands for one value. */
export type SqlExpr = string;

/** What of a model's result is extracted, in this order: key columns, compared columns, ignored columns. */
export interface Projection {
  /** The model's query, without a trailing semicolon. */
  readonly query: string;
  readonly columns: readonly Column[];
  readonly keyCount: number;
  /** How many columns at the end are left out of the fingerprint (they feed only outputs named in `ignore_changes_in`). */
  readonly ignoredCount: number;
}

/** Where a model's rows come from, before any source is asked. */
export type ModelQuery =
  | { readonly kind: "sql"; readonly sql: string; readonly file: string; readonly line: number }
  | { readonly kind: "table"; readonly table: string }
  | {
      readonly kind: "audiences";
      readonly entitySql: string;
      readonly entityKey: readonly string[];
      readonly members: readonly AudienceMember[];
      readonly file: string;
      readonly line: number;
    };

/** One named condition of an audience model. */
export interface AudienceMember {
  readonly name: string;
  readonly condition: string;
}

/** The column that an audience model adds, naming the audience a row belongs to. */
export const AUDIENCE_COLUMN = "_audience";

/** Facts of a run that an output column can show; they are never compared and never part of a snapshot. */
export const METADATA_FIELDS = ["_change", "_member", "_run_id", "_generation", "_scheduled_at"] as const;
export type MetadataField = (typeof METADATA_FIELDS)[number];

/** What stands in one output column. */
export type OutputValue =
  | { readonly from: "column"; readonly column: string }
  | { readonly from: "value"; readonly text: string }
  | { readonly from: "template"; readonly parts: readonly TemplatePart[] }
  | { readonly from: "metadata"; readonly field: MetadataField };

/** A piece of a column template: literal text or the canonical text of a source column. */
export type TemplatePart = { readonly text: string } | { readonly column: string };

/** An output column: its name in the file's header, and what goes in. */
export interface OutputColumn {
  readonly name: string;
  readonly value: OutputValue;
}

/** How the files of a stream look. All defaults are filled in. */
export interface FileFormat {
  readonly format: "csv" | "txt";
  readonly extension: string;
  readonly delimiter: string;
  readonly header: boolean;
  readonly quote: "minimal" | "all";
  readonly nullText: string;
  readonly folder: string;
  readonly name: string;
}

/** A source as configured; `type` picks the adapter, `options` are that adapter's own, already validated. */
export interface SourceSpec {
  readonly name: string;
  readonly type: string;
  readonly options: unknown;
}

/** A destination as configured; `type` picks the adapter, `options` are that adapter's own, already validated. */
export interface DestinationSpec {
  readonly name: string;
  readonly type: string;
  readonly options: unknown;
}

/** One model × one delivery, compiled from YAML: the only shape of configuration that goes below `config/`. */
export interface Stream {
  readonly name: string;
  readonly model: string;
  readonly delivery: string | null;
  readonly description: string;
  readonly tags: readonly string[];
  readonly enabled: boolean;
  /** What switched the stream off: its model's `enabled: false` or its destination's. */
  readonly disabledBy?: "model" | "destination";
  /** The model file, as written on the command line or in config, for messages. */
  readonly file: string;
  readonly source: SourceSpec;
  readonly destination: DestinationSpec;
  readonly query: ModelQuery;
  readonly primaryKey: readonly string[];
  readonly mode: "delta" | "full";
  readonly changes: readonly ChangeKind[];
  readonly firstRun: "full" | "baseline";
  readonly ignoreChangesIn: readonly string[];
  /** null = every column of the result, as it is, in the query's order. */
  readonly columns: readonly OutputColumn[] | null;
  readonly fileFormat: FileFormat;
  /** false drops the claim and the manifest, and with them the promise that lost state is noticed. */
  readonly manifest: boolean;
}

/** Limits of the embedded engine. */
export interface EngineLimits {
  /** As DuckDB spells it, e.g. `1GB`. */
  readonly memoryLimit: string;
  readonly threads: number;
  readonly tempDirectory: string;
  readonly maxTempSize: string;
}

/** The whole configuration, compiled. */
export interface Project {
  /** Absolute folder of the config file. */
  readonly root: string;
  readonly configFile: string;
  readonly state: StateSpec;
  readonly engine: EngineLimits;
  readonly streams: readonly Stream[];
  readonly sources: readonly SourceSpec[];
  readonly destinations: readonly DestinationSpec[];
}

/** Where the state root lies. */
export interface StateSpec {
  readonly type: "folder";
  /** Absolute path. */
  readonly path: string;
}
