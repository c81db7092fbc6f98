import { dirname, resolve } from "node:path";
import { ConfigFile } from "./config-file.ts";
import type { KeyPath } from "./config-file.ts";
import { interpolateSql } from "./interpolate.ts";
import type { Variables } from "./interpolate.ts";
import { readText } from "./read-text.ts";

/** SQL with its variables replaced, and where it stands. */
export interface LoadedSql {
  readonly sql: string;
  /** The file as a person would write it. */
  readonly file: string;
  readonly line: number;
}

/** SQL that stands in the model file itself. */
export function inlineSql(model: ConfigFile, path: KeyPath, sql: string): LoadedSql {
  const span = model.at(path)?.span ?? { offset: 0, length: 1 };
  const isBlock = /^[|>]/.test(model.text.slice(span.offset, span.offset + 1));
  return { sql, file: model.display, line: model.lineOf(span.offset) + (isBlock ? 1 : 0) };
}

/** Reads SQL from the file that a key of the model names, relative to the model; null (and a problem reported) when it cannot be had. */
export async function loadSqlFile(
  model: ConfigFile,
  key: KeyPath,
  written: string,
  reading: { readonly variables: Variables; show(path: string): string },
  signal: AbortSignal,
): Promise<{ readonly loaded: LoadedSql | null; readonly file: ConfigFile | null }> {
  const path = resolve(dirname(model.path), written);
  const read = await readText(path, signal);
  if (!read.ok) {
    model.report(
      "CONFIG_UNREADABLE",
      { path: key },
      `${reading.show(path)}: ${read.message}`,
      read.missing ? "a path starts at the file it stands in" : read.hint,
    );
    return { loaded: null, file: null };
  }
  const file = new ConfigFile(path, reading.show(path), read.text);
  const result = interpolateSql(read.text, reading.variables);
  for (const problem of result.problems) {
    const span = file.pieceOf({ offset: 0, length: read.text.length }, problem.reference);
    file.reportSpan("CONFIG_VARIABLE_UNSET", span, problem.message, `set ${problem.name ?? "it"} in the environment or in .env`);
  }
  if (!/\S/.test(result.text) && result.problems.length === 0) {
    model.report("CONFIG_INVALID", { path: key }, `${file.display} is empty`, "write the SQL into it");
    return { loaded: null, file };
  }
  return { loaded: { sql: result.text, file: file.display, line: 1 }, file };
}
