import type { AlertSink } from "./alerts.ts";
import type { Cursor } from "./cursor.ts";
import type { Guards } from "./guards.ts";
import type { Retention } from "./retention.ts";
import type { SecretRef } from "./secret.ts";
import type { ServeOptions } from "./serve-options.ts";

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
  /** Stands before every line of row text, without a TAB after it. Only sources that say they `mark` are asked for it. */
  readonly mark?: string;
}

/** Where a model's rows come from, before any source is asked. */
export type ModelQuery = (
  | { readonly kind: "sql"; readonly sql: string; readonly file: string; readonly line: number }
  | { readonly kind: "table"; readonly table: string }
  | {
      readonly kind: "audiences";
      readonly entitySql: string;
      readonly entityKey: readonly string[];
      readonly members: readonly AudienceMember[];
      readonly file: string;
      readonly line: number;
    }
) & {
  /** The trigger, in the source's SQL: only rows that meet it belong to the model. */
  readonly where?: string;
};

/** One named condition of an audience model. */
export interface AudienceMember {
  readonly name: string;
  readonly condition: string;
}

/** The column that an audience model adds, naming the audience a row belongs to. */
export const AUDIENCE_COLUMN = "_audience";

/** Facts of a run that an output column can show; they are never compared and never part of a snapshot. */
export const METADATA_FIELDS = [
  "_change",
  "_member",
  "_run_id",
  "_generation",
  "_scheduled_at",
  "_changed_columns",
  "_message_id",
] as const;
export type MetadataField = (typeof METADATA_FIELDS)[number];

/** Stands before the name of an output column whose value last told is meant: `_previous.Tier`. */
export const PREVIOUS_PREFIX = "_previous.";

/** What stands in one output column. */
export type OutputValue =
  | { readonly from: "column"; readonly column: string }
  | { readonly from: "value"; readonly text: string }
  | { readonly from: "template"; readonly parts: readonly TemplatePart[] }
  | { readonly from: "metadata"; readonly field: MetadataField }
  /** A JSON object of other columns, each under its name. */
  | { readonly from: "object"; readonly members: readonly OutputColumn[] }
  /** The value of another output column as it was told last. */
  | { readonly from: "previous"; readonly output: string }
  /** Every column of the result that is not dropped and that no other output names, each under its own name. */
  | { readonly from: "rest"; readonly dropped?: readonly string[] };

/** What is done to the text of an output, step by step. NULL stays NULL but for `coalesce` and `map` with a `default`. */
export type ColumnStep =
  /** A value inside of JSON text. */
  | { readonly step: "path"; readonly path: string }
  /** A pattern for numbers or dates (files/column-format.ts). */
  | { readonly step: "format"; readonly format: string }
  | { readonly step: "apply"; readonly name: PlainFunction }
  | { readonly step: "apply"; readonly name: "left" | "right" | "mask"; readonly count: number }
  | { readonly step: "apply"; readonly name: "null_if" | "coalesce"; readonly text: string }
  | { readonly step: "apply"; readonly name: "e164"; readonly country: string }
  | { readonly step: "apply"; readonly name: "email"; readonly rules: "plain" | "gmail" }
  | { readonly step: "apply"; readonly name: "hmac_sha256"; readonly secret: SecretRef }
  /** Texts replaced as wholes; what is not named becomes `otherwise`, NULL included, or stays as it is where that is absent. */
  | { readonly step: "map"; readonly entries: readonly (readonly [from: string, to: string | null])[]; readonly otherwise?: string };

/** Functions of a column that take no argument. */
export const PLAIN_FUNCTIONS = ["trim", "lower", "upper", "digits", "sha256", "sha1", "md5", "base64"] as const;
export type PlainFunction = (typeof PLAIN_FUNCTIONS)[number];

/** A piece of a column template: literal text or the canonical text of a source column. */
export type TemplatePart = { readonly text: string } | { readonly column: string };

/** An output column: its name in the file's header, and what goes in. */
export interface OutputColumn {
  readonly name: string;
  readonly value: OutputValue;
  readonly steps?: readonly ColumnStep[];
}

/** How the files of a stream look. All defaults are filled in. */
export interface FileFormat {
  readonly format: "csv" | "txt" | "ndjson" | "parquet";
  /** With what compression and encryption add to it. */
  readonly extension: string;
  readonly delimiter: string;
  readonly header: boolean;
  readonly quote: "minimal" | "all" | "non_null" | "none";
  readonly nullText: string;
  readonly newline: "lf" | "crlf";
  readonly bom: boolean;
  /** Puts an apostrophe before texts that a spreadsheet would take for a formula. */
  readonly formulaGuard: boolean;
  /** What becomes of characters that the format cannot carry. */
  readonly unencodable: "fail" | "replace" | "strip";
  /** `iso`, `epoch`, `epoch_ms`, or a strftime pattern. */
  readonly timestamp: string;
  /** Name of the zone in which instants are shown. */
  readonly timezone: string;
  /** Texts for true and false. */
  readonly boolean: readonly [string, string];
  /** Of the whole file; of the column chunks of a Parquet file. */
  readonly compression: "none" | "gzip" | "zstd" | "snappy";
  /** Columns, by output or source name, whose every combination of values has files of its own. */
  readonly splitBy: readonly string[];
  readonly maxRows: number | null;
  /** Of a file before compression. */
  readonly maxBytes: number | null;
  /** What is delivered of a delta that tells nothing, or nothing of one change. */
  readonly empty: "skip" | "header_only" | "manifest";
  /** Template of the key of an empty object that follows the files. */
  readonly doneFile: string | null;
  /** Kinds of change that share files, in no order; a kind in none of them has files of its own name. */
  readonly groups: readonly ChangeGroup[];
  /** The one object replaces what stands at its key. */
  readonly overwrite: boolean;
  /** Armored OpenPGP public keys; where there are some, files are encrypted to all of them. */
  readonly recipients: readonly string[];
  readonly folder: string;
  readonly name: string;
}

/** What happens when columns or the mapping are no longer those of the rows told before. */
export type OnSchemaChange = "hold" | "resync" | "adopt";

/** Kinds of change that are delivered under one name. */
export interface ChangeGroup {
  readonly name: string;
  readonly kinds: readonly ChangeKind[];
}

/** A source as configured; `type` picks the adapter, `options` are that adapter's own, already validated. */
export interface SourceSpec {
  readonly name: string;
  /** How many runs may read it at the same time; absent: any number. */
  readonly maxConcurrentRuns?: number;
  readonly type: string;
  readonly options: unknown;
}

/** A destination as configured; `type` picks the adapter, `options` are that adapter's own, already validated. */
export interface DestinationSpec {
  readonly name: string;
  readonly type: string;
  readonly options: unknown;
}

/** When a stream runs by itself. */
export interface Schedule {
  /** Five or six fields, or a name such as `@hourly`. */
  readonly cron: string;
  /** Name of the zone whose clocks the expression means. */
  readonly timezone: string;
  /** What becomes of slots that no scheduler was there for: the newest is run late, or none is. */
  readonly catchUp: "latest" | "none";
}

/** Slots each of which has a generation, no older than itself, that a consumer may start with. */
export type CheckpointSchedule = Pick<Schedule, "cron" | "timezone">;

/** A scheduled instant and what it is called: the time that the zone's clocks were meant to show. */
export interface Slot {
  readonly at: Date;
  /** ISO 8601 without an offset; in a spring gap, the time that the clocks skipped. */
  readonly wall: string;
  readonly zone: string;
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
  readonly mode: "delta" | "full" | "append";
  /** Mode append, and only that, has one. */
  readonly cursor?: Cursor;
  readonly changes: readonly ChangeKind[];
  /** Removed rows are told by the columns that are made of their key; absent: by all of them. */
  readonly removedColumns?: "key";
  /** When a generation carries, beside its delta, the whole snapshot; absent: only when it is asked for. */
  readonly checkpoint?: CheckpointSchedule;
  readonly firstRun: "full" | "baseline";
  readonly ignoreChangesIn: readonly string[];
  /** null: nothing is guarded. */
  readonly guards: Guards | null;
  readonly onSchemaChange: OnSchemaChange;
  /** Names of the alerts that are told of it. */
  readonly alerts: readonly string[];
  /** null = every column of the result, as it is, in the query's order. */
  readonly columns: readonly OutputColumn[] | null;
  readonly fileFormat: FileFormat;
  /** false drops the claim and the manifest, and with them the promise that lost state is noticed. */
  readonly manifest: boolean;
  /** Absent: it runs only when it is asked to. */
  readonly schedule?: Schedule;
  /** Absent: DEFAULT_RETENTION. */
  readonly retention?: Retention;
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
  readonly alerts: readonly AlertSink[];
  readonly serve: ServeOptions;
}

/** Where the state root lies: an absolute path, or a bucket, whose `options` are the S3 adapter's own, already validated. */
export type StateSpec = { readonly type: "folder"; readonly path: string } | { readonly type: "s3"; readonly options: unknown };
