// Bundles of file options for common receivers; docs/files.md says how each of them reads the files.

const texts = (yes: string, no: string): [string, string] => [yes, no];

/** What `file.preset` can say, and the options that it stands for. What a model writes itself wins. */
export const FILE_PRESETS = {
  excel: {
    format: "csv" as const,
    newline: "crlf" as const,
    bom: true,
    formula_guard: true,
    timestamp: "%Y-%m-%d %H:%M:%S",
    boolean: texts("TRUE", "FALSE"),
  },
  redshift_copy: { format: "csv" as const, null: "\\N", compression: "gzip" as const },
  snowflake_copy: { format: "csv" as const, quote: "non_null" as const, compression: "gzip" as const },
  pipe_legacy: {
    format: "txt" as const,
    delimiter: "|",
    header: false,
    quote: "none" as const,
    newline: "crlf" as const,
    timestamp: "%Y-%m-%d %H:%M:%S",
    boolean: texts("1", "0"),
  },
  customer_match: { format: "csv" as const, delimiter: "," },
  segment_audience: { format: "csv" as const, quote: "all" as const },
};
