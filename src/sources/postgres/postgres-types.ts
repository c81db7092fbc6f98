import type { Column, ColumnKind, SqlExpr } from "../../core/types.ts";
import { bytesText, floatText } from "../../engine/canonical-text.ts";
import { postgresDialect } from "./postgres-dialect.ts";

/** Kinds of the built-in types, by their fixed OIDs. A domain arrives as its base type; what is not here is text. */
const KINDS: ReadonlyMap<number, ColumnKind> = new Map([
  [16, "boolean"],
  [17, "bytes"],
  [20, "integer"],
  [21, "integer"],
  [23, "integer"],
  [26, "integer"],
  [114, "json"],
  [700, "float"],
  [701, "float"],
  [1082, "date"],
  [1083, "time"],
  [1114, "timestamp"],
  [1184, "timestamp_tz"],
  [1700, "decimal"],
  [3802, "json"],
]);

/** What the catalog says of a type: `pg_type.typtype` and `pg_type.typcategory`. */
export interface CatalogType {
  readonly oid: number;
  readonly typtype: string;
  readonly category: string;
}

/** Arrays and composites are delivered as JSON; everything that has no kind of its own, as its text. */
export function kindOf(type: CatalogType): ColumnKind {
  if (type.category === "A" || type.typtype === "c" || type.oid === RECORD) return "json";
  return KINDS.get(type.oid) ?? "text";
}

const RECORD = 2249;

/** Postgres SQL of a column in the extracting query: its native text, but JSON for what has no text worth delivering. */
function projected(column: Column, reference: SqlExpr): SqlExpr {
  const native = column.kind !== "json" || column.type === "json" || column.type === "jsonb";
  return native ? reference : `pg_catalog.to_jsonb(${reference})::pg_catalog.text`;
}

/** The extracting query over the model's, in the projection's order; the model stands between `before` and `after`. */
export function projectionSql(columns: readonly Column[]): { readonly before: string; readonly after: string } {
  const list = columns.map((column) => projected(column, `model.${postgresDialect.quoteIdentifier(column.name)}`));
  return { before: `SELECT ${list.join(", ")} FROM (\n`, after: "\n) AS model" };
}

/**
 * DuckDB SQL from the text that COPY prints (escapes undone) to the canonical text. Numbers, times, enums and the like are printed
 * that way already; `infinity` and years before Christ (` BC` at the end) stay as Postgres prints them.
 */
export function postgresCanonical(column: Column, text: SqlExpr): SqlExpr {
  switch (column.kind) {
    case "boolean":
      return `CASE ${text} WHEN 't' THEN 'true' WHEN 'f' THEN 'false' ELSE ${text} END`;
    case "float":
      // By way of DOUBLE, so that the same number gets the same text from every source; it holds each float4's shortest text too.
      return `CASE WHEN ${text} IS NULL THEN NULL ELSE ${floatText(`CAST(${text} AS DOUBLE)`)} END`;
    case "timestamp":
      return timestampText(text);
    case "timestamp_tz":
      return timestampTzText(text);
    case "bytes":
      return bytesText(`unhex(substr(${text}, 3))`);
    case "integer":
    case "decimal":
    case "date":
    case "time":
    case "json":
    case "text":
      return text;
  }
}

/** A date of ten characters is cut off by its length, which costs half of a search; longer years are not. */
function timestampText(text: SqlExpr): SqlExpr {
  return `CASE WHEN substr(${text}, 11, 1) = ' ' THEN concat(left(${text}, 10), 'T', substr(${text}, 12)) ELSE regexp_replace(${text}, ' ', 'T') END`;
}

function timestampTzText(text: SqlExpr): SqlExpr {
  const usual = `concat(left(${text}, 10), 'T', substr(${text}, 12, strlen(${text}) - 14), 'Z')`;
  const any = `replace(regexp_replace(${text}, ' ', 'T'), '+00', 'Z')`;
  return `CASE WHEN suffix(${text}, '+00') AND substr(${text}, 11, 1) = ' ' THEN ${usual} ELSE ${any} END`;
}
