import { join, resolve } from "node:path";
import type { AlertSink } from "../core/alerts.ts";
import type { ServeOptions } from "../core/serve-options.ts";
import type { DestinationSpec, EngineLimits, SourceSpec, StateSpec } from "../core/types.ts";
import { absoluteSecrets } from "./absolute-secrets.ts";
import { absoluteDestinationOptions, absoluteSourceOptions, absoluteState } from "./adapters.ts";
import type { DestinationOptions } from "./adapters.ts";
import { compileAlert } from "./alert-schema.ts";
import { checkSchema } from "./check-schema.ts";
import { ConfigFile, wholeFileIssue } from "./config-file.ts";
import type { KeyPath } from "./config-file.ts";
import { configSchema } from "./config-schema.ts";
import type { WrittenConfig } from "./config-schema.ts";
import type { Variables } from "./interpolate.ts";
import { configJsonSchema } from "./json-schema.ts";
import { overlay, without } from "./overlay.ts";
import { parseYaml } from "./parse-yaml.ts";
import type { ProjectFiles } from "./project-files.ts";
import { readText } from "./read-text.ts";
import { compileServe } from "./serve-schema.ts";
import { suggestName } from "./suggest.ts";

/** config.yaml as read, with what can be told of it even when it is refused. */
export interface LoadedConfig {
  readonly file: ConfigFile;
  /** Null when the schema refuses it. */
  readonly written: WrittenConfig | null;
  /** Absolute folder of the model files, and whether config.yaml names it. */
  readonly modelsFolder: string;
  readonly namesModels: boolean;
  /** Names of all sources, also those that are refused; null when the file cannot be read as YAML. */
  readonly sourceNames: readonly string[] | null;
  readonly destinationNames: readonly string[] | null;
  readonly alertNames: readonly string[] | null;
}

/** A destination with the paths of its options made absolute. */
export interface CompiledDestination {
  readonly spec: DestinationSpec;
  readonly options: DestinationOptions;
}

/** config.yaml, compiled: every path absolute. */
export interface CompiledConfig {
  readonly state: StateSpec;
  readonly engine: EngineLimits;
  readonly sources: readonly SourceSpec[];
  readonly destinations: readonly CompiledDestination[];
  readonly alerts: readonly AlertSink[];
  readonly serve: ServeOptions;
}

/** Reads config.yaml, lays the target over it and checks it against the schema; null (and a problem on `files`) when there is no text to read. */
export async function loadConfig(
  path: string,
  root: string,
  { variables, target }: { readonly variables: Variables; readonly target: string | null },
  files: ProjectFiles,
  signal: AbortSignal,
): Promise<LoadedConfig | null> {
  const display = files.show(path);
  const read = await readText(path, signal);
  if (!read.ok) {
    const hint = read.missing ? "name it with -c FILE or SYNC_CONFIG, or make a project with `sync init`" : read.hint;
    files.addIssues([wholeFileIssue("CONFIG_UNREADABLE", display, read.message, hint)]);
    return null;
  }
  const file = new ConfigFile(path, display, read.text);
  files.add(file);
  const parsed = parseYaml(file, { variables, isSql: () => false });
  if (parsed && target !== null) layTarget(file, target);
  const written = parsed ? checkSchema(file, { schema: configSchema, json: configJsonSchema }, []) : null;
  const models = file.at(["models"]);
  const named = typeof models?.value === "string" && models.value !== "" ? models.value : null;
  return {
    file,
    written,
    modelsFolder: resolve(root, named ?? written?.models ?? "models"),
    namesModels: named !== null,
    sourceNames: parsed ? namesBelow(file, "sources") : null,
    destinationNames: parsed ? namesBelow(file, "destinations") : null,
    alertNames: parsed ? namesBelow(file, "alerts") : null,
  };
}

function namesBelow(file: ConfigFile, key: string): readonly string[] {
  return [...(file.at([key])?.children.keys() ?? [])];
}

/** A destination or state root of a target is another place, so nothing of the one below may shine through. */
function layTarget(file: ConfigFile, target: string): void {
  const { root } = file;
  const over = file.at(["targets", target]);
  if (root === null) return;
  if (over !== null) {
    const isWhole = ([first, ...rest]: KeyPath): boolean =>
      first === "state" || ((first === "destinations" || first === "alerts") && rest.length === 1);
    // The target's own keys are checked where they now lie.
    file.setRoot(overlay(without(root, ["targets"]), over, isWhole));
    return;
  }
  const names = namesBelow(file, "targets");
  const hint = names.length === 0 ? "add it below `targets` in config.yaml" : suggestName(target, names);
  file.report("CONFIG_UNKNOWN_NAME", { path: ["targets"], at: "key" }, `there is no target "${target}"`, hint);
}

/** Makes every path absolute and gives adapters options that are only theirs. */
export function compileConfig(file: ConfigFile, written: WrittenConfig, root: string): CompiledConfig {
  const base = { folder: root, resolve: (path: string): string => resolve(root, path) };
  const state = absoluteState(written.state, base);
  // What a remote state root cannot hold lies where a local one would.
  const scratch = join(state.type === "folder" ? state.path : join(root, ".sync"), "tmp");
  const sources = namesBelow(file, "sources").flatMap((name) => {
    const options = own(written.sources, name);
    if (options === null) return [];
    const { max_concurrent_runs: most, ...adapters } = absoluteSourceOptions(options, base);
    return [{ name, type: options.type, options: adapters, ...(most === undefined ? {} : { maxConcurrentRuns: most }) }];
  });
  const destinations = namesBelow(file, "destinations").flatMap((name) => {
    const options = own(written.destinations, name);
    if (options === null) return [];
    const compiled = absoluteDestinationOptions(options, base);
    const { enabled: _, defaults: __, ...adapters } = compiled;
    return [{ spec: { name, type: options.type, options: adapters }, options: compiled }];
  });
  return {
    state,
    engine: {
      memoryLimit: written.engine.memory_limit,
      threads: written.engine.threads,
      tempDirectory: written.engine.temp_directory === undefined ? scratch : base.resolve(written.engine.temp_directory),
      maxTempSize: written.engine.max_temp_size,
    },
    sources,
    destinations,
    alerts: namesBelow(file, "alerts").flatMap((name) => {
      const sink = own(written.alerts, name);
      return sink === null ? [] : [compileAlert(name, absoluteSecrets(sink, base))];
    }),
    serve: compileServe(written.serve, base),
  };
}

/** A value by name, none of what every object inherits. */
function own<Value>(values: Readonly<Record<string, Value>>, name: string): Value | null {
  return Object.hasOwn(values, name) ? (values[name] ?? null) : null;
}
