import type { SqlExpr } from "../core/types.ts";
import { sqlText } from "../engine/sql-literal.ts";
import { bindOnce } from "./bind-once.ts";

/** Keys and places on the way to a value inside of JSON, or what is wrong with the path. */
export type ParsedJsonPath = { readonly parts: readonly (string | number)[] } | { readonly problem: string };

const PART = /\.([^\s.[\]"'*]+)|\."((?:[^"\\]|\\.)*)"|\[(\d{1,9})\]|\["((?:[^"\\]|\\.)*)"\]|\['((?:[^'\\]|\\.)*)'\]/uy;

/** Reads `$.a.b[0]`, `$."a b"` and `$['a b']`. */
export function parseJsonPath(path: string): ParsedJsonPath {
  if (!path.startsWith("$")) return { problem: "a JSON path begins with $, e.g. $.plan or $.items[0].sku" };
  const parts: (string | number)[] = [];
  let at = 1;
  while (at < path.length) {
    PART.lastIndex = at;
    const found = PART.exec(path);
    if (found === null) return { problem: `"${path.slice(at)}" is no step of a JSON path: write .key, ."a key" or [0]` };
    const [whole, bare, dotted, place, double, single] = found;
    const quoted = dotted ?? double ?? single;
    parts.push(place === undefined ? (bare ?? (quoted ?? "").replace(/\\(.)/gu, "$1")) : Number(place));
    at += whole.length;
  }
  return { parts };
}

/**
 * SQL of the value at a path of JSON text: strings as their text, numbers with the digits that stand there, objects and lists as
 * JSON text, NULL where there is nothing, `null`, or a text that is no JSON.
 */
export function jsonPathSql(text: SqlExpr, parts: readonly (string | number)[]): SqlExpr {
  const pointer = parts
    .map((part) => (typeof part === "number" ? `/${String(part)}` : `/s${part.replaceAll("~", "~0").replaceAll("/", "~1")}`))
    .join("");
  const found = `json_extract(${marked("j")}, ${sqlText(pointer)})`;
  const leaf = `json_extract_string(f, '')`;
  const value = `CASE WHEN f IS NULL OR f = 'null' THEN NULL WHEN starts_with(f, '"') THEN substr(${leaf}, 2) ELSE ${unmarked("f")} END`;
  const exact = bindOnce(`CASE WHEN json_valid(j) THEN CAST(${found} AS VARCHAR) END`, "f", value);
  const quick = quickPath(parts);
  if (quick === null) return bindOnce(text, "j", exact);
  const isText = `json_valid(j) AND json_type(j, ${sqlText(quick)}) = 'VARCHAR'`;
  return bindOnce(text, "j", `CASE WHEN ${isText} THEN json_extract_string(j, ${sqlText(quick)}) ELSE ${exact} END`);
}

/** The path as the engine reads it, for strings, which need no marks and so cost a fifth; null for keys that it might read otherwise. */
function quickPath(parts: readonly (string | number)[]): string | null {
  if (parts.some((part) => typeof part === "string" && /["\\*]/u.test(part))) return null;
  return `$${parts.map((part) => (typeof part === "number" ? `[${String(part)}]` : `."${part}"`)).join("")}`;
}

/**
 * The engine would read numbers and print them anew (1.10 as 1.1), so all scalars pass through it as strings: `"n1.10"` for a
 * number, `"stext"` for a string or a key. Raw control characters cannot stand in JSON, so they serve as marks on the way.
 */
function marked(json: SqlExpr): SqlExpr {
  const tokens = `regexp_replace(${json}, '"((?:[^"\\\\]|\\\\.)*)"|(-?[0-9][0-9.eE+-]*)', concat(chr(1), '\\1', chr(2), '\\2', chr(3)), 'g')`;
  const strings = `replace(${tokens}, concat(chr(2), chr(3)), '"')`;
  return `replace(replace(replace(${strings}, concat(chr(1), chr(2)), '"n'), chr(1), '"s'), chr(3), '"')`;
}

function unmarked(json: SqlExpr): SqlExpr {
  const tokens = `regexp_replace(${json}, '"n([^"]*)"|"(s(?:[^"\\\\]|\\\\.)*)"', concat('\\1', chr(1), '\\2', chr(2)), 'g')`;
  return `replace(replace(replace(${tokens}, concat(chr(1), chr(2)), ''), concat(chr(1), 's'), '"'), chr(2), '"')`;
}
