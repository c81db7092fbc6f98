import { ConfigError } from "../config/config-error.ts";
import { renderIssues } from "../config/render-issues.ts";
import type { ErrorCodeEntry } from "../core/error-code-entry.ts";
import { ERROR_CODES } from "../core/error-codes.ts";
import { isAbort, SyncError } from "../core/errors.ts";
import { COMMANDS } from "./command-table.ts";
import type { Host } from "./host.ts";
import type { JsonError } from "./json-document.ts";
import type { Paint } from "./paint.ts";
import { indent } from "./render/table.ts";

/** The error as this project's own; whatever is not one already is a bug of ours. */
export function asSyncError(error: unknown): SyncError {
  if (error instanceof SyncError) return error;
  if (isAbort(error)) return new SyncError("INTERRUPTED", "The command was stopped.", { cause: error });
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new SyncError("INTERNAL", what, { cause: error });
}

/** The entry of an error's code. */
export function codeEntry(error: SyncError): ErrorCodeEntry {
  return ERROR_CODES[error.code];
}

const WORDS = new Set(COMMANDS.map(({ name }) => name.split(" ")[0]));
const COMMAND_IN_TEXT = new RegExp(
  `(?<=^|[\\s\`('"])(?<!npx )(?:sync|spillway)(?= (?:-[-a-z]|COMMAND|(?:${[...WORDS].join("|")})\\b))`,
  "gm",
);

/** Text with the program's name as it was called in every command that a hint spells out. */
export function echoName(text: string, name: string): string {
  return name === "sync" ? text : text.replaceAll(COMMAND_IN_TEXT, name);
}

/** What a person reads about an error: its code, what failed, what to do; a bug also shows where it came from. */
export function errorText(error: SyncError, host: Host, paint: Paint, debug: boolean): string {
  const issues = error instanceof ConfigError ? [renderIssues(error.issues), ""] : [];
  const lines = [...issues, `${paint.bad(error.code)}  ${echoName(error.message, host.name)}`];
  const hint = error.hint ?? codeEntry(error).action;
  lines.push(indent(echoName(hint, host.name)));
  if (error.code === "INTERNAL") {
    lines.push(indent(`${stackOf(error)}\nspillway ${host.version}, node ${process.version}, ${process.platform} ${process.arch}`));
  } else {
    if (debug) lines.push(indent(stackOf(error)));
    if (error.code !== "USAGE") lines.push(indent(paint.faint(`About this code: ${host.name} explain ${error.code}`)));
  }
  return `${lines.join("\n")}\n`;
}

/** The error as --json tells it. */
export function errorJson(error: SyncError, host: Host): JsonError {
  return {
    code: error.code,
    message: echoName(error.message, host.name),
    hint: echoName(error.hint ?? codeEntry(error).action, host.name),
    docs: `docs/errors.md#${error.code.toLowerCase()}`,
    exit: codeEntry(error).exit,
    context: Object.entries(error.context).map(([name, value]) => ({ name, value })),
    issues: error instanceof ConfigError ? error.issues.map(({ length: _length, source: _source, ...issue }) => issue) : [],
  };
}

function stackOf(error: SyncError): string {
  const cause = error.cause;
  const shown = cause instanceof Error ? cause : error;
  return shown.stack ?? shown.message;
}
