import type { ColumnKind, FileFormat, SqlExpr } from "../core/types.ts";
import { sqlText } from "../engine/sql-literal.ts";
import { isPlainBoolean } from "./display-text.ts";

/** The grammar of a JSON number (RFC 8259). */
const NUMBER = String.raw`-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?`;

/**
 * DuckDB SQL of a value as JSON, given the name of a column with its text. Numbers keep their exact digits; `NaN` and infinities are strings, since JSON has no
 * number for them; JSON columns stand as they are, but on one line. NULL is `null`.
 */
export function encodeJson(text: SqlExpr, kind: ColumnKind, format: Pick<FileFormat, "timestamp" | "timezone" | "boolean">): SqlExpr {
  const bare = bareJson(text, kind, format);
  const string = `coalesce(CAST(to_json(${text}) AS VARCHAR), 'null')`;
  return bare === null ? string : `CASE WHEN ${bare.when} THEN ${bare.json} ELSE ${string} END`;
}

/** Kinds with a JSON text of their own, and for which texts it holds: a removed row may have been told as another kind. */
function bareJson(
  text: SqlExpr,
  kind: ColumnKind,
  format: Pick<FileFormat, "timestamp" | "boolean">,
): { readonly when: SqlExpr; readonly json: SqlExpr } | null {
  const isNumber = { when: `regexp_full_match(${text}, ${sqlText(NUMBER)})`, json: text };
  switch (kind) {
    case "integer":
    case "decimal":
    case "float":
      return isNumber;
    case "timestamp":
    case "timestamp_tz":
      return format.timestamp.startsWith("epoch") ? isNumber : null;
    case "boolean":
      return isPlainBoolean({ ...format, timezone: "" }) ? { when: `${text} IN ('true', 'false')`, json: text } : null;
    case "json":
      // A line end in valid JSON is a blank between two tokens.
      return { when: `json_valid(${text})`, json: `translate(${text}, chr(10) || chr(13), '  ')` };
    case "date":
    case "time":
    case "bytes":
    case "text":
      return null;
  }
}
