import type { Layout } from "../core/delta.ts";
import type { Source } from "../core/ports.ts";
import type { Projection, SqlExpr } from "../core/types.ts";
import { ENGINE_SCHEMA } from "../engine/open-engine.ts";
import { hasEscapes, unescapeField, unescapeFields } from "../engine/row-text.ts";
import { sqlText } from "../engine/sql-literal.ts";

/** Counts the rows that the engine reads, in the one scan there is: a side effect of a filter that lets every row pass. */
export const ROWS_READ = `${ENGINE_SCHEMA}.rows_read`;

/**
 * The model's result as the engine sees it, whichever way it came: a relation with payload columns that can be carried along
 * unsplit, a fingerprint of each row, and the canonical text of each projected column, made from the payload when asked for.
 */
export interface CurrentRows {
  /** Columns that carry a row. */
  readonly payload: readonly string[];
  /** SELECT of the payload columns and `h1`, `h2`; reads the source once. */
  readonly select: string;
  /** SQL of the canonical texts of the key columns, from the payload alone. */
  readonly keys: readonly SqlExpr[];
  /** SELECT of t0, t1 … (canonical texts), `torn`, and the named extra columns, from a relation that has the payload. */
  canonical(from: string, extra: readonly string[]): string;
}

/**
 * Row text: the payload is the line itself; a line is split only where its columns are asked for. Where each line begins with the salt as its mark,
 * its fingerprint is that of the line as it came; else the salt is put before it, a copy of every line.
 */
export function rowTextRows(lines: string, source: Source, projection: Projection, { salt }: Pick<Layout, "salt">): CurrentRows {
  const marked = projection.mark === salt;
  const unmarked = (text: SqlExpr): SqlExpr => (marked ? `substr(${text}, ${String(salt.length + 1)})` : text);
  const width = projection.columns.length;
  const compared = width - projection.ignoredCount;
  const keys = projection.columns.slice(0, projection.keyCount).map((column, at) => {
    const field = `split_part(l, chr(9), ${String(at + 1)})`;
    return source.canonical(column, unescapeField(at === 0 ? unmarked(field) : field));
  });
  const prefix = projection.ignoredCount === 0 ? "l" : `array_to_string(string_split(l, chr(9))[:${String(compared)}], chr(9))`;
  return {
    payload: ["l"],
    keys,
    select: fingerprinted("l", `(SELECT l FROM ${lines} WHERE nextval('${ROWS_READ}') > 0)`, marked ? prefix : salted(salt, prefix)),
    canonical: (from, extra) => {
      const others = extra.map((name) => `, ${name}`).join("");
      const split = `SELECT ${marked ? "l, " : ""}string_split(l, chr(9)) AS s, ${hasEscapes("l")} AS e${others} FROM ${from}`;
      const unescaped = unescapeFields(marked ? `string_split(${unmarked("l")}, chr(9))` : "s");
      // A torn line gives NULLs and not fields in the wrong places, on which a cast could fail before the tear is told.
      const whole = `SELECT CASE WHEN len(s) = ${String(width)} THEN CASE WHEN e THEN ${unescaped} ELSE s END END AS f, e${others} FROM (${split})`;
      const fields = projection.columns.map((_, at) => {
        const field = `f[${String(at + 1)}]`;
        const plain = at === 0 ? unmarked(field) : field;
        return `CASE WHEN e THEN ${field} WHEN ${plain} = '\\N' THEN NULL ELSE ${plain} END AS n${String(at)}`;
      });
      const native = `SELECT ${[...fields, "f IS NULL AS torn", ...extra].join(", ")} FROM (${whole})`;
      const texts = projection.columns.map((column, at) => `${source.canonical(column, `n${String(at)}`)} AS t${String(at)}`);
      return `SELECT ${[...texts, "torn", ...extra].join(", ")} FROM (${native})`;
    },
  };
}

/** A relation inside the engine: the payload is the canonical texts, which the fingerprint needs anyway. */
export function relationRows(relation: string, source: Source, projection: Projection, layout: Layout): CurrentRows {
  const texts = projection.columns.map((column, at) => `${source.canonical(column, `c${String(at)}`)} AS t${String(at)}`);
  const payload = projection.columns.map((_, at) => `t${String(at)}`);
  const compared = payload.slice(0, payload.length - projection.ignoredCount);
  // Length before text, a dash for NULL: no two rows make the same text.
  const text = `concat(${compared.map((name) => `coalesce(CAST(strlen(${name}) AS VARCHAR) || ':' || ${name}, '-')`).join(", ")})`;
  const rows = `(SELECT ${texts.join(", ")} FROM (${relation}) WHERE nextval('${ROWS_READ}') > 0)`;
  return {
    payload,
    keys: payload.slice(0, projection.keyCount),
    select: fingerprinted(payload.join(", "), rows, salted(layout.salt, text)),
    canonical: (from, extra) => `SELECT ${[...payload, "false AS torn", ...extra].join(", ")} FROM ${from}`,
  };
}

/**
 * 128 bits of salted MD5, kept as two UBIGINT halves because Parquet has no wider integer. Salted, since whoever writes the
 * data could otherwise make two rows collide; never DuckDB's hash(), which collides on structured text by itself.
 */
function fingerprinted(payload: string, from: string, text: SqlExpr): string {
  const hashed = `SELECT ${payload}, md5_number(${text}) AS m FROM ${from}`;
  return `SELECT ${payload}, CAST(m >> 64 AS UBIGINT) AS h1, CAST(m & 18446744073709551615 AS UBIGINT) AS h2 FROM (${hashed})`;
}

function salted(salt: string, text: SqlExpr): SqlExpr {
  return `${sqlText(salt)} || ${text}`;
}
