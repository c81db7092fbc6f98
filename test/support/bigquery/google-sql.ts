/**
 * As much of GoogleSQL as the tests speak, on DuckDB. The functions of the generated projection print what BigQuery prints: decimals without
 * trailing zeros, fractions of seconds in groups of three digits, `null` for the JSON of NULL.
 */
export const MACROS = `
CREATE MACRO gs_fraction(t) AS CASE WHEN contains(t, '.')
  THEN split_part(t, '.', 1) || '.' || rpad(split_part(t, '.', 2), CAST(3 * ((length(split_part(t, '.', 2)) + 2) // 3) AS INTEGER), '0') ELSE t END;
CREATE MACRO gs_decimal(t) AS CASE WHEN contains(t, '.') THEN rtrim(rtrim(t, '0'), '.') ELSE t END;
CREATE MACRO gs_text(v) AS CASE
  WHEN typeof(v) LIKE 'DECIMAL%' THEN gs_decimal(CAST(v AS VARCHAR))
  WHEN typeof(v) IN ('DOUBLE', 'FLOAT') THEN CASE WHEN CAST(v AS VARCHAR) IN ('-0.0', '0.0') THEN '0' ELSE regexp_replace(CAST(v AS VARCHAR), '\\.0$', '') END
  WHEN typeof(v) LIKE 'TIME%' THEN gs_fraction(CAST(v AS VARCHAR))
  ELSE CAST(v AS VARCHAR) END;
CREATE MACRO gs_instant(v) AS gs_fraction(CAST((v AT TIME ZONE 'UTC') AS VARCHAR)) || '+00';
CREATE MACRO to_json_string(v) AS coalesce(CAST(to_json(v) AS VARCHAR), 'null');
`;

const NAME = "`(?:[^`\\\\]|\\\\.)+`";

/** GoogleSQL as DuckDB reads it. */
export function toDuckdb(sql: string): string {
  return sql
    .replace(new RegExp(`CAST\\((model\\.${NAME}) AS STRING\\)`, "gu"), "gs_text($1)")
    .replace(new RegExp(`STRING\\((model\\.${NAME}), 'UTC'\\)`, "gu"), "gs_instant($1)")
    .replace(new RegExp(NAME, "gu"), (name) => `"${name.slice(1, -1).replaceAll(/\\(.)/gu, "$1").replaceAll('"', '""')}"`)
    .replace(/'(?:[^'\\]|\\.)*'/gu, (text) => (text.includes("\\") ? `E${text}` : text))
    .replace(/^#/gmu, "--");
}

/** A column as the API describes it, from DuckDB's type. */
export function fieldOf(name: string, type: string): Record<string, unknown> {
  if (type.endsWith("[]")) return { ...fieldOf(name, type.slice(0, -2)), mode: "REPEATED" };
  if (type.startsWith("STRUCT(")) {
    const members = type
      .slice(7, -1)
      .split(", ")
      .map((member) => /^"?([^" ]+)"? (.*)$/u.exec(member) ?? ["", "", ""]);
    return { name, type: "RECORD", mode: "NULLABLE", fields: members.map(([, member = "", inner = ""]) => fieldOf(member, inner)) };
  }
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/u.exec(type);
  if (decimal !== null) return { name, type: Number(decimal[2]) > 9 ? "BIGNUMERIC" : "NUMERIC", mode: "NULLABLE" };
  return { name, type: TYPES[type] ?? type, mode: "NULLABLE" };
}

const TYPES: Readonly<Record<string, string>> = {
  TINYINT: "INTEGER",
  SMALLINT: "INTEGER",
  INTEGER: "INTEGER",
  BIGINT: "INTEGER",
  FLOAT: "FLOAT",
  DOUBLE: "FLOAT",
  BOOLEAN: "BOOLEAN",
  VARCHAR: "STRING",
  BLOB: "BYTES",
  TIMESTAMP: "DATETIME",
  "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
};

/** What DuckDB says of a query, as BigQuery would say it. */
export function wireError(message: string, sql: string): WireError {
  const table = /Table with name (\S+) does not exist/u.exec(message)?.[1];
  const place = placeOf(message, sql);
  if (table !== undefined)
    return { status: 404, reason: "notFound", message: `Not found: Table test:${table} was not found in location EU${place}` };
  return { status: 400, reason: "invalidQuery", message: `${/Error: (.*)/u.exec(message)?.[1] ?? "the query fails"}${place}` };
}

/** An answer that is a refusal. */
export interface WireError {
  readonly status: number;
  readonly reason: string;
  readonly message: string;
}

function placeOf(message: string, sql: string): string {
  const found = /\nLINE (\d+): ([^\n]*)\n( *)\^/u.exec(message);
  if (found === null) return "";
  const [, line = "1", shown = "", blanks = ""] = found;
  const offset = blanks.length - `LINE ${line}: `.length;
  const text = sql.split("\n")[Number(line) - 1] ?? "";
  const start = shown.startsWith("...") ? text.indexOf(shown.slice(3, 20)) - 3 : 0;
  return ` at [${line}:${offset + start + 1}]`;
}
