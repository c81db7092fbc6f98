import type { ConfigIssue } from "./config-error.ts";

const MAX_WIDTH = 120;

/** The problems as text: `file:line:column CODE what`, the line, and a caret run under what is wrong with the way out. */
export function renderIssues(issues: readonly ConfigIssue[]): string {
  return issues.map(renderIssue).join("\n\n");
}

function renderIssue(issue: ConfigIssue): string {
  const at = issue.line === 0 ? issue.file : `${issue.file}:${issue.line}:${issue.column}`;
  const head = `${at} ${issue.code} ${issue.message}`;
  if (issue.source === null) return issue.hint === null ? head : `${head}\n  ${issue.hint}`;
  const shown = cutLine(issue.source, issue.column - 1, issue.length);
  const gutter = `  ${issue.line} | `;
  const carets = "^".repeat(Math.max(1, Math.min(issue.length, shown.text.length - shown.start)));
  const padding = " ".repeat(gutter.length) + shown.text.slice(0, shown.start).replace(/[^\t]/g, " ");
  return `${head}\n${gutter}${shown.text}\n${padding}${carets}${issue.hint === null ? "" : ` ${issue.hint}`}`;
}

/** A long line is cut to a window around what is wrong. */
function cutLine(line: string, start: number, length: number): { readonly text: string; readonly start: number } {
  if (line.length <= MAX_WIDTH) return { text: line, start };
  const room = Math.max(0, MAX_WIDTH - Math.min(length, MAX_WIDTH));
  const from = Math.max(0, Math.min(start - Math.floor(room / 2), line.length - MAX_WIDTH));
  const before = from > 0 ? "…" : "";
  const after = from + MAX_WIDTH < line.length ? "…" : "";
  return { text: before + line.slice(from, from + MAX_WIDTH) + after, start: start - from + before.length };
}
