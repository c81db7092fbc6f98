import type { ColumnKind, SqlExpr } from "../core/types.ts";
import { floatText, timestampText, timestampTzText } from "../engine/canonical-text.ts";

/** A column of a Parquet file: its value, and which texts it cannot hold exactly. */
interface ParquetColumn {
  readonly value: SqlExpr;
  /** True for a text that the type would change or lose; null when it takes every text. */
  readonly cannotHold: SqlExpr | null;
  /** The type as messages name it. */
  readonly type: string;
}

/**
 * How a column of a kind stands in a Parquet file, given the name of a column with its canonical text. Typed where every value keeps its exact
 * meaning; decimals (of any scale) and JSON are text. A text that the type cannot hold makes the query fail.
 */
export function parquetColumn(text: SqlExpr, kind: ColumnKind): ParquetColumn {
  switch (kind) {
    case "integer":
      return checked(text, "BIGINT", (value) => `CAST(${value} AS VARCHAR)`);
    case "float":
      return checked(text, "DOUBLE", (value) => floatText(value));
    case "boolean":
      return checked(text, "BOOLEAN", (value) => `CAST(${value} AS VARCHAR)`);
    case "date":
      return checked(
        text,
        "DATE",
        finite((value) => `CAST(${value} AS VARCHAR)`),
      );
    case "time":
      return checked(text, "TIME", (value) => `CAST(${value} AS VARCHAR)`);
    case "timestamp":
      return checked(text, "TIMESTAMP", finite(timestampText));
    case "timestamp_tz":
      return checked(text, "TIMESTAMPTZ", finite(timestampTzText));
    case "bytes":
      return held(
        text,
        `from_base64(${text})`,
        `(strlen(${text}) % 4 <> 0 OR NOT regexp_full_match(${text}, '[A-Za-z0-9+/]*={0,2}'))`,
        "BLOB",
      );
    case "decimal":
    case "json":
    case "text":
      return { value: text, cannotHold: null, type: "VARCHAR" };
  }
}

function checked(text: SqlExpr, type: string, back: (value: SqlExpr) => SqlExpr): ParquetColumn {
  const value = `TRY_CAST(${text} AS ${type})`;
  return held(text, value, `(${text} IS NOT NULL AND (${back(value)}) IS DISTINCT FROM ${text})`, type);
}

function held(text: SqlExpr, value: SqlExpr, cannotHold: SqlExpr, type: string): ParquetColumn {
  return { value: `CASE WHEN ${text} IS NULL THEN NULL WHEN ${cannotHold} THEN error('unencodable') ELSE ${value} END`, cannotHold, type };
}

/** Readers take the engine's mark for an infinite date for a date. */
function finite(back: (value: SqlExpr) => SqlExpr): (value: SqlExpr) => SqlExpr {
  return (value) => `CASE WHEN isinf(${value}) THEN NULL ELSE ${back(value)} END`;
}
