import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { checkSchema } from "./check-schema.ts";
import type { ConfigIssue } from "./config-error.ts";
import { ConfigFile, wholeFileIssue } from "./config-file.ts";
import type { KeyPath, Located } from "./config-file.ts";
import type { Variables } from "./interpolate.ts";
import { modelJsonSchema } from "./json-schema.ts";
import { modelSchema } from "./model-schema.ts";
import type { WrittenModel } from "./model-schema.ts";
import { MODEL_NOT_SUPPORTED, refuseNotSupported } from "./not-supported.ts";
import { overlay } from "./overlay.ts";
import { parseYaml } from "./parse-yaml.ts";
import { readText } from "./read-text.ts";

/** A model file that was read. */
export interface ModelFile {
  /** The file's stem. */
  readonly name: string;
  readonly file: ConfigFile;
  /** Null when the schema refuses it; then no rule looks at it. */
  readonly written: WrittenModel | null;
}

/** The model files of a folder, or why there are none. */
export interface FoundModels {
  readonly paths: readonly string[];
  /** `missing`: there is no such folder. */
  readonly problem: "missing" | "not-a-folder" | "unreadable" | null;
}

/** Paths of `*.yaml` and `*.yml` in the folder and below it, sorted; what starts with a dot is left alone. */
export async function findModels(folder: string, signal: AbortSignal): Promise<FoundModels> {
  const paths: string[] = [];
  const open = [folder];
  for (let here = open.pop(); here !== undefined; here = open.pop()) {
    signal.throwIfAborted();
    let entries: Dirent[];
    try {
      entries = await readdir(here, { withFileTypes: true });
    } catch (error) {
      return { paths: [], problem: problemOf(error) };
    }
    for (const entry of entries) {
      if (entry.name.startsWith(".")) continue;
      const path = join(here, entry.name);
      if (entry.isDirectory()) open.push(path);
      else if (/\.ya?ml$/i.test(entry.name) && !(entry.isSymbolicLink() && (await isFolder(path)))) paths.push(path);
    }
  }
  return { paths: paths.toSorted(), problem: null };
}

/** What a model file is read with. */
export interface ModelReading {
  readonly variables: Variables;
  /** What is laid under a model that goes to a destination, the weakest first. */
  defaults(destination: string | null): readonly Located[];
}

/** Reads one model file, lays the defaults under it and checks it against the schema. */
export async function loadModel(
  path: string,
  display: string,
  { variables, defaults }: ModelReading,
  signal: AbortSignal,
): Promise<ModelFile | ConfigIssue> {
  const read = await readText(path, signal);
  if (!read.ok) return wholeFileIssue("CONFIG_UNREADABLE", display, read.message, read.hint);
  const file = new ConfigFile(path, display, read.text);
  const name = basename(path, extname(path));
  if (!parseYaml(file, { variables, isSql })) return { name, file, written: null };
  if (file.root !== null) file.setRoot(layDefaults(file.root, defaults(file.at(["destination"])?.text ?? null)));
  const refused = refuseNotSupported(file, MODEL_NOT_SUPPORTED);
  const written = checkSchema(file, { schema: modelSchema, json: modelJsonSchema }, refused);
  return { name, file, written };
}

function layDefaults(model: Located, defaults: readonly Located[]): Located {
  return [...defaults, model].reduce((below, above) => overlay(below, above, () => false));
}

function isSql(path: KeyPath): boolean {
  const [first, second, third] = path;
  if (first === "query" || first === "where") return path.length === 1;
  return first === "audiences" && path.length === 3 && (second === "members" || (second === "entity" && third === "query"));
}

function problemOf(error: unknown): "missing" | "not-a-folder" | "unreadable" {
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "ENOENT") return "missing";
  return code === "ENOTDIR" ? "not-a-folder" : "unreadable";
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
}
