import type { ConfigFile, KeyPath, Located } from "./config-file.ts";

/** A key or value of the format that this version does not act on. */
interface NotSupported {
  /** `*` stands for any key. */
  readonly path: string;
  readonly what: string;
  /** Only values for which this holds; without it, the key itself. */
  readonly when?: (found: Located) => boolean;
  /** A key that the file does without because it has this one. */
  readonly insteadOf?: string;
}

const isText =
  (...texts: readonly string[]) =>
  (found: Located): boolean =>
    found.text !== null && texts.includes(found.text);
const isMapping = (found: Located): boolean => found.text === null && !Array.isArray(found.value);
const startsWith =
  (...starts: readonly string[]) =>
  (found: Located): boolean =>
    starts.some((start) => found.text?.startsWith(start) === true);

/** config.yaml: shrinks as the engine grows. */
export const CONFIG_NOT_SUPPORTED: readonly NotSupported[] = [
  { path: "state", what: "a state root on S3", when: (found) => isMapping(found) || /^[a-z0-9]+:\/\//i.test(found.text ?? "") },
  { path: "sources.*.type", what: "the source type", when: isText("bigquery", "snowflake") },
  { path: "destinations.*.defaults", what: "defaults of a destination" },
  { path: "defaults", what: "defaults for every model" },
  { path: "targets", what: "targets" },
  { path: "alerts", what: "alerts" },
  { path: "retention", what: "retention" },
];

/** Model files: shrinks as the engine grows. */
export const MODEL_NOT_SUPPORTED: readonly NotSupported[] = [
  { path: "deliveries", what: "several deliveries of one model", insteadOf: "destination" },
  { path: "where", what: "a trigger condition" },
  { path: "mode", what: "the mode", when: isText("append") },
  { path: "cursor", what: "a cursor" },
  { path: "changes", what: "named changes", when: isMapping },
  { path: "checkpoint", what: "checkpoints" },
  { path: "diff_in", what: "the choice of where to compare" },
  { path: "state_schema", what: "comparing in the warehouse" },
  { path: "on_schema_change", what: "a choice for changed columns" },
  { path: "overwrite", what: "overwriting a fixed key" },
  { path: "schedule", what: "a schedule" },
  { path: "guards", what: "guards" },
  { path: "alerts", what: "alerts" },
  { path: "retention", what: "retention" },
  { path: "columns.*", what: "the rest of the columns", when: (found) => isText("*")(found) },
  { path: "columns.*", what: "the value last delivered", when: startsWith("_previous.") },
  { path: "columns.*", what: "the names of changed columns", when: isText("_changed_columns") },
  { path: "columns.*.from", what: "the value last delivered", when: startsWith("_previous.") },
  { path: "columns.*.from", what: "the names of changed columns", when: isText("_changed_columns") },
  { path: "columns.*.apply", what: "transforming a column" },
  { path: "columns.*.path", what: "taking a part of a JSON column" },
  { path: "columns.*.map", what: "mapping values" },
  { path: "columns.*.default", what: "a default for a column" },
  { path: "columns.*.format", what: "formatting a column" },
  { path: "file.format", what: "the file format", when: isText("ndjson", "parquet") },
  { path: "file.quote", what: "the quoting", when: isText("non_null", "none") },
  { path: "file.newline", what: "a choice of line ends" },
  { path: "file.bom", what: "a byte order mark" },
  { path: "file.formula_guard", what: "the formula guard" },
  { path: "file.unencodable", what: "a choice for unencodable values" },
  { path: "file.timestamp", what: "a timestamp format" },
  { path: "file.timezone", what: "a time zone" },
  { path: "file.boolean", what: "a boolean format" },
  { path: "file.compression", what: "compression" },
  { path: "file.split_by", what: "splitting files by value" },
  { path: "file.max_rows", what: "a limit of rows per file" },
  { path: "file.max_bytes", what: "a limit of bytes per file" },
  { path: "file.empty", what: "files for empty deltas" },
  { path: "file.done_file", what: "a done file" },
  { path: "file.overwrite", what: "overwriting a fixed key" },
  { path: "file.pgp", what: "PGP encryption" },
];

/** Reports every key and value that the format knows and this version does not act on; the rest is to be checked without these paths. */
export function refuseNotSupported(file: ConfigFile, table: readonly NotSupported[]): readonly KeyPath[] {
  const paths: KeyPath[] = [];
  for (const entry of table) {
    for (const path of expand(file, entry.path.split("."))) {
      const found = file.at(path);
      if (found === null || (entry.when !== undefined && !entry.when(found))) continue;
      const key = path.at(-1);
      const shown = entry.when === undefined || found.text === null ? `"${key}"` : `"${key}: ${found.text}"`;
      file.report("CONFIG_NOT_SUPPORTED_YET", { path, at: "key" }, `${entry.what} (${shown}) is not supported yet`, "take it away");
      paths.push(path);
      if (entry.insteadOf !== undefined) paths.push([entry.insteadOf]);
    }
  }
  return paths;
}

function expand(file: ConfigFile, pattern: readonly string[]): readonly KeyPath[] {
  let paths: readonly KeyPath[] = [[]];
  for (const part of pattern) {
    paths = paths.flatMap((path) => {
      const here = file.at(path);
      if (here === null) return [];
      const keys = part === "*" ? [...here.children.keys()] : [part];
      return keys.filter((key) => here.children.has(key)).map((key) => [...path, key]);
    });
  }
  return paths;
}
