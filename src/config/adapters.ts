import { z } from "zod";
import type { Place } from "../core/ports.ts";
import type { StateSpec } from "../core/types.ts";
import { folderOptionsSchema } from "../folder/folder-options.ts";
import { s3OptionsSchema, type S3Options } from "../s3/s3-options.ts";
import { s3StateKeysSchema, s3StateUrlSchema } from "../s3/s3-state-options.ts";
import { bigqueryOptionsSchema } from "../sources/bigquery/bigquery-options.ts";
import { duckdbOptionsSchema } from "../sources/duckdb/duckdb-options.ts";
import { postgresOptionsSchema } from "../sources/postgres/postgres-options.ts";
import { snowflakeOptionsSchema } from "../sources/snowflake/snowflake-options.ts";
import { absoluteSecrets } from "./absolute-secrets.ts";
import { defaultsSchema } from "./defaults-schema.ts";

/*
 * The registry of adapters: a new one adds its options schema to a list below (the literal of `type` picks it) and a line to each
 * `switch`, which the compiler asks for.
 */

/** Keys that every source has. */
const sourceKeys = {
  max_concurrent_runs: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe("How many runs may read the source at the same time, of one process. Default: as many as --jobs. Example: `1`."),
};

const destinationKeys = {
  enabled: z.boolean().default(true).describe("false: streams to this destination are skipped, and say so. Default: true."),
  defaults: defaultsSchema
    .optional()
    .describe('Keys of a model for whatever is delivered here; they win over those of config.yaml. Example: `{file: {delimiter: "|"}}`.'),
};

/** Options of a source, picked by `type`. */
export const sourceSchema = z.discriminatedUnion("type", [
  duckdbOptionsSchema.safeExtend(sourceKeys),
  postgresOptionsSchema.safeExtend({ type: z.literal("postgres"), ...sourceKeys }),
  bigqueryOptionsSchema.safeExtend({ type: z.literal("bigquery"), ...sourceKeys }),
  snowflakeOptionsSchema.safeExtend({ type: z.literal("snowflake"), ...sourceKeys }),
]);

/** Options of a destination, picked by `type`. */
export const destinationSchema = z.discriminatedUnion("type", [
  folderOptionsSchema.safeExtend(destinationKeys),
  s3OptionsSchema.safeExtend(destinationKeys),
]);

const URL_LIKE = /^[a-z][a-z0-9+.-]*:\/\//i;

const stateText = z
  .string()
  .min(1)
  .transform((text, context): WrittenState => {
    if (!URL_LIKE.test(text)) return { type: "folder", path: text };
    const parsed = s3StateUrlSchema.safeParse(text);
    if (parsed.success) return { type: "s3", options: parsed.data };
    context.addIssue({ code: "custom", message: parsed.error.issues[0]?.message ?? "write a folder or s3://bucket/prefix" });
    return z.NEVER;
  });

/** The state root: a folder, an S3 URL, or a URL with the keys of its connection. */
export const stateSchema = z.union([stateText, s3StateKeysSchema.transform((options): WrittenState => ({ type: "s3", options }))]);

/** The state root as written: the path of a folder still relative to the file. */
export type WrittenState = { readonly type: "folder"; readonly path: string } | { readonly type: "s3"; readonly options: S3Options };

/** Validated options of any source. */
export type SourceOptions = z.output<typeof sourceSchema>;

/** Validated options of any destination, with the keys that all of them have. */
export type DestinationOptions = z.output<typeof destinationSchema>;

/** Where relative paths of a configuration file start. */
export interface PathBase {
  /** Absolute folder of the file. */
  readonly folder: string;
  /** Turns a path as written into an absolute one. */
  resolve(path: string): string;
}

/** The options with every path made absolute, those of secrets included. */
export function absoluteSourceOptions(options: SourceOptions, base: PathBase): SourceOptions {
  switch (options.type) {
    case "duckdb":
      return options.path === undefined ? options : { ...options, path: base.resolve(options.path) };
    case "postgres":
      return absoluteSecrets(options, base);
    case "bigquery": {
      // The names of labels are the user's: a label called `file` is no secret's file.
      const { labels, ...rest } = options;
      return { ...absoluteSecrets(rest, base), ...(labels === undefined ? {} : { labels }) };
    }
    case "snowflake": {
      const { private_key_path: path, ...rest } = absoluteSecrets(options, base);
      return path === undefined ? rest : { ...rest, private_key_path: base.resolve(path) };
    }
  }
}

/** See `absoluteSourceOptions`. */
export function absoluteState(state: WrittenState, base: PathBase): StateSpec {
  switch (state.type) {
    case "folder":
      return { type: "folder", path: base.resolve(state.path) };
    case "s3":
      return { type: "s3", options: absoluteSecrets(state.options, base) };
  }
}

/** See `absoluteSourceOptions`. */
export function absoluteDestinationOptions(options: DestinationOptions, base: PathBase): DestinationOptions {
  switch (options.type) {
    case "local":
      return { ...options, path: base.resolve(options.path) };
    case "s3": {
      // The names of tags are the user's: a tag called `file` is no secret's file.
      const { object_tags: tags, ...rest } = options;
      return { ...absoluteSecrets(rest, base), ...(tags === undefined ? {} : { object_tags: tags }) };
    }
  }
}

/** Where a destination's objects go: streams of two destinations with places that overlap must not share a key. */
export function destinationPlace(options: DestinationOptions): Place {
  switch (options.type) {
    case "local":
      return { type: "local", endpoint: "", bucket: "", prefix: options.path };
    case "s3":
      return { type: "s3", endpoint: options.endpoint ?? "", bucket: options.bucket, prefix: options.prefix };
  }
}

/** Where the state root's objects lie. */
export function statePlace(state: StateSpec): Place {
  if (state.type === "folder") return { type: "local", endpoint: "", bucket: "", prefix: state.path };
  // `absoluteState` made the options from what the schema validated.
  const { endpoint, bucket, prefix } = state.options as S3Options;
  return { type: "s3", endpoint: endpoint ?? "", bucket, prefix };
}
