import { byteCount } from "../core/byte-size.ts";
import { CHANGE_KINDS } from "../core/types.ts";
import type { ChangeGroup, ChangeKind, FileFormat } from "../core/types.ts";
import { asList } from "./as-list.ts";
import { FILE_PRESETS } from "./file-presets.ts";
import type { WrittenFile } from "./file-schema.ts";
import type { WrittenModel } from "./model-schema.ts";

/** What of a model its files depend on. */
export type FileModel = Pick<WrittenModel, "file" | "mode" | "changes" | "audiences">;

/** The format of a stream's files with the preset's options and every default filled in. `recipients` are the texts of the public keys. */
export function compileFile(model: FileModel, recipients: readonly string[] = []): FileFormat {
  const file = withPreset(model.file);
  const format = file.format ?? "csv";
  const compression = file.compression ?? (format === "parquet" ? "snappy" : "none");
  const splitBy = asList(file.split_by ?? []).filter((name) => name !== "_change");
  const name = file.name ?? "{stream}-{generation:06}-{change}-{part:04}";
  return {
    format,
    extension: [file.extension ?? format, ...endings(format, compression, file.pgp !== undefined)].filter((end) => end !== "").join("."),
    delimiter: file.delimiter ?? (format === "txt" ? "\t" : ","),
    header: file.header ?? true,
    quote: file.quote ?? "minimal",
    nullText: file.null ?? "",
    newline: file.newline ?? "lf",
    bom: file.bom ?? false,
    formulaGuard: file.formula_guard ?? false,
    unencodable: file.unencodable ?? "fail",
    timestamp: file.timestamp ?? "iso",
    timezone: file.timezone ?? "UTC",
    boolean: booleanTexts(file.boolean),
    compression,
    splitBy,
    maxRows: file.max_rows ?? null,
    maxBytes: file.max_bytes === undefined ? null : byteCount(file.max_bytes),
    empty: file.empty ?? "skip",
    doneFile: file.done_file === undefined || file.done_file === "none" ? null : file.done_file,
    groups: changeGroups(model),
    overwrite: file.overwrite ?? false,
    recipients,
    folder: file.folder ?? splitFolder(splitBy, name),
    name,
  };
}

/** The file section with the options of its preset beneath it. */
export function withPreset(file: WrittenFile): WrittenFile {
  return file.preset === undefined ? file : { ...FILE_PRESETS[file.preset], ...file };
}

function endings(format: FileFormat["format"], compression: FileFormat["compression"], isEncrypted: boolean): readonly string[] {
  const compressed = { none: "", gzip: "gz", zstd: "zst", snappy: "" }[compression];
  return [format === "parquet" ? "" : compressed, isEncrypted ? "pgp" : ""];
}

/** A folder for each value that the name does not tell. */
function splitFolder(splitBy: readonly string[], name: string): string {
  return splitBy
    .map((column) => `{${column}}`)
    .filter((token) => !name.includes(token))
    .join("/");
}

function booleanTexts(written: WrittenFile["boolean"]): readonly [string, string] {
  return written === undefined ? ["true", "false"] : [String(written[0]), String(written[1])];
}

/** Kinds of change and the names under which their files are told; none where every row is told whole. */
function changeGroups(model: FileModel): readonly ChangeGroup[] {
  if (model.mode === "full") return [];
  const { changes } = model;
  if (changes !== undefined && !Array.isArray(changes))
    return Object.entries(changes).map(([name, kinds]) => ({ name, kinds: [...kinds] }));
  return changeKinds(model).map((kind) => ({ name: kind, kinds: [kind] }));
}

/** The kinds of change that are delivered, in their one order, however they were written. */
export function changeKinds({ changes, audiences, mode }: Pick<FileModel, "changes" | "audiences" | "mode">): readonly ChangeKind[] {
  const byDefault: readonly ChangeKind[] = mode === "append" ? ["added"] : audiences === undefined ? CHANGE_KINDS : ["added", "removed"];
  const wanted: readonly ChangeKind[] =
    changes === undefined ? byDefault : Array.isArray(changes) ? changes : Object.values(changes).flat();
  return CHANGE_KINDS.filter((kind) => wanted.includes(kind));
}
