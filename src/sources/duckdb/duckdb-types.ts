import type { Column, ColumnKind, SqlExpr } from "../../core/types.ts";
import { bytesText, floatText, timestampText, timestampTzText } from "../../engine/canonical-text.ts";

/** What a DuckDB type becomes: the class of its canonical text and the SQL that makes it from a typed value. */
interface TypeRule {
  readonly kind: ColumnKind;
  readonly text: (value: SqlExpr) => SqlExpr;
}

const asPrinted = (value: SqlExpr): SqlExpr => `CAST(${value} AS VARCHAR)`;
const asJson = (value: SqlExpr): SqlExpr => `CAST(to_json(${value}) AS VARCHAR)`;

const integer: TypeRule = { kind: "integer", text: asPrinted };
// Wider than HUGEINT, the widest integer that rows are ordered by: ordered as decimals are.
const wideInteger: TypeRule = { kind: "decimal", text: asPrinted };
const float: TypeRule = { kind: "float", text: floatText };
const timestamp: TypeRule = { kind: "timestamp", text: timestampText };
const text: TypeRule = { kind: "text", text: asPrinted };
const json: TypeRule = { kind: "json", text: asJson };

const RULES: Readonly<Record<string, TypeRule>> = {
  TINYINT: integer,
  SMALLINT: integer,
  INTEGER: integer,
  BIGINT: integer,
  HUGEINT: integer,
  UTINYINT: integer,
  USMALLINT: integer,
  UINTEGER: integer,
  UBIGINT: integer,
  UHUGEINT: wideInteger,
  BIGNUM: wideInteger,
  FLOAT: float,
  DOUBLE: float,
  BOOLEAN: { kind: "boolean", text: asPrinted },
  DATE: { kind: "date", text: asPrinted },
  TIME: { kind: "time", text: asPrinted },
  TIME_NS: { kind: "time", text: asPrinted },
  TIMESTAMP: timestamp,
  TIMESTAMP_S: timestamp,
  TIMESTAMP_MS: timestamp,
  TIMESTAMP_NS: timestamp,
  "TIMESTAMP WITH TIME ZONE": { kind: "timestamp_tz", text: timestampTzText },
  BLOB: { kind: "bytes", text: bytesText },
  JSON: { kind: "json", text: asPrinted },
};

function ruleOf(type: string): TypeRule {
  const known = RULES[type];
  if (known !== undefined) return known;
  if (type.startsWith("DECIMAL(")) return { kind: "decimal", text: asPrinted };
  if (/\[\d*\]$/u.test(type) || /^(?:STRUCT|MAP|UNION|VARIANT)\b/u.test(type)) return json;
  // VARCHAR, UUID, ENUM, INTERVAL, TIME WITH TIME ZONE, BIT and user types: as DuckDB prints them.
  return text;
}

/** The class of a DuckDB type's canonical text. */
export function duckdbKind(type: string): ColumnKind {
  return ruleOf(type).kind;
}

/** DuckDB SQL of a typed value's canonical text. */
export function duckdbCanonical(column: Column, value: SqlExpr): SqlExpr {
  return ruleOf(column.type).text(value);
}
