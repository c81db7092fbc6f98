import { z } from "zod";
import { CHANGE_KINDS } from "../core/types.ts";

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

const columnObject = z.strictObject({
  from: columnName
    .optional()
    .describe(
      "Column of the query's result, or a fact of the run: `_change`, `_member`, `_run_id`, `_generation`, `_scheduled_at`. Example: `email`.",
    ),
  value: z.string().optional().describe("The same text in every row. Example: `acme`."),
  template: z
    .string()
    .optional()
    .describe("Text with columns in braces; `{{` and `}}` stand for braces. Example: `{first_name} {last_name}`."),
});

const outputSchema = z
  .union([columnName, z.null(), columnObject])
  .describe("What goes into the column: a column of the result, or {from}, {value} or {template}. Left blank: the column is dropped.");

const fileSchema = z.strictObject({
  format: z.enum(["csv", "txt"]).default("csv").describe("csv: commas, `.csv`. txt: the same with tabs and `.txt`. Default: csv."),
  extension: z.string().optional().describe("End of the file's name, without the dot; empty for none. Default: the format's."),
  delimiter: z.string().optional().describe('One character between fields. Default: `,` for csv, a tab for txt. Example: `"|"`.'),
  header: z.boolean().default(true).describe("Whether the first line names the columns. Default: true."),
  quote: z
    .enum(["minimal", "all"])
    .default("minimal")
    .describe("Which fields stand in quotes: those that need it, or all. Default: minimal."),
  null: z
    .string()
    .default("")
    .describe('Text for NULL, never in quotes; an empty text is `""`, so the two differ. Default: nothing. Example: `"NULL"`.'),
  folder: z
    .string()
    .default("")
    .describe("Folder of the files below the destination's prefix; see name. Default: none. Example: `audiences/{scheduled_at:%Y/%m/%d}`."),
  name: z
    .string()
    .min(1)
    .default("{stream}-{generation:06}-{change}-{part:04}")
    .describe(
      "Name of the files without the extension; may use {model} {delivery} {stream} {generation} {change} {part} {run_id} {ext} {scheduled_at:%Y-%m-%d}. Default: `{stream}-{generation:06}-{change}-{part:04}`.",
    ),
  manifest: z
    .boolean()
    .default(true)
    .describe(
      "Whether each delivery ends with a manifest below `_spillway/`. false also drops the proof by which lost state is noticed. Default: true.",
    ),
});

/** A model file as users write it. */
export const modelSchema = z
  .strictObject({
    description: z.string().default("").describe("What the model is, for people. Example: `Members of the growth audiences`."),
    tags: z
      .array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, "a tag has letters, digits, `_`, `-` and `.`"))
      .default([])
      .describe("Labels to choose models by (`-s tag:growth`). Example: `[growth]`."),
    source: z.string().min(1).describe("Name of a source of config.yaml. Example: `warehouse`."),
    destination: z.string().min(1).describe("Name of a destination of config.yaml. Example: `partner`."),
    query: sqlText
      .optional()
      .describe("SQL whose result is delivered. One of query, query_file, table, audiences. Example: `SELECT user_id, email FROM users`."),
    query_file: z.string().min(1).optional().describe("File with the SQL, relative to this file. Example: `users.sql`."),
    table: z
      .string()
      .regex(/^[^.\s][^.]*(?:\.[^.\s][^.]*){0,2}$/, "write `table`, `schema.table` or `database.schema.table`")
      .optional()
      .describe("Table or view to deliver as it is. Example: `analytics.users`."),
    audiences: audiencesSchema
      .optional()
      .describe(
        "Audiences over one base query; a row is (entity, audience). Example: `{entity: {query_file: users.sql, key: user_id}, members: {vip: ltv >= 1000}}`.",
      ),
    primary_key: z
      .union([columnName, z.array(columnName).min(1)])
      .optional()
      .describe(
        "Columns that tell the rows apart; never NULL, never twice. Audience models have (entity key, _audience). Example: `[user_id]`.",
      ),
    enabled: z.boolean().default(true).describe("false: the model is skipped, and says so. Default: true."),
    mode: z
      .enum(["delta", "full"])
      .default("delta")
      .describe("delta: what changed since the last delivery. full: every row, every run. Default: delta."),
    changes: z
      .array(z.enum(CHANGE_KINDS))
      .min(1)
      .optional()
      .describe("Kinds of change that are delivered. Default: all three; for audiences [added, removed]. Example: `[added, changed]`."),
    first_run: z
      .enum(["full", "baseline"])
      .default("full")
      .describe("full: the first run delivers every row as added. baseline: it delivers nothing. Default: full."),
    ignore_changes_in: z
      .array(columnName)
      .default([])
      .describe("Output columns that are delivered, but whose change alone is no change. Example: `[SeenAt]`."),
    columns: z
      .record(z.string().regex(/^[^\p{Cc}]+$/u, "a column name has no control characters"), outputSchema)
      .optional()
      .describe(
        "Output columns in file order, and what goes in. Default: all of the result, as they are. Example: `{UserId: user_id, Partner: {value: acme}}`.",
      ),
    file: fileSchema.prefault({}).describe('Format and names of the files. Example: `{delimiter: "|", folder: users}`.'),
  })
  .describe("Spillway model: a query and how its changes are delivered.");

/** A model file after the schema: defaults filled in, rules not yet checked. */
export type WrittenModel = z.output<typeof modelSchema>;
