import type { SqlExpr } from "../core/types.ts";

/**
 * The canonical text of values that every source meets (docs/architecture.md), as DuckDB SQL over typed expressions.
 * Changing what one of these returns changes every partner's file: raise CANONICAL_VERSION with it.
 */
export const CANONICAL_VERSION = 1;

/** Shortest text of a FLOAT or DOUBLE that reads back exactly; `NaN`, `Infinity`, `-Infinity`; no empty fraction. */
export function floatText(float: SqlExpr): SqlExpr {
  return `CASE WHEN isnan(${float}) THEN 'NaN' WHEN isinf(${float}) THEN CASE WHEN ${float} > 0 THEN 'Infinity' ELSE '-Infinity' END ELSE regexp_replace(CAST(${float} AS VARCHAR), '\\.0$', '') END`;
}

/** `2024-01-02T03:04:05.12` of a TIMESTAMP of any precision; DuckDB prints the shortest fraction. Infinity as `infinity`. */
export function timestampText(timestamp: SqlExpr): SqlExpr {
  return `replace(CAST(${timestamp} AS VARCHAR), ' ', 'T')`;
}

/** `2024-01-02T01:04:05.12Z` of a TIMESTAMP WITH TIME ZONE, in UTC. */
export function timestampTzText(timestamp: SqlExpr): SqlExpr {
  const utc = timestampText(`(${timestamp} AT TIME ZONE 'UTC')`);
  return `CASE WHEN isinf(${timestamp}) THEN CAST((${timestamp} AT TIME ZONE 'UTC') AS VARCHAR) ELSE ${utc} || 'Z' END`;
}

/** Base64 with padding, of a BLOB. */
export function bytesText(blob: SqlExpr): SqlExpr {
  return `to_base64(${blob})`;
}
