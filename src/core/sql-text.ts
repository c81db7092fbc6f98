/**
 * The statement without trailing semicolons, blanks and comments, so that it can stand in parentheses. Quoted text, quoted
 * identifiers, dollar quotes and comments are stepped over, not understood: what is no single statement is the source's to refuse.
 */
export function trimStatement(sql: string): string {
  let end = 0;
  let at = 0;
  while (at < sql.length) {
    const token = nextToken(sql, at);
    if (token.significant) end = at + token.length;
    at += token.length;
  }
  const body = sql.slice(0, end);
  return body.endsWith(";") ? trimStatement(body.slice(0, -1)) : body.trimStart();
}

interface Token {
  readonly length: number;
  readonly significant: boolean;
}

const SKIPPED = [/^\s+/u, /^--[^\n]*/u];
const QUOTED = [/^'(?:[^']|'')*'/u, /^"(?:[^"]|"")*"/u, /^`[^`]*`/u, /^\$([A-Za-z_]\w*)?\$[^]*?\$\1\$/u];

function nextToken(sql: string, at: number): Token {
  const rest = sql.slice(at, at + 2);
  if (rest === "/*") return { length: blockCommentLength(sql, at), significant: false };
  if (/^[\s-]/u.test(rest)) {
    const skipped = firstMatch(SKIPPED, sql.slice(at));
    if (skipped > 0) return { length: skipped, significant: false };
  }
  if (/^['"`$]/u.test(rest)) {
    const quoted = firstMatch(QUOTED, sql.slice(at));
    if (quoted > 0) return { length: quoted, significant: true };
  }
  const word = /^[\w.]+/u.exec(sql.slice(at, at + 256));
  return { length: word === null ? 1 : word[0].length, significant: true };
}

function firstMatch(patterns: readonly RegExp[], text: string): number {
  for (const pattern of patterns) {
    const match = pattern.exec(text);
    if (match !== null) return match[0].length;
  }
  return 0;
}

/** Block comments nest in PostgreSQL and DuckDB. */
function blockCommentLength(sql: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < sql.length) {
    const pair = sql.slice(at, at + 2);
    if (pair === "/*") depth += 1;
    if (pair === "*/") depth -= 1;
    if (pair !== "/*" && pair !== "*/") {
      at += 1;
      continue;
    }
    at += 2;
    if (depth === 0) return at - start;
  }
  return sql.length - start;
}
