import { z } from "zod";
import { BYTE_SIZE } from "../core/byte-size.ts";
import { FILE_PRESETS } from "./file-presets.ts";

const size = z
  .union([z.int().positive(), z.string().regex(BYTE_SIZE, "a size such as `1GB`, `500MB` or `64MiB`")])
  .describe("Most bytes of a file before compression, the header included; what is longer goes on in the next part. Example: `1GB`.");
const flagText = z.union([z.string(), z.boolean(), z.int()]);

/** The `file` section of a model as users write it; a key left out has the preset's value, or the default that its text names. */
export const fileSchema = z.strictObject({
  preset: z
    .enum(Object.keys(FILE_PRESETS) as [keyof typeof FILE_PRESETS])
    .optional()
    .describe("Options for a common receiver, under those written here. Default: none. Example: `excel`."),
  format: z
    .enum(["csv", "txt", "ndjson", "parquet"])
    .optional()
    .describe(
      "csv: commas, `.csv`. txt: the same with tabs and `.txt`. ndjson: a JSON object a line. parquet: typed columns. Default: csv.",
    ),
  extension: z.string().optional().describe("End of the file's name, without the dot; empty for none. Default: the format's."),
  delimiter: z.string().optional().describe('One character between fields. Default: `,` for csv, a tab for txt. Example: `"|"`.'),
  header: z.boolean().optional().describe("Whether the first line names the columns. Default: true."),
  quote: z
    .enum(["minimal", "all", "non_null", "none"])
    .optional()
    .describe("Which fields stand in quotes: those that need it, all, all but NULL, or none. Default: minimal."),
  null: z
    .string()
    .optional()
    .describe(
      'Text for NULL, in quotes only under `quote: all`; an empty text is `""`, so the two differ. Default: nothing. Example: `"NULL"`.',
    ),
  newline: z.enum(["lf", "crlf"]).optional().describe("End of a line. Default: lf."),
  bom: z.boolean().optional().describe("Whether files begin with a byte order mark. Default: false."),
  formula_guard: z
    .boolean()
    .optional()
    .describe(
      "Puts `'` before texts that a spreadsheet would run as a formula (`=`, `+`, `-`, `@` in front; not plain numbers). Default: false.",
    ),
  unencodable: z
    .enum(["fail", "replace", "strip"])
    .optional()
    .describe("What becomes of characters that the format cannot carry: the run fails, U+FFFD stands for them, or they go. Default: fail."),
  timestamp: z
    .string()
    .min(1)
    .optional()
    .describe("How timestamps look: iso, epoch, epoch_ms, or a strftime pattern. Default: iso. Example: `%Y-%m-%d %H:%M:%S`."),
  timezone: z
    .string()
    .min(1)
    .optional()
    .describe("Zone in which timestamps with a zone are shown. Default: UTC. Example: `Europe/Berlin`."),
  boolean: z.tuple([flagText, flagText]).optional().describe("Texts for true and false. Default: `[true, false]`. Example: `[Y, N]`."),
  compression: z
    .enum(["none", "gzip", "zstd", "snappy"])
    .optional()
    .describe("gzip and zstd add `.gz` and `.zst`. Of a parquet file: how its columns are compressed. Default: none; parquet: snappy."),
  split_by: z
    .union([z.string().min(1), z.array(z.string().min(1))])
    .optional()
    .describe(
      "One file for every value of these columns, by output or source name. Default: `[_change]`, which always holds. Example: `[event_type]`.",
    ),
  max_rows: z.int().positive().optional().describe("Most rows of a file; what is more goes on in the next part. Example: `1000000`."),
  max_bytes: size.optional(),
  folder: z
    .string()
    .optional()
    .describe(
      "Folder of the files below the destination's prefix; see name. Default: none; with split_by, a folder per value. Example: `audiences/{scheduled_at:%Y/%m/%d}`.",
    ),
  name: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Name of the files without the extension; may use {model} {delivery} {stream} {generation} {change} {part} {run_id} {ext} {scheduled_at:%Y-%m-%d} and the columns of split_by. Default: `{stream}-{generation:06}-{change}-{part:04}`.",
    ),
  overwrite: z
    .boolean()
    .optional()
    .describe("The one file of each run replaces the one before, e.g. `latest.csv`; needs mode: full. Default: false."),
  empty: z
    .enum(["skip", "header_only", "manifest"])
    .optional()
    .describe("What is delivered where there are no rows: nothing, files with a header alone, or a manifest. Default: skip."),
  manifest: z
    .boolean()
    .optional()
    .describe(
      "Whether each delivery ends with a manifest below `_spillway/`. false also drops the proof by which lost state is noticed. Default: true.",
    ),
  done_file: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Key of an empty object that follows the files, below the destination's prefix. Default: none. Example: `{stream}-{generation:06}.done`.",
    ),
  pgp: z
    .strictObject({
      recipients: z
        .array(z.string().min(1))
        .min(1)
        .describe("Files with armored public keys, relative to this file. Example: `[keys/acme.asc]`."),
    })
    .optional()
    .describe("Encrypts files with OpenPGP to all recipients; adds `.pgp`. Example: `{recipients: [keys/acme.asc]}`."),
});

/** The `file` section as written. */
export type WrittenFile = z.output<typeof fileSchema>;
