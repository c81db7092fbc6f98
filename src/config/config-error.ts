import type { ErrorCode } from "../core/error-codes.ts";
import { SyncError } from "../core/errors.ts";

/** Something to say about one configuration file, with the place it stands at. */
export interface ConfigNote {
  /** The file as a person would write it from where the command was called. */
  readonly file: string;
  /** Counts from 1; 0 when the problem is the file as a whole. */
  readonly line: number;
  /** Counts from 1; 0 when the problem is the file as a whole. */
  readonly column: number;
  /** How many characters of the line are at fault. */
  readonly length: number;
  readonly message: string;
  /** What to do or write instead, when that is known. */
  readonly hint: string | null;
  /** The line of the file with values of secret keys hidden; null when there is none to show. */
  readonly source: string | null;
}

/** A problem that keeps the configuration from being used. */
export interface ConfigIssue extends ConfigNote {
  readonly code: ErrorCode;
}

/** Every problem of every configuration file, found in one go; `renderIssues` prints them. */
export class ConfigError extends SyncError {
  readonly issues: readonly ConfigIssue[];

  constructor(issues: readonly ConfigIssue[]) {
    const files = new Set(issues.map((issue) => issue.file)).size;
    const problems = issues.length === 1 ? "1 problem" : `${issues.length} problems`;
    super("CONFIG_INVALID", `${problems} in ${files === 1 ? (issues[0]?.file ?? "the configuration") : `${files} configuration files`}`, {
      hint: "Mend the lines shown, then check them with `sync validate`.",
      context: { codes: [...new Set(issues.map((issue) => issue.code))] },
    });
    this.name = "ConfigError";
    this.issues = issues;
  }
}

/** The order in which people read problems: by file, then from top to bottom; the same problem once. */
export function sortNotes<Note extends ConfigNote>(issues: readonly Note[], files: readonly string[]): readonly Note[] {
  const rank = new Map(files.map((file, index) => [file, index]));
  const of = (issue: ConfigNote): number => rank.get(issue.file) ?? files.length;
  const sorted = issues.toSorted(
    (a, b) => of(a) - of(b) || compareText(a.file, b.file) || a.line - b.line || a.column - b.column || compareText(a.message, b.message),
  );
  return sorted.filter((issue, index) => index === 0 || !isSame(issue, sorted[index - 1]));
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function isSame(a: ConfigNote, b: ConfigNote | undefined): boolean {
  return b !== undefined && a.file === b.file && a.line === b.line && a.column === b.column && a.message === b.message;
}
