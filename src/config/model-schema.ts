import { z } from "zod";
import { CHANGE_KINDS } from "../core/types.ts";
import { outputSchema } from "./column-schema.ts";
import { cursorSchema } from "./cursor-schema.ts";
import { fileSchema } from "./file-schema.ts";
import { guardsSchema } from "./guard-schema.ts";
import { retentionSchema } from "./retention-schema.ts";
import { checkpointSchema, scheduleSchema } from "./schedule-schema.ts";

const sqlText = z.string().regex(/\S/, "the SQL is empty");
const columnName = z.string().min(1);

const entitySchema = z.strictObject({
  query: sqlText.optional().describe("SQL of the base query. Example: `SELECT * FROM analytics.users`."),
  query_file: z
    .string()
    .min(1)
    .optional()
    .describe("File with the SQL of the base query, relative to the model file. Example: `users.sql`."),
  key: z.union([columnName, z.array(columnName).min(1)]).describe("Column (or columns) that tell the entities apart. Example: `user_id`."),
});

const audiencesSchema = z.strictObject({
  entity: entitySchema.describe("The base query whose rows enter and leave the audiences."),
  members: z
    .record(z.string().regex(/^[^\p{Cc}]{1,128}$/u, "a name of 1 to 128 characters on one line"), sqlText)
    .refine((members) => Object.keys(members).length > 0, "name at least one audience")
    .describe("Audiences: name and SQL condition on the columns of the entity. Example: `vip: ltv >= 1000`."),
});

const tableName = z.string().regex(/^[^.\s][^.]*(?:\.[^.\s][^.]*){0,2}$/, "write `table`, `schema.table` or `database.schema.table`");

const dbtTable = z.strictObject({
  dbt: z
    .string()
    .min(1)
    .describe(
      "Name of the dbt model: as in ref(), with its package (`jaffle_shop.customers`) where several have it. Example: `customers`.",
    ),
});

const changeKinds = z.array(z.enum(CHANGE_KINDS)).min(1);

const destination = z.string().min(1);

const modelKeys = {
  description: z.string().default("").describe("What the model is, for people. Example: `Members of the growth audiences`."),
  tags: z
    .array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, "a tag has letters, digits, `_`, `-` and `.`"))
    .default([])
    .describe("Labels to choose models by (`-s tag:growth`). Example: `[growth]`."),
  source: z.string().min(1).describe("Name of a source of config.yaml. Example: `warehouse`."),
  query: sqlText
    .optional()
    .describe("SQL whose result is delivered. One of query, query_file, table, audiences. Example: `SELECT user_id, email FROM users`."),
  query_file: z.string().min(1).optional().describe("File with the SQL, relative to this file. Example: `users.sql`."),
  table: z
    .union([tableName, dbtTable])
    .optional()
    .describe(
      "Table or view to deliver as it is; or a dbt model, found in the manifest that config.yaml names. Example: `analytics.users`.",
    ),
  audiences: audiencesSchema
    .optional()
    .describe(
      "Audiences over one base query; a row is (entity, audience). Example: `{entity: {query_file: users.sql, key: user_id}, members: {vip: ltv >= 1000}}`.",
    ),
  where: sqlText
    .optional()
    .describe(
      "Trigger, as SQL on the columns of the result: only rows that meet it belong to the model; one that no longer does is removed. Example: `tier <> 'internal'`.",
    ),
  primary_key: z
    .union([columnName, z.array(columnName).min(1)])
    .optional()
    .describe(
      "Columns that tell the rows apart; never NULL, never twice. Audience models have (entity key, _audience). Example: `[user_id]`.",
    ),
  enabled: z.boolean().default(true).describe("false: the model is skipped, and says so. Default: true."),
  mode: z
    .enum(["delta", "full", "append"])
    .default("delta")
    .describe(
      "delta: what changed since the last delivery. full: every row, every run. append: new rows of an event table, by `cursor`. Default: delta.",
    ),
  cursor: cursorSchema
    .optional()
    .describe("How mode: append finds new rows. Example: `{column: received_at, start: 2026-01-01, lag: 5m, overlap: 1h}`."),
  changes: z
    .union([
      changeKinds,
      z.record(z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, "a name has lower-case letters, digits and `_`"), changeKinds),
    ])
    .optional()
    .describe(
      "Kinds of change that are delivered; or names for them, each with the kinds that share its files. Default: all three; for audiences [added, removed]; in mode append [added]. Example: `{upsert: [added, changed], delete: [removed]}`.",
    ),
  removed_columns: z
    .enum(["all", "key"])
    .default("all")
    .describe(
      "Columns of files of removed rows. all: every column, with the values last delivered. key: only those made of the primary key, and facts of the run. Default: all.",
    ),
  checkpoint: checkpointSchema
    .optional()
    .describe(
      "When a delivery carries the whole snapshot beside its delta, so that a consumer may start there: the first run at or after each slot of the cron expression. Without it, only `sync run --checkpoint`. Example: `0 6 * * 1`.",
    ),
  first_run: z
    .enum(["full", "baseline"])
    .default("full")
    .describe("full: the first run delivers every row as added. baseline: it delivers nothing. Default: full."),
  ignore_changes_in: z
    .array(columnName)
    .default([])
    .describe("Output columns that are delivered, but whose change alone is no change. Example: `[SeenAt]`."),
  guards: guardsSchema
    .prefault({})
    .describe(
      "What a delta must keep to, or it is held for approval; `off`: nothing. Shares are of the rows told before. Example: `{max_removed: 10%, per: [_audience]}`.",
    ),
  on_schema_change: z
    .enum(["hold", "resync", "adopt"])
    .default("hold")
    .describe(
      "When columns or the mapping change. hold: wait for approval. resync: deliver every row anew. adopt: take what is new as told, deliver other changes. Default: hold.",
    ),
  alerts: z
    .array(z.string().min(1))
    .default([])
    .describe("Names of alerts of config.yaml that are told when runs of the model fail, are held, or work again. Example: `[ops]`."),
  columns: z
    .record(z.string().regex(/^[^\p{Cc}]+$/u, "a column name has no control characters"), outputSchema)
    .optional()
    .describe(
      "Output columns in file order, and what goes in. Default: all of the result, as they are. Example: `{UserId: user_id, Partner: {value: acme}}`.",
    ),
  schedule: scheduleSchema
    .optional()
    .describe(
      "When `sync serve`, or `sync run --due`, runs the model: a cron expression of five or six fields, or `@hourly` and the like. Without it, only when asked. Example: `{cron: 0 6 * * *, timezone: Europe/Berlin}`.",
    ),
  retention: retentionSchema
    .optional()
    .describe(
      "How long run records, stored deltas, staged bytes and held runs of the model are kept. Default: as in config.yaml. Example: `{log: 30d}`.",
    ),
  file: fileSchema.prefault({}).describe('Format and names of the files. Example: `{delimiter: "|", folder: users}`.'),
};

const {
  mode,
  changes,
  removed_columns: removedColumns,
  checkpoint,
  first_run: firstRun,
  ignore_changes_in: ignoreChangesIn,
  guards,
  on_schema_change: onSchemaChange,
  columns,
  schedule,
  retention,
  file,
} = modelKeys;
const AS_MODEL = "As in the model, over whose own it is laid.";

const deliverySchema = z.strictObject({
  destination: destination.describe("Name of a destination of config.yaml. Example: `acme`."),
  enabled: modelKeys.enabled.optional().describe("false: the delivery is skipped, and says so."),
  mode: mode.optional().describe(AS_MODEL),
  changes: changes.describe(AS_MODEL),
  removed_columns: removedColumns.optional().describe(AS_MODEL),
  checkpoint: checkpoint.describe(AS_MODEL),
  first_run: firstRun.optional().describe(AS_MODEL),
  ignore_changes_in: ignoreChangesIn.optional().describe(AS_MODEL),
  guards: guards.optional().describe(AS_MODEL),
  on_schema_change: onSchemaChange.optional().describe(AS_MODEL),
  columns: columns.describe("As in the model, whose own it replaces whole."),
  alerts: modelKeys.alerts.optional().describe(AS_MODEL),
  schedule: schedule.describe(AS_MODEL),
  retention: retention.describe(AS_MODEL),
  file: file.optional().describe(AS_MODEL),
});

const deliveryName = z.string().regex(/^[a-z][a-z0-9_-]{0,49}$/, "lower-case letters, digits, `_` and `-`, a letter first, 50 at most");

/** A model file as users write it. */
export const modelSchema = z
  .strictObject({
    ...modelKeys,
    destination: destination.optional().describe("Name of a destination of config.yaml; or give `deliveries`. Example: `partner`."),
    deliveries: z
      .record(deliveryName, deliverySchema)
      .refine((deliveries) => Object.keys(deliveries).length > 0, "name at least one delivery")
      .optional()
      .describe(
        "Several deliveries of the model, each a stream `<model>.<delivery>` with destination, mapping, files, guards and generations of its own. Instead of destination. Example: `{acme: {destination: acme}, beta: {destination: beta, columns: {Id: user_id}}}`.",
      ),
  })
  .refine((model) => model.destination === undefined || model.deliveries === undefined, {
    path: ["destination"],
    message: "with `deliveries`, each names its own: take one of the two away",
  })
  .describe("Spillway model: a query and how its changes are delivered.");

/** A model file after the schema: defaults filled in, rules not yet checked. */
export type WrittenModel = z.output<typeof modelSchema>;
