import { ConfigError } from "./config-error.ts";
import type { ConfigIssue } from "./config-error.ts";
import { loadProject } from "./load-project.ts";
import type { LoadedProject, LoadOptions } from "./load-project.ts";

/** Loads the project; without a chosen target every target is laid over it as well. Throws a ConfigError with all problems of all of them. */
export async function checkProject(options: LoadOptions): Promise<LoadedProject> {
  const loaded = await loadProject(options);
  if ((options.target ?? null) !== null) return loaded;
  const issues = new Map<string, ConfigIssue>();
  for (const target of loaded.targets) {
    try {
      await loadProject({ ...options, target });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const issue of error.issues) issues.set(JSON.stringify(issue), issue);
    }
  }
  if (issues.size > 0) throw new ConfigError([...issues.values()]);
  return loaded;
}
