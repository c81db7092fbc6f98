import { dirname, join, resolve } from "node:path";
import type { Project } from "../core/types.ts";
import { compileStream } from "./compile-stream.ts";
import { ConfigError } from "./config-error.ts";
import type { ConfigNote } from "./config-error.ts";
import type { Located } from "./config-file.ts";
import type { Variables } from "./interpolate.ts";
import { compileConfig, loadConfig } from "./load-config.ts";
import type { CompiledConfig, LoadedConfig } from "./load-config.ts";
import { DbtTables } from "./load-dbt-table.ts";
import type { DbtTable } from "./load-dbt-table.ts";
import { findModels, loadModel } from "./load-models.ts";
import type { ModelFile } from "./load-models.ts";
import { loadRecipients } from "./load-recipients.ts";
import { inlineSql, loadSqlFile } from "./load-sql.ts";
import type { LoadedSql } from "./load-sql.ts";
import { loadVariables } from "./load-variables.ts";
import type { WrittenModel } from "./model-schema.ts";
import { graft } from "./overlay.ts";
import { ProjectFiles } from "./project-files.ts";
import { MODEL_RULES } from "./rules/model-rules.ts";
import type { CompiledStream } from "./rules/project-rule.ts";
import { PROJECT_RULES } from "./rules/project-rules.ts";

/** What a project is loaded with; configuration looks at nothing of the process by itself. */
export interface LoadOptions {
  /** Path of config.yaml, relative to `cwd` or absolute. */
  readonly configFile: string;
  /** The environment; it wins over `.env` beside the config file. */
  readonly env: Variables;
  readonly cwd: string;
  /** Name of the target that is laid over config.yaml; null or left out: none. */
  readonly target?: string | null;
  readonly signal: AbortSignal;
}

/** A project that can be run, and what is odd about it (one line each). */
export interface LoadedProject {
  readonly project: Project;
  /** Names of the targets that config.yaml knows. */
  readonly targets: readonly string[];
  readonly warnings: readonly string[];
  /** Absolute paths of everything that it was read from, and of the folder in which a new model would lie. */
  readonly files: readonly string[];
  readonly modelsFolder: string;
}

interface Reading {
  readonly files: ProjectFiles;
  readonly variables: Variables;
  readonly dbt: DbtTables;
  readonly signal: AbortSignal;
}

/**
 * Reads config.yaml and every model file: read, schema, rules, compile. Throws a ConfigError that holds every problem of every
 * file, and nothing else, whatever the files contain.
 */
export async function loadProject(options: LoadOptions): Promise<LoadedProject> {
  return (await readProject(options)).loaded;
}

/** What a project was loaded from, for those who tell where a value stands. */
export interface ReadProject {
  readonly loaded: LoadedProject;
  readonly config: LoadedConfig;
  readonly models: readonly ModelFile[];
  /** What became of `table: {dbt: …}`. */
  readonly dbtTables: readonly DbtTable[];
}

/** See `loadProject`. */
export async function readProject(options: LoadOptions): Promise<ReadProject> {
  const { signal } = options;
  const configFile = resolve(options.cwd, options.configFile);
  const root = dirname(configFile);
  const files = new ProjectFiles(options.cwd);
  const { variables, issues } = await loadVariables(root, options.env, files.show, signal);
  files.addIssues(issues);
  const config = await loadConfig(configFile, root, { variables, target: options.target ?? null }, files, signal);
  if (config === null) throw new ConfigError(files.issues);
  const dbt = new DbtTables(config, root, files);
  const reading = { files, variables, dbt, signal };
  const models = await loadModels(config, reading);
  const compiled = config.written === null ? null : compileConfig(config.file, config.written, root);
  const streams = await compileStreams(models, config, compiled, reading);
  for (const rule of PROJECT_RULES) rule({ config, compiled, models, streams });
  const found = files.issues;
  if (found.length > 0 || compiled === null) throw new ConfigError(found);
  const { state, engine, sources, destinations, alerts, serve } = compiled;
  const project = {
    root,
    configFile,
    state,
    engine,
    streams: streams.map(({ stream }) => stream),
    sources,
    destinations: destinations.map(({ spec }) => spec),
    alerts,
    serve,
  };
  const targets = [...(config.file.at(["targets"])?.children.keys() ?? [])];
  const read = [...files.paths, join(root, ".env"), ...(dbt.path === null ? [] : [dbt.path])];
  const loaded = { project, targets, warnings: files.warnings.map(warningLine), files: read, modelsFolder: config.modelsFolder };
  return { loaded, config, models, dbtTables: dbt.found };
}

async function loadModels(config: LoadedConfig, { files, variables, signal }: Reading): Promise<readonly ModelFile[]> {
  const { paths, problem } = await findModels(config.modelsFolder, signal);
  const shown = files.show(config.modelsFolder);
  if (problem !== null && (config.written !== null || config.namesModels)) {
    const why = { missing: "does not exist", "not-a-folder": "is not a folder", unreadable: "cannot be read" }[problem];
    config.file.report(
      "CONFIG_UNREADABLE",
      { path: ["models"] },
      `the folder of models, ${shown}, ${why}`,
      "create it, or name another with `models`",
    );
  }
  if (problem === null && paths.length === 0)
    config.file.warn({ path: ["models"] }, `there are no model files in ${shown}`, "add one: <name>.yaml");
  const models: ModelFile[] = [];
  for (const path of paths) {
    const loaded = await loadModel(
      path,
      files.show(path),
      { variables, defaults: (destination) => defaultsOf(config, destination) },
      signal,
    );
    if ("code" in loaded) {
      files.addIssues([loaded]);
      continue;
    }
    files.add(loaded.file);
    for (const { file } of loaded.models) if (file !== loaded.file) files.add(file);
    models.push(...loaded.models);
  }
  return models;
}

/** What config.yaml lays under a model, the weakest first; what is wrong with it is told of config.yaml alone. */
function defaultsOf({ file }: LoadedConfig, destination: string | null): readonly Located[] {
  const paths = [["defaults"], ...(destination === null ? [] : [["destinations", destination, "defaults"]])];
  return paths.flatMap((path) => {
    const found = file.at(path);
    return found === null || found.text !== null || file.hasIssueWithin(found.span, null) ? [] : [graft(found, file)];
  });
}

async function compileStreams(
  models: readonly ModelFile[],
  config: LoadedConfig,
  compiled: CompiledConfig | null,
  reading: Reading,
): Promise<readonly CompiledStream[]> {
  const known = { sources: config.sourceNames, destinations: config.destinationNames, alerts: config.alertNames };
  const streams: CompiledStream[] = [];
  for (const model of models) {
    const { written } = model;
    if (written === null) continue;
    for (const rule of MODEL_RULES) rule({ model, written }, known);
    const sql = await loadSql(model, written, reading);
    const source = compiled?.sources.find(({ name }) => name === written.source);
    const destination = compiled?.destinations.find(({ spec }) => spec.name === written.destination);
    if (source === undefined || destination === undefined || !model.file.isSound) continue;
    const recipients = await loadRecipients(model, reading);
    if (recipients === null) continue;
    const retention = config.written?.retention;
    const parts = { source, destination: destination.spec, destinationEnabled: destination.options.enabled, sql, recipients, retention };
    streams.push({ model, stream: compileStream(model, written, parts) });
  }
  return streams;
}

async function loadSql(model: ModelFile, written: WrittenModel, { files, variables, dbt, signal }: Reading): Promise<LoadedSql | null> {
  if (typeof written.table === "object") return await dbt.sqlOf(model, written.table.dbt, signal);
  const base = written.audiences === undefined ? [] : ["audiences", "entity"];
  const { query, query_file: named } = written.audiences?.entity ?? written;
  if (query !== undefined) return inlineSql(model.file, [...base, "query"], query);
  if (named === undefined) return null;
  const { loaded, file } = await loadSqlFile(model.file, [...base, "query_file"], named, { variables, show: files.show }, signal);
  if (file !== null) files.add(file);
  return loaded;
}

function warningLine(note: ConfigNote): string {
  const at = note.line === 0 ? note.file : `${note.file}:${note.line}:${note.column}`;
  return `${at} ${note.message}${note.hint === null ? "" : ` (${note.hint})`}`;
}
