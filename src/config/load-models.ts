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
import { overlay, without } from "./overlay.ts";
import { parseYaml } from "./parse-yaml.ts";
import { readText } from "./read-text.ts";

/** A model file that was read, or one delivery of it with what the model says laid under it. */
export interface ModelFile {
  /** The file's stem. */
  readonly name: string;
  /** Name of the delivery; null for a model that has but one. */
  readonly delivery: string | null;
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

/**
 * Reads one model file, lays the defaults under it and checks it against the schema. A model with several deliveries gives one ModelFile for
 * each; `file` holds what is wrong with the file itself.
 */
export async function loadModel(
  path: string,
  display: string,
  { variables, defaults }: ModelReading,
  signal: AbortSignal,
): Promise<{ readonly file: ConfigFile; readonly models: readonly ModelFile[] } | ConfigIssue> {
  const read = await readText(path, signal);
  if (!read.ok) return wholeFileIssue("CONFIG_UNREADABLE", display, read.message, read.hint);
  const file = new ConfigFile(path, display, read.text);
  const name = basename(path, extname(path));
  const parsed = parseYaml(file, { variables, isSql });
  const { root } = file;
  if (!parsed || root === null) return { file, models: [{ name, delivery: null, file, written: null }] };
  const deliveries = file.at(["deliveries"]);
  if (deliveries === null || deliveries.children.size === 0) {
    const destination = file.at(["destination"]);
    if (destination === null && deliveries === null)
      file.report("CONFIG_INVALID", { path: [] }, '"destination" is missing', "name a destination of config.yaml, or give `deliveries`");
    file.setRoot(layDefaults(root, defaults(destination?.text ?? null)));
    return { file, models: [{ name, delivery: null, file, written: check(file) }] };
  }
  const whole = check(file);
  const models = [...deliveries.children].map(([delivery, own]): ModelFile => {
    const view = new ConfigFile(path, display, read.text);
    const model = overlay(without(root, ["deliveries"]), own, ([first]) => first === "columns");
    view.setRoot(layDefaults(model, defaults(own.children.get("destination")?.text ?? null)));
    // What is wrong with the file as it stands would be told once more of each delivery, at other paths.
    return { name, delivery, file: view, written: whole === null || !file.isSound ? null : check(view) };
  });
  return { file, models };
}

function check(file: ConfigFile): WrittenModel | null {
  return checkSchema(file, { schema: modelSchema, json: modelJsonSchema }, refuseNotSupported(file, MODEL_NOT_SUPPORTED));
}

/** The name of the stream that a model, or one of its deliveries, becomes. */
export function streamName({ name, delivery }: Pick<ModelFile, "name" | "delivery">): string {
  return delivery === null ? name : `${name}.${delivery}`;
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
