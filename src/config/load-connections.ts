import { dirname, resolve } from "node:path";
import type { EngineLimits, SourceSpec } from "../core/types.ts";
import { ConfigError } from "./config-error.ts";
import { compileConfig, loadConfig } from "./load-config.ts";
import type { LoadOptions } from "./load-project.ts";
import { loadVariables } from "./load-variables.ts";
import { ProjectFiles } from "./project-files.ts";

/** What config.yaml alone tells: for commands that make models, which may be missing or broken yet. */
export interface Connections {
  /** Absolute folder of config.yaml, and of its models. */
  readonly root: string;
  readonly modelsFolder: string;
  readonly engine: EngineLimits;
  readonly sources: readonly SourceSpec[];
  readonly destinations: readonly string[];
  /** Absolute path of dbt's manifest; null where none is named. */
  readonly dbtManifest: string | null;
}

/** Reads config.yaml and no model; throws a ConfigError with every problem of it. */
export async function loadConnections(options: LoadOptions): Promise<Connections> {
  const { signal } = options;
  const configFile = resolve(options.cwd, options.configFile);
  const root = dirname(configFile);
  const files = new ProjectFiles(options.cwd);
  const { variables, issues } = await loadVariables(root, options.env, files.show, signal);
  files.addIssues(issues);
  const config = await loadConfig(configFile, root, { variables, target: options.target ?? null }, files, signal);
  if (config === null || config.written === null || files.issues.length > 0) throw new ConfigError(files.issues);
  const { engine, sources, destinations } = compileConfig(config.file, config.written, root);
  const manifest = config.written.dbt?.manifest;
  return {
    root,
    modelsFolder: config.modelsFolder,
    engine,
    sources,
    destinations: destinations.map(({ spec }) => spec.name),
    dbtManifest: manifest === undefined ? null : resolve(root, manifest),
  };
}
