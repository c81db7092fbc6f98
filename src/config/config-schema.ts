import { z } from "zod";
import { destinationSchema, sourceSchema, stateSchema } from "./adapters.ts";
import { alertSchema } from "./alert-schema.ts";
import { defaultsSchema } from "./defaults-schema.ts";
import { retentionSchema } from "./retention-schema.ts";
import { serveSchema } from "./serve-schema.ts";

const SIZE = /^\d+(?:\.\d+)? ?(?:[KMGT]i?B)$/i;

const size = z.string().regex(SIZE, "write a size such as 512MB or 2GB");

const name = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]*$/, "a name starts with a letter; letters, digits, `_` and `-` follow");

const engineSchema = z.strictObject({
  memory_limit: size.default("1GB").describe("Memory that the embedded engine may take; what does not fit goes to disk. Default: 1GB."),
  threads: z.int().min(1).max(256).default(2).describe("Threads of the embedded engine. Default: 2."),
  temp_directory: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Folder for what does not fit into memory. Default: `tmp` in the state folder, `.sync/tmp` when the state is on S3. Example: `/var/tmp/spillway`.",
    ),
  max_temp_size: size.default("50GB").describe("Disk space that temp_directory may take; a run that needs more stops. Default: 50GB."),
});

const dbtSchema = z.strictObject({
  manifest: z
    .string()
    .min(1)
    .describe(
      "The manifest that dbt writes; models name its tables with `table: {dbt: NAME}`. A relative path starts at config.yaml. Example: `../analytics/target/manifest.json`.",
    ),
});

const targetSchema = z.strictObject({
  state: stateSchema.optional().describe("The state root of this target."),
  models: z.string().min(1).optional().describe("The folder of its model files."),
  engine: engineSchema.partial().optional().describe("Limits that differ."),
  sources: z
    .record(name, z.looseObject({}))
    .optional()
    .describe("Keys of sources that differ, or sources of its own. Example: `{warehouse: {database: dev}}`."),
  destinations: z.record(name, destinationSchema).optional().describe("Destinations that are replaced whole, or its own."),
  alerts: z.record(name, alertSchema).optional().describe("Alerts that are replaced whole, or its own."),
  defaults: defaultsSchema.optional().describe("Defaults that differ."),
  dbt: dbtSchema.optional().describe("The dbt project of this target."),
  retention: retentionSchema.optional().describe("How long things are kept in this target."),
  serve: serveSchema.partial().optional().describe("Where `sync serve` listens in this target."),
});

/** config.yaml as users write it. */
export const configSchema = z
  .strictObject({
    version: z.literal(1).describe("Version of the format. Always 1."),
    state: stateSchema
      .prefault(".sync")
      .describe(
        "Where it is kept what was delivered; it has to survive. A folder, s3://bucket/prefix, or the latter as url with the keys of its connection. Default: `.sync`. Example: `/var/lib/spillway`.",
      ),
    models: z
      .string()
      .min(1)
      .default("models")
      .describe("Folder of the model files (`*.yaml`, in folders below it as well). Default: `models`."),
    engine: engineSchema.prefault({}).describe("Limits of the embedded engine. Example: `{memory_limit: 2GB, threads: 4}`."),
    sources: z
      .record(name, sourceSchema)
      .default({})
      .describe("Warehouses that models are queried from, by name. Example: `warehouse: {type: duckdb, path: warehouse.duckdb}`."),
    destinations: z
      .record(name, destinationSchema)
      .default({})
      .describe("Places that files are delivered to, by name. Example: `partner: {type: local, path: out}`."),
    defaults: defaultsSchema
      .optional()
      .describe("Keys of a model for every model; the model's own win, key by key. Example: `{guards: {max_removed: 10%}}`."),
    retention: retentionSchema
      .optional()
      .describe(
        "How long run records, stored deltas, staged bytes and held runs are kept; a model's own keys win. Example: `{runs: 90d, log: 180d}`.",
      ),
    targets: z
      .record(name, targetSchema)
      .optional()
      .describe(
        "Environments: what is laid over the rest under `--target NAME` or SYNC_TARGET. Example: `dev: {state: .sync/dev, destinations: {partner: {type: local, path: out}}}`.",
      ),
    alerts: z
      .record(name, alertSchema)
      .default({})
      .describe("Who can be told of what happens, by name; models name who is. Example: `ops: {type: slack, url: ${SLACK_URL}}`."),
    dbt: dbtSchema
      .optional()
      .describe("The dbt project whose models can be tables of models. Example: `{manifest: target/manifest.json}`."),
    serve: serveSchema.prefault({}).describe("Where `sync serve` listens. Example: `{port: 9000}`."),
  })
  .describe("Spillway project: state, sources, destinations, alerts.");

/** config.yaml after the schema: defaults filled in, paths still as written. */
export type WrittenConfig = z.output<typeof configSchema>;
