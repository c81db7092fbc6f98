import { placeAt, type SqlPlace } from "../sql-place.ts";

/** A statement as it was sent, and the user's part of it. */
export interface SubmittedSql {
  readonly text: string;
  /** The user's query, which stands in `text` once, at `offset` (in UTF-16 units). */
  readonly query: string;
  readonly offset: number;
  /** How far the server goes with it; words that come while rows are computed may quote them. */
  readonly stage: "parse" | "plan" | "run";
}

/** Puts a query between two texts and remembers where it stands. */
export function around(before: string, query: string, after: string, stage: SubmittedSql["stage"] = "parse"): SubmittedSql {
  return { text: `${before}${query}${after}`, query, offset: before.length, stage };
}

/** Where a server's error position (characters of the statement, from 1) lies in the query; null when it lies outside. */
export function pointAt(sql: SubmittedSql, position: number): SqlPlace | null {
  const characters = Array.from(sql.text);
  const at = characters.slice(0, position - 1).join("").length - sql.offset;
  if (at < 0 || at > sql.query.length) return null;
  return placeAt(sql.query, at);
}
