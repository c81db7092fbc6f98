import type { FileFormat } from "../../src/core/types.ts";

/** The format of files of a stream that says nothing about them. */
export const PLAIN_CSV: FileFormat = {
  format: "csv",
  extension: "csv",
  delimiter: ",",
  header: true,
  quote: "minimal",
  nullText: "",
  newline: "lf",
  bom: false,
  formulaGuard: false,
  unencodable: "fail",
  timestamp: "iso",
  timezone: "UTC",
  boolean: ["true", "false"],
  compression: "none",
  splitBy: [],
  maxRows: null,
  maxBytes: null,
  empty: "skip",
  doneFile: null,
  groups: [
    { name: "added", kinds: ["added"] },
    { name: "changed", kinds: ["changed"] },
    { name: "removed", kinds: ["removed"] },
  ],
  overwrite: false,
  recipients: [],
  folder: "",
  name: "{stream}-{generation:06}-{change}-{part:04}",
};
