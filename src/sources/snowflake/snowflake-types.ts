import type { Column, ColumnKind, SqlExpr } from "../../core/types.ts";
import { floatText } from "../../engine/canonical-text.ts";
import { snowflakeDialect } from "./snowflake-dialect.ts";

/** A column as the driver describes it. */
export interface DescribedColumn {
  readonly name: string;
  /** The name on the wire: `fixed`, `real`, `text`, `timestamp_ntz` … */
  readonly type: string;
  readonly precision: number | null | undefined;
  readonly scale: number | null | undefined;
}

const KINDS: Readonly<Record<string, ColumnKind>> = {
  real: "float",
  boolean: "boolean",
  date: "date",
  time: "time",
  timestamp_ntz: "timestamp",
  timestamp_ltz: "timestamp_tz",
  timestamp_tz: "timestamp_tz",
  binary: "bytes",
  variant: "json",
  object: "json",
  array: "json",
  map: "json",
  vector: "json",
};

/** Names as people write them in SQL. Lengths and the precision of fractions stay out: widening a column changes no row. */
const NAMES: Readonly<Record<string, string>> = { real: "FLOAT", text: "VARCHAR" };

/** A described column in the words of this project. */
export function columnOf({ name, type, precision, scale }: DescribedColumn): Column {
  const wire = type.toLowerCase();
  if (wire !== "fixed") return { name, type: NAMES[wire] ?? wire.toUpperCase(), kind: KINDS[wire] ?? "text" };
  const digits = scale ?? 0;
  return { name, type: `NUMBER(${precision ?? 38},${digits})`, kind: digits === 0 ? "integer" : "decimal" };
}

const TIMESTAMP = "YYYY-MM-DD HH24:MI:SS.FF9";
/** 17 significant digits bring every float back exactly; Snowflake's own text of a float has fewer. */
const FLOAT = "9.9999999999999999EE";

/** Snowflake SQL that makes a column's text, so that the driver never converts a value. */
function textOf(column: Column, value: SqlExpr): SqlExpr {
  switch (column.type) {
    case "VARCHAR":
      return value;
    case "FLOAT":
      return `CASE WHEN ${value} IN ('NaN'::FLOAT, 'inf'::FLOAT, '-inf'::FLOAT) THEN TO_VARCHAR(${value}) ELSE TRIM(TO_VARCHAR(${value}, '${FLOAT}')) END`;
    case "DATE":
      return `TO_VARCHAR(${value}, 'YYYY-MM-DD')`;
    case "TIME":
      return `TO_VARCHAR(${value}, 'HH24:MI:SS.FF9')`;
    case "TIMESTAMP_NTZ":
      return `TO_VARCHAR(${value}, '${TIMESTAMP}')`;
    case "TIMESTAMP_LTZ":
    case "TIMESTAMP_TZ":
      return `TO_VARCHAR(CONVERT_TIMEZONE('UTC', ${value}), '${TIMESTAMP}')`;
    case "BINARY":
      return `BASE64_ENCODE(${value})`;
    case "VARIANT":
    case "OBJECT":
    case "ARRAY":
      return `TO_JSON(${value})`;
    case "MAP":
      return `TO_JSON(${value}::VARIANT)`;
    case "VECTOR":
      return `TO_JSON(${value}::ARRAY)`;
    case "GEOGRAPHY":
    case "GEOMETRY":
      return `ST_ASWKT(${value})`;
    default:
      return `TO_VARCHAR(${value})`;
  }
}

/** Name of a projected column; in lower case, so that no model's unquoted name can be meant. */
function fieldName(at: number): string {
  return snowflakeDialect.quoteIdentifier(`c${at}`);
}

/** The extracting query over the model's, in the projection's order; the model stands between `before` and `after`. */
export function projectionSql(columns: readonly Column[]): { readonly before: string; readonly after: string } {
  const list = columns.map((column, at) => {
    return `${textOf(column, `model.${snowflakeDialect.quoteIdentifier(column.name)}`)} AS ${fieldName(at)}`;
  });
  return { before: `SELECT ${list.join(",\n  ")} FROM (\n`, after: "\n) AS model" };
}

const BACKSLASH = "CHR(92)";
const ESCAPES: readonly (readonly [code: number, letter: string])[] = [
  [9, "t"],
  [10, "n"],
  [13, "r"],
  [11, "v"],
  [8, "b"],
  [12, "f"],
];

/** Kinds whose text holds no character that row text escapes. */
const PLAIN: ReadonlySet<ColumnKind> = new Set([
  "integer",
  "decimal",
  "float",
  "boolean",
  "date",
  "time",
  "timestamp",
  "timestamp_tz",
  "bytes",
]);

/** Snowflake SQL of a whole line of row text, over a relation that has the columns of `projectionSql`. */
export function lineSql(columns: readonly Column[]): SqlExpr {
  const fields = columns.map((column, at) => {
    const raw = fieldName(at);
    const text = PLAIN.has(column.kind) ? raw : ESCAPES.reduce(escapeOne, `REPLACE(${raw}, ${BACKSLASH}, ${BACKSLASH} || ${BACKSLASH})`);
    return `COALESCE(${text}, ${BACKSLASH} || 'N')`;
  });
  return fields.join(" || CHR(9) ||\n  ");
}

function escapeOne(sql: SqlExpr, [code, letter]: readonly [number, string]): SqlExpr {
  return `REPLACE(${sql}, CHR(${code}), ${BACKSLASH} || '${letter}')`;
}

/** DuckDB SQL from the text that the projection makes (escapes undone) to the canonical text. */
export function snowflakeCanonical(column: Column, text: SqlExpr): SqlExpr {
  switch (column.kind) {
    case "float":
      return `CASE WHEN ${text} IS NULL THEN NULL ELSE ${floatText(`CAST(${text} AS DOUBLE)`)} END`;
    case "time":
      return withoutZeros(text);
    case "timestamp":
      return withoutZeros(`replace(${text}, ' ', 'T')`);
    case "timestamp_tz":
      return `${withoutZeros(`replace(${text}, ' ', 'T')`)} || 'Z'`;
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

/** Nine digits always stand after the point. */
function withoutZeros(text: SqlExpr): SqlExpr {
  return `regexp_replace(${text}, '\\.?0*$', '')`;
}
