/** A place in the user's query, for people. */
export interface SqlPlace {
  readonly line: number;
  readonly column: number;
  /** The line with a caret below the place. */
  readonly picture: string;
}

const WIDEST = 120;

/** The place at an offset (in UTF-16 units) of a query. */
export function placeAt(query: string, offset: number): SqlPlace {
  const before = query.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  const lineEnd = query.indexOf("\n", offset);
  const text = query.slice(lineStart, lineEnd === -1 ? undefined : lineEnd);
  const column = Array.from(before.slice(lineStart)).length;
  const from = Math.max(0, column - WIDEST + 20);
  const shown = Array.from(text)
    .slice(from, from + WIDEST)
    .join("")
    .replaceAll("\t", " ")
    .trimEnd();
  return { line: before.split("\n").length, column: column + 1, picture: `  ${shown}\n  ${" ".repeat(column - from)}^` };
}

/** The place that a server names by line and column (characters, both from 1); null when the query has no such place. */
export function placeOf(query: string, line: number, column: number): SqlPlace | null {
  const lines = query.split("\n");
  const text = lines[line - 1];
  if (text === undefined) return null;
  const start = lines.slice(0, line - 1).reduce((length, one) => length + one.length + 1, 0);
  return placeAt(
    query,
    start +
      Array.from(text)
        .slice(0, column - 1)
        .join("").length,
  );
}
