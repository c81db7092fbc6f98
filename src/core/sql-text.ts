/** How a warehouse's SQL spells what is stepped over: quoted text and comments. Each pattern fits at the start of a text. */
export interface SqlLexis {
  readonly comments: readonly RegExp[];
  readonly quoted: readonly RegExp[];
  readonly nestedComments: boolean;
}

/** PostgreSQL and DuckDB. */
const STANDARD: SqlLexis = {
  comments: [/^--[^\n]*/u],
  quoted: [/^'(?:[^']|'')*'/u, /^"(?:[^"]|"")*"/u, /^`[^`]*`/u, /^\$([A-Za-z_]\w*)?\$[^]*?\$\1\$/u],
  nestedComments: true,
};

/**
 * The statement without trailing semicolons, blanks and comments, so that it can stand in parentheses. Quoted text, quoted
 * identifiers, dollar quotes and comments are stepped over, not understood: what is no single statement is the source's to refuse.
 */
export function trimStatement(sql: string, lexis: SqlLexis = STANDARD): string {
  let end = 0;
  let at = 0;
  while (at < sql.length) {
    const token = nextToken(sql, at, lexis);
    if (token.significant) end = at + token.length;
    at += token.length;
  }
  const body = sql.slice(0, end);
  return body.endsWith(";") ? trimStatement(body.slice(0, -1), lexis) : body.trimStart();
}

interface Token {
  readonly length: number;
  readonly significant: boolean;
}

const PLAIN = /^[\w.]+/u;
const BLANK = /^\s+/u;

function nextToken(sql: string, at: number, lexis: SqlLexis): Token {
  const pair = sql.slice(at, at + 2);
  if (pair === "/*") return { length: blockCommentLength(sql, at, lexis.nestedComments), significant: false };
  const word = PLAIN.exec(sql.slice(at, at + 256));
  if (word !== null) return { length: word[0].length, significant: true };
  const rest = sql.slice(at);
  const skipped = firstMatch([BLANK, ...lexis.comments], rest);
  if (skipped > 0) return { length: skipped, significant: false };
  return { length: firstMatch(lexis.quoted, rest) || 1, significant: true };
}

function firstMatch(patterns: readonly RegExp[], text: string): number {
  for (const pattern of patterns) {
    const match = pattern.exec(text);
    if (match !== null) return match[0].length;
  }
  return 0;
}

function blockCommentLength(sql: string, start: number, nested: boolean): number {
  let depth = 0;
  let at = start;
  while (at < sql.length) {
    const pair = sql.slice(at, at + 2);
    if (pair === "/*") depth = nested ? depth + 1 : 1;
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
