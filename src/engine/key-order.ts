import type { ColumnKind, SqlExpr } from "../core/types.ts";

/**
 * ORDER BY terms for a key column's canonical text: integers and decimals by value, all else by UTF-8 bytes (the engine's
 * default collation). The text itself comes last, so that equal texts always stand together.
 */
export function keyOrder(kind: ColumnKind, text: SqlExpr): readonly SqlExpr[] {
  switch (kind) {
    case "integer":
      // TRY: a torn row, refused later by its own check, must not fail here as a conversion.
      return [`TRY_CAST(${text} AS HUGEINT)`];
    case "decimal":
      return [decimalOrder(text), text];
    case "float":
    case "boolean":
    case "date":
    case "time":
    case "timestamp":
    case "timestamp_tz":
    case "bytes":
    case "json":
    case "text":
      return [text];
  }
}

/**
 * A text that sorts by bytes as the decimal sorts by value, for any number of digits: sign, count of integer digits, digits.
 * Negative digits are complemented and closed by `~`, so that -1.15 comes before -1.1.
 */
function decimalOrder(text: SqlExpr): SqlExpr {
  const digits = `ltrim(${text}, '-')`;
  const whole = `split_part(${digits}, '.', 1)`;
  const fraction = `rtrim(split_part(${digits}, '.', 2), '0')`;
  const magnitude = `lpad(CAST(strlen(${whole}) AS VARCHAR), 6, '0') || ${whole} || '.' || ${fraction}`;
  const negative = `'0' || translate(${magnitude}, '0123456789', '9876543210') || '~'`;
  return `CASE ${text} WHEN '-Infinity' THEN '' WHEN 'Infinity' THEN '2' WHEN 'NaN' THEN '3' ELSE CASE WHEN ${text} LIKE '-%' THEN ${negative} ELSE '1' || ${magnitude} END END`;
}
