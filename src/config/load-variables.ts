import { join } from "node:path";
import { parseEnv } from "node:util";
import type { ConfigIssue } from "./config-error.ts";
import { wholeFileIssue } from "./config-file.ts";
import type { Variables } from "./interpolate.ts";
import { readText } from "./read-text.ts";

/** The variables of `.env` beside the config file, laid under the environment; a file that is not there is none. */
export async function loadVariables(
  root: string,
  env: Variables,
  show: (path: string) => string,
  signal: AbortSignal,
): Promise<{ readonly variables: Variables; readonly issues: readonly ConfigIssue[] }> {
  const path = join(root, ".env");
  const read = await readText(path, signal);
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
  if (read.ok) return { variables: { ...parseEnv(read.text), ...given }, issues: [] };
  const issues = read.missing ? [] : [wholeFileIssue("CONFIG_UNREADABLE", show(path), read.message, read.hint)];
  return { variables: given, issues };
}
