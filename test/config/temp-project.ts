import { ConfigError } from "../../src/config/config-error.ts";
import { loadProject } from "../../src/config/load-project.ts";
import type { LoadedProject } from "../../src/config/load-project.ts";
import { renderIssues } from "../../src/config/render-issues.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** Files by path. */
export type ProjectFiles = Readonly<Record<string, string | Uint8Array>>;

/** A config.yaml with a source and a destination, for tests about models. */
export const CONFIG = `version: 1
sources:
  warehouse: {type: duckdb}
destinations:
  partner: {type: local, path: out}
`;

/** A model that is in order, for tests about other things. */
export const MODEL = `source: warehouse
destination: partner
query: SELECT 1 AS id
primary_key: id
`;

/** What loading the files gives; paths of the temporary folder read as `<root>`. */
export async function load(
  files: ProjectFiles,
  env: Readonly<Record<string, string>> = {},
  target: string | null = null,
): Promise<LoadedProject> {
  await using folder = await tempFolder();
  const written = { "config.yaml": CONFIG, "models/users.yaml": MODEL, ...files };
  for (const [name, content] of Object.entries(written)) await folder.write(name, content);
  const loaded = await loadProject({ configFile: "config.yaml", env, cwd: folder.path, target, signal: new AbortController().signal });
  return JSON.parse(JSON.stringify(loaded).replaceAll(folder.path, "<root>"));
}

/** Every problem of the files as a person reads them; fails when there is none. */
export async function problems(files: ProjectFiles, env: Readonly<Record<string, string>> = {}): Promise<string> {
  try {
    await load(files, env);
  } catch (error) {
    if (error instanceof ConfigError) return `\n${renderIssues(error.issues)}\n`;
    throw error;
  }
  throw new Error("the project was loaded without a problem");
}
