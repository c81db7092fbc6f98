import { placeAt, placeOf, type SqlPlace } from "../sql-place.ts";

/** A statement as it was sent, and the user's part of it. */
export interface SubmittedSql {
  readonly text: string;
  /** The user's query, which stands in `text` from `line` (from 1) on; it begins a line there. Absent where none stands in it. */
  readonly query?: { readonly text: string; readonly line: number };
  /** True when rows are computed: words of the server may quote them then. */
  readonly computes?: boolean;
}

/** Puts a query between two texts, of which the first is empty or ends a line. */
export function around(before: string, query: string, after: string, computes = false): SubmittedSql {
  return { text: `${before}${query}${after}`, query: { text: query, line: before.split("\n").length }, computes };
}

/** Where a line (from 1) and a position on it (from 0) of a statement lie in the query; null when they lie outside. */
export function pointAt(sql: SubmittedSql, line: number, position: number): SqlPlace | null {
  if (sql.query === undefined) return null;
  const at = line - sql.query.line + 1;
  return at < 1 || position < 0 ? null : placeOf(sql.query.text, at, position + 1);
}

/** Where a name (`DB.SCHEMA.TABLE`, as the server writes it) first stands in the query, with as many of its parts as the query gives. */
export function findName(sql: SubmittedSql, name: string): SqlPlace | null {
  const query = sql.query?.text ?? "";
  const parts = name.split(".").map((part) => part.replaceAll('"', ""));
  for (let from = 0; from < parts.length; from += 1) {
    const spelled = parts.slice(from).map((part) => `"?${escapeRegExp(part)}"?`);
    const at = new RegExp(`(?<![\\w.$])${spelled.join("\\s*\\.\\s*")}(?![\\w$])`, "iu").exec(query)?.index;
    if (at === undefined) continue;
    return placeAt(query, at);
  }
  return null;
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/gu, "\\$&");
}
