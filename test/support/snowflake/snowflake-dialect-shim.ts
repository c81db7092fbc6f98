/*
 * Snowflake's SQL for DuckDB to run, as far as the tests go: unquoted names in upper case, backslash escapes in texts, names of types,
 * and the functions that the generated SQL calls (as macros).
 */

const TYPES: Readonly<Record<string, string>> = {
  FLOAT: "DOUBLE",
  NUMBER: "DECIMAL",
  TIMESTAMP_NTZ: "TIMESTAMP",
  TIMESTAMP_LTZ: "TIMESTAMPTZ",
  TIMESTAMP_TZ: "TIMESTAMPTZ",
  VARIANT: "JSON",
  OBJECT: "JSON",
  BINARY: "BLOB",
  TO_JSON: "SF_TO_JSON",
};

const TOKEN = /'(?:[^'\\]|''|\\[^])*'|"(?:[^"]|"")*"|--[^\n]*|\/\/[^\n]*|\/\*[^]*?\*\/|[A-Za-z_][\w$]*|[^]/gu;
const UNESCAPED: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", "0": "\0" };

/** The same statement in DuckDB's SQL; comments are blanked out, so that places in it stay what they were. */
export function toDuckdb(sql: string): string {
  const text = sql.replace(TOKEN, (token) => {
    if (token.startsWith("'")) return token.replace(/\\([^])/gu, (_all, one: string) => (one === "'" ? "''" : (UNESCAPED[one] ?? one)));
    if (/^(?:--|\/\/|\/\*)/u.test(token)) return token.replace(/[^\n]/gu, " ");
    if (!/^[A-Za-z_]/u.test(token)) return token;
    const word = token.toUpperCase();
    return TYPES[word] ?? word;
  });
  return text.replace(/TABLE\(RESULT_SCAN\('([^']*)'\)\)/gu, (_all, id: string) => resultTable(id));
}

/** Table that keeps the rows of a finished statement. */
export function resultTable(queryId: string): string {
  return `"result_${queryId}"`;
}

const nineDigits = (text: string): string =>
  `CASE WHEN contains(${text}, '.') THEN rpad(${text}, CAST(strpos(${text}, '.') + 9 AS INTEGER), '0') ELSE ${text} || '.000000000' END`;

/** What makes DuckDB know Snowflake's functions. */
export const MACROS = [
  "SET TimeZone = 'UTC'",
  `CREATE MACRO to_varchar(x) AS CAST(x AS VARCHAR), (x, format) AS CASE
    WHEN format LIKE '9.%EE' THEN printf('%.16e', TRY_CAST(CAST(x AS VARCHAR) AS DOUBLE))
    WHEN format LIKE '%FF9' THEN ${nineDigits("CAST(x AS VARCHAR)")}
    ELSE CAST(x AS VARCHAR) END`,
  "CREATE MACRO convert_timezone(zone, x) AS x AT TIME ZONE zone",
  "CREATE MACRO base64_encode(x) AS to_base64(x)",
  "CREATE MACRO sf_to_json(x) AS CAST(x AS VARCHAR)",
  "CREATE MACRO parse_json(x) AS CAST(x AS JSON)",
  "CREATE MACRO array_construct(x, y) AS CAST(json_array(x, y) AS JSON)",
].join(";\n");

/** A column of a result as the service describes it. */
export interface RowType {
  readonly name: string;
  readonly type: string;
  readonly precision: number | null;
  readonly scale: number | null;
  readonly nullable: boolean;
}

const WIRE: readonly (readonly [RegExp, string])[] = [
  [/^(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|U\w+INT|UINTEGER)$/u, "fixed"],
  [/^(?:FLOAT|DOUBLE)$/u, "real"],
  [/^BOOLEAN$/u, "boolean"],
  [/^DATE$/u, "date"],
  [/^TIME$/u, "time"],
  [/^TIMESTAMP WITH TIME ZONE$/u, "timestamp_tz"],
  [/^TIMESTAMP/u, "timestamp_ntz"],
  [/^BLOB$/u, "binary"],
  [/^JSON$/u, "variant"],
];

/** How the service describes a column of DuckDB's. */
export function rowType(name: string, duckdbType: string): RowType {
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/u.exec(duckdbType);
  if (decimal !== null) return { name, type: "fixed", precision: Number(decimal[1]), scale: Number(decimal[2]), nullable: true };
  const type = WIRE.find(([pattern]) => pattern.test(duckdbType))?.[1] ?? "text";
  return { name, type, precision: type === "fixed" ? 38 : null, scale: type === "fixed" ? 0 : null, nullable: true };
}
