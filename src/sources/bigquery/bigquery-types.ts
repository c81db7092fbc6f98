import type { Column, ColumnKind, SqlExpr } from "../../core/types.ts";
import { floatText } from "../../engine/canonical-text.ts";
import { bigqueryDialect } from "./bigquery-dialect.ts";

/** A column as the API describes it. */
export interface SchemaField {
  readonly name: string;
  readonly type: string;
  readonly mode?: string;
  readonly fields?: readonly SchemaField[];
  readonly rangeElementType?: { readonly type: string };
}

/** The API still speaks of legacy names; people know the ones of GoogleSQL. */
const NAMES: Readonly<Record<string, string>> = { INTEGER: "INT64", FLOAT: "FLOAT64", BOOLEAN: "BOOL" };

const KINDS: Readonly<Record<string, ColumnKind>> = {
  INT64: "integer",
  NUMERIC: "decimal",
  BIGNUMERIC: "decimal",
  FLOAT64: "float",
  BOOL: "boolean",
  DATE: "date",
  TIME: "time",
  DATETIME: "timestamp",
  TIMESTAMP: "timestamp_tz",
  BYTES: "bytes",
  JSON: "json",
};

/** A column with the type as GoogleSQL writes it, nested types included, so that a change inside of one shows. */
export function columnOf(field: SchemaField): Column {
  const type = typeName(field);
  const nested = type.startsWith("ARRAY<") || type.startsWith("STRUCT<");
  return { name: field.name, type, kind: nested ? "json" : (KINDS[type] ?? "text") };
}

function typeName(field: SchemaField): string {
  const one = elementName(field);
  return field.mode === "REPEATED" ? `ARRAY<${one}>` : one;
}

function elementName(field: SchemaField): string {
  if (field.type === "RECORD" || field.type === "STRUCT") {
    const members = (field.fields ?? []).map((member) => `${member.name} ${typeName(member)}`);
    return `STRUCT<${members.join(", ")}>`;
  }
  if (field.type === "RANGE") return `RANGE<${field.rangeElementType?.type ?? ""}>`;
  return NAMES[field.type] ?? field.type;
}

/** GoogleSQL of a column in the extracting query: a STRING, or NULL, for whatever the API's own text would lose something of. */
function projected(column: Column, reference: SqlExpr): SqlExpr {
  switch (column.kind) {
    case "json":
      // TO_JSON_STRING makes the text `null` of NULL.
      return `IF(${reference} IS NULL, NULL, TO_JSON_STRING(${reference}))`;
    case "bytes":
      return `TO_BASE64(${reference})`;
    case "timestamp_tz":
      // With the zone named, because a project can set another default.
      return `STRING(${reference}, 'UTC')`;
    case "text":
      if (column.type === "STRING") return reference;
      return column.type === "GEOGRAPHY" ? `ST_ASTEXT(${reference})` : `CAST(${reference} AS STRING)`;
    case "integer":
    case "decimal":
    case "float":
    case "boolean":
    case "date":
    case "time":
    case "timestamp":
      return `CAST(${reference} AS STRING)`;
  }
}

/** The extracting query over the model's: texts alone, in the projection's order. */
export function projectionSql(columns: readonly Column[], query: string): string {
  const list = columns.map((column, at) => `${projected(column, `model.${bigqueryDialect.quoteIdentifier(column.name)}`)} AS c${at}`);
  return `SELECT ${list.join(", ")} FROM (\n${query}\n) AS model`;
}

/**
 * DuckDB SQL from the text of the projection to the canonical text. GoogleSQL prints fractions in groups of three digits, and instants as
 * `2024-01-02 03:04:05.120+00`.
 */
export function bigqueryCanonical(column: Column, text: SqlExpr): SqlExpr {
  switch (column.kind) {
    case "float":
      return `CASE WHEN ${text} IS NULL THEN NULL ELSE ${floatText(`CAST(${text} AS DOUBLE)`)} END`;
    case "time":
      return shortFraction(text);
    case "timestamp":
      return shortFraction(`replace(${text}, ' ', 'T')`);
    case "timestamp_tz":
      return `${shortFraction(`replace(replace(${text}, ' ', 'T'), '+00', '')`)} || 'Z'`;
    case "integer":
    case "decimal":
    case "boolean":
    case "date":
    case "bytes":
    case "json":
    case "text":
      return text;
  }
}

function shortFraction(text: SqlExpr): SqlExpr {
  return `CASE WHEN contains(${text}, '.') THEN rtrim(rtrim(${text}, '0'), '.') ELSE ${text} END`;
}
