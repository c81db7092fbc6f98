import { CHANGE_KINDS, METADATA_FIELDS } from "../../core/types.ts";
import { TIMESTAMP_DIRECTIVES } from "../../files/display-text.ts";
import { asList } from "../as-list.ts";
import { compileFile, withPreset } from "../compile-file.ts";
import type { WrittenFile } from "../file-schema.ts";
import type { ModelRule } from "./model-rule.ts";

/** The delimiter is one character that cannot be taken for something else. */
export const delimiterIsValid: ModelRule = ({ model, written }) => {
  const { delimiter } = written.file;
  if (delimiter === undefined) return;
  const report = (message: string, hint: string): void =>
    model.file.report("CONFIG_INVALID", { path: ["file", "delimiter"] }, message, hint);
  if ([...delimiter].length !== 1) return report("the delimiter has to be one character", 'e.g. ";" or "\\t"');
  if (delimiter === '"' || delimiter === "\n" || delimiter === "\r")
    return report("a quote or a line end cannot be the delimiter", 'e.g. ";" or "\\t"');
  if (delimiter === "\0") report("NUL cannot be the delimiter", 'e.g. ";" or "\\t"');
};

/** The text for NULL stays apart from fields and lines. */
export const nullTextIsValid: ModelRule = ({ model, written }) => {
  const { nullText, delimiter } = compileFile(written);
  if (nullText.includes('"') || /[\r\n\0]/.test(nullText) || (delimiter !== "" && nullText.includes(delimiter))) {
    model.file.report(
      "CONFIG_INVALID",
      { path: ["file", "null"] },
      "the text for NULL holds a quote, a line end or the delimiter",
      "it is written without quotes: choose another",
    );
  }
};

/** The extension is a plain end of a name. */
export const extensionIsValid: ModelRule = ({ model, written }) => {
  const { extension } = written.file;
  if (extension === undefined || /^[A-Za-z0-9][A-Za-z0-9._-]*$|^$/.test(extension)) return;
  const hint = extension.startsWith(".")
    ? `write it without the dot: ${extension.replace(/^\.+/, "")}`
    : "letters, digits, `_`, `-` and `.`";
  model.file.report("CONFIG_INVALID", { path: ["file", "extension"] }, "the extension is not possible", hint);
};

const TEXT_ONLY = [
  "delimiter",
  "header",
  "quote",
  "null",
  "bom",
  "formula_guard",
  "unencodable",
] as const satisfies readonly (keyof WrittenFile)[];
const NOT_PARQUET = [
  ...TEXT_ONLY,
  "newline",
  "timestamp",
  "timezone",
  "boolean",
  "max_bytes",
] as const satisfies readonly (keyof WrittenFile)[];

/** No option stands where it does nothing. */
export const optionsFitFormat: ModelRule = ({ model, written }) => {
  const { format, compression } = compileFile(written);
  const idle = format === "parquet" ? NOT_PARQUET : format === "ndjson" ? TEXT_ONLY : [];
  for (const key of idle) {
    if (written.file[key] === undefined) continue;
    model.file.report(
      "CONFIG_INVALID",
      { path: ["file", key], at: "key" },
      `"${key}" has no effect with format: ${format}`,
      "take it away",
    );
  }
  if (compression === "snappy" && format !== "parquet")
    model.file.report("CONFIG_INVALID", { path: ["file", "compression"] }, "snappy is for parquet files", "use gzip or zstd");
};

/** Timestamps and booleans have texts that can be read back. */
export const displayIsValid: ModelRule = ({ model, written }) => {
  const { timestamp, timezone, boolean } = compileFile(written);
  const report = (key: string, message: string, hint: string): void =>
    model.file.report("CONFIG_INVALID", { path: ["file", key] }, message, hint);
  const isPattern = !["iso", "epoch", "epoch_ms"].includes(timestamp);
  const directives = [...timestamp.matchAll(/%(-?[^]?)/gu)].map((match) => match[1] ?? "");
  const unknown = directives.find((directive) => !TIMESTAMP_DIRECTIVES.some((known) => known === directive));
  if (isPattern && unknown !== undefined)
    report("timestamp", `%${unknown} is unknown`, `known: ${TIMESTAMP_DIRECTIVES.map((known) => `%${known}`).join(" ")}`);
  else if (isPattern && directives.every((directive) => directive === "%"))
    report("timestamp", "the pattern shows no part of a timestamp", "iso, epoch, epoch_ms, or e.g. %Y-%m-%d %H:%M:%S");
  if (!isTimezone(timezone)) report("timezone", `there is no time zone "${timezone}"`, "e.g. UTC or Europe/Berlin");
  if (boolean[0] === boolean[1]) report("boolean", "true and false have the same text", "e.g. [Y, N]");
};

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "" && !/^[+-]/u.test(name);
  } catch {
    return false;
  }
}

/** Files are split by values of rows, each column once. */
export const splitByIsValid: ModelRule = ({ model, written }) => {
  const columns = asList(written.file.split_by ?? []);
  for (const [index, column] of columns.entries()) {
    const path = typeof written.file.split_by === "string" ? ["file", "split_by"] : ["file", "split_by", index];
    if (columns.indexOf(column) < index)
      model.file.report("CONFIG_INVALID", { path }, `"${column}" stands in split_by twice`, "name it once");
    if (column !== "_change" && METADATA_FIELDS.some((field) => field === column))
      model.file.report("CONFIG_INVALID", { path }, `files cannot be split by ${column}`, "name a column of the file or of the query");
  }
};

/** Options that exclude each other do not stand together. */
export const optionsFitEachOther: ModelRule = ({ model, written }) => {
  const file = compileFile(written);
  const report = (key: string, message: string, hint: string): void =>
    model.file.report("CONFIG_INVALID", { path: ["file", key], at: "key" }, message, hint);
  if (file.empty === "header_only" && file.splitBy.length > 0)
    report("empty", "without rows there is no value of split_by to name a file by", "use empty: manifest, or take split_by away");
  if (file.empty === "manifest" && withPreset(written.file).manifest === false)
    report("empty", "empty: manifest needs the manifest that manifest: false drops", "take one of them away");
  if (!file.overwrite) return;
  if (written.mode !== "full") report("overwrite", "overwrite: true needs mode: full: each run replaces the whole file", "set mode: full");
  for (const key of ["split_by", "max_rows", "max_bytes"] as const) {
    if (key === "split_by" ? file.splitBy.length > 0 : written.file[key] !== undefined)
      report(key, `overwrite: true needs exactly one file, and "${key}" can make several`, "take one of them away");
  }
};

/** Each kind of change has one name, and no name can be taken for another in a key. */
export const changeNamesAreValid: ModelRule = ({ model, written }) => {
  const { changes } = written;
  if (changes === undefined || Array.isArray(changes)) return;
  const names = Object.keys(changes);
  const taken = new Map<string, string>();
  const report = (path: readonly (string | number)[], message: string, hint: string): void =>
    model.file.report("CONFIG_INVALID", { path: ["changes", ...path] }, message, hint);
  if (names.length === 0) report([], "no kind of change is delivered", "e.g. {upsert: [added, changed], delete: [removed]}");
  for (const [name, kinds] of Object.entries(changes)) {
    for (const [index, kind] of kinds.entries()) {
      const other = taken.get(kind);
      if (other !== undefined) report([name, index], `"${kind}" belongs to "${other}" already`, "name it once");
      taken.set(kind, name);
    }
    const confusable = [...names, ...CHANGE_KINDS, "full"].find(
      (other) => other !== name && (other.startsWith(name) || other.endsWith(name)),
    );
    const isKind = [...CHANGE_KINDS, "full"].some((kind) => kind === name) && (kinds.length !== 1 || kinds[0] !== name);
    if (isKind) report([name], `"${name}" is the name of a kind of change`, "choose another name");
    else if (confusable !== undefined)
      report(
        [name],
        `"${name}" could be taken for the ${confusable.startsWith(name) ? "beginning" : "end"} of "${confusable}" in a key`,
        "choose another name",
      );
  }
};
