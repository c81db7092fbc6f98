import type { ColumnKind } from "../../core/types.ts";
import { sqlName, sqlText } from "../../engine/sql-literal.ts";
import { chainSql, type ChainDialect } from "./chain-sql.ts";
import type { KitFacts } from "./kit-facts.ts";

/** The script by which DuckDB folds a stream's files into a table. */
export function duckdbLoader(facts: KitFacts): string {
  const { table, columns, stream } = facts;
  const names = columns.map(({ name }) => sqlName(name));
  const [main, applied] = [sqlName(table), sqlName(`${table}_generations`)];
  return `-- Folds the files of the stream ${stream} into the table ${table}. It needs DuckDB 1.4 or newer:
--
--   duckdb -bail my.db -cmd "SET VARIABLE inbox = '/data/inbox'" < load.duckdb.sql
--
-- The variable inbox names a copy of the place that the files are delivered to (default: the folder inbox). Run it again whenever something has arrived,
-- and after it was stopped: a run applies whole generations or none, ignores what was applied before, and uses nothing that its manifest does not vouch
-- for. ${table}_generations tells what was applied. When something is missing or not what it should be, what came before it is applied and the last
-- statement fails with the reason.
SET VARIABLE inbox = coalesce(getvariable('inbox'), 'inbox');
CREATE TABLE IF NOT EXISTS ${main} (${columns.map(({ name, kind }) => `${sqlName(name)} ${typeOf(kind, facts)}`).join(", ")});
${columns.map(({ name, kind }) => `ALTER TABLE ${main} ADD COLUMN IF NOT EXISTS ${sqlName(name)} ${typeOf(kind, facts)};`).join("\n")}
CREATE TABLE IF NOT EXISTS ${applied} (generation BIGINT, sha256 VARCHAR, state_id VARCHAR, kind VARCHAR, applied_at TIMESTAMPTZ);
BEGIN TRANSACTION;

-- Manifests, each with the hash of its bytes.
CREATE OR REPLACE TEMP TABLE spillway_manifests AS
SELECT CAST(name AS BIGINT) AS generation, text, sha256, ${chainSql.fields(DIALECT)}
FROM (
  SELECT regexp_extract(filename, '[/\\\\]([0-9]{6,})[.]json$', 1) AS name, decode(content) AS text, sha256(content) AS sha256
  FROM read_blob(getvariable('inbox') || ${sqlText(`/_spillway/${stream}/*.json`)})
)
WHERE name <> '';
${chainSql.checkManifests(DIALECT, stream)}

-- The generations to apply, in order: they follow one another by the hash of each manifest.
CREATE OR REPLACE TEMP TABLE spillway_here AS SELECT generation, sha256, state_id FROM ${applied} ORDER BY generation DESC LIMIT 1;
CREATE OR REPLACE TEMP TABLE spillway_chain AS ${chainSql.chain()};
${chainSql.checkChain(DIALECT)}

${objectsSql(stream)}
${rowsSql(facts)}
-- The last word on each row counts.
DELETE FROM ${main} WHERE (SELECT bool_or(is_whole) FROM spillway_chain);
${lastWords(facts)}
INSERT INTO ${main} (${names.join(", ")}) SELECT ${names.map((_, at) => `v${at}`).join(", ")} FROM spillway_last WHERE NOT removed;
INSERT INTO ${applied} SELECT m.generation, m.sha256, m.state_id, m.kind, now() FROM spillway_chain JOIN spillway_manifests AS m USING (generation) ORDER BY 1;
COMMIT;
${chainSql.verdict(DIALECT, facts, applied)}
`;
}

function objectsSql(stream: string): string {
  return `-- Their objects, each compared with what the manifest says of it. The brackets make a pattern of a path: one that matches nothing is no error.
CREATE OR REPLACE TEMP TABLE spillway_objects AS
SELECT *, regexp_replace(replace(replace(replace(getvariable('inbox') || '/' || key, '[', '[[]'), '*', '[*]'), '?', '[?]'), '([^]])$', '[\\1]') AS pattern
FROM (${chainSql.objects(DIALECT)});
SET VARIABLE spillway_patterns = (SELECT coalesce(list(DISTINCT pattern), [getvariable('inbox') || ${sqlText(`/_spillway/${stream}/claim.json`)}]) FROM spillway_objects);
CREATE OR REPLACE TEMP TABLE spillway_found AS
SELECT replace(filename, '\\', '/') AS path, size, sha256(content) AS sha256 FROM read_blob(getvariable('spillway_patterns'));
CREATE OR REPLACE TEMP TABLE spillway_bad AS
SELECT o.generation, o.key, f.path IS NULL AS is_missing
FROM spillway_objects AS o LEFT JOIN spillway_found AS f ON f.path = replace(getvariable('inbox') || '/' || o.key, '\\', '/')
WHERE f.path IS NULL OR f.size <> o.size OR f.sha256 <> o.sha256;
DELETE FROM spillway_chain WHERE generation >= (SELECT min(generation) FROM spillway_bad);
DELETE FROM spillway_objects WHERE generation NOT IN (SELECT generation FROM spillway_chain);
`;
}

function rowsSql(facts: KitFacts): string {
  return `-- Their rows. Each file is read with the columns that its manifest names: a column that came later is NULL.
SET VARIABLE spillway_rows = (
  SELECT coalesce(string_agg(
    'SELECT ' || generation || ' AS generation, ' || place || ' AS place, ' || ${removedSql(facts)} || ' AS removed, ' || ${columnsSql(facts)}
    || ' FROM ' || ${readerSql(facts)}, ' UNION ALL '), ${sqlText(noRows(facts))})
  FROM (
    SELECT o.*, coalesce(
      list_filter(from_json(m.text->'$.changes', '[{"name": "VARCHAR", "columns": ["VARCHAR"]}]'), lambda each: each.name = o.change)[1].columns,
      json_extract_string(m.text, '$.columns[*].name')) AS names
    FROM spillway_objects AS o JOIN spillway_manifests AS m USING (generation) WHERE o.rows > 0
  ));
CREATE OR REPLACE TEMP TABLE spillway_rows AS SELECT * FROM query(getvariable('spillway_rows'));
CREATE OR REPLACE TEMP TABLE spillway_checked AS
SELECT error('the file ' || o.key || ' has other rows than its manifest says') FROM spillway_objects AS o
LEFT JOIN (SELECT generation, place, count(*) AS rows FROM spillway_rows GROUP BY ALL) AS r USING (generation, place)
WHERE coalesce(r.rows, 0) <> o.rows;
`;
}

function lastWords({ table, key, columns }: KitFacts): string {
  const last = "CREATE OR REPLACE TEMP TABLE spillway_last AS SELECT * FROM spillway_rows";
  if (key.length === 0) return `${last};`;
  const places = key.map((name) => ({ name: sqlName(name), value: `v${columns.findIndex((column) => column.name === name)}` }));
  const rank = `row_number() OVER (PARTITION BY ${places.map(({ value }) => value).join(", ")} ORDER BY generation DESC, place DESC)`;
  const same = places.map(({ name, value }) => `old.${name} = new.${value}`).join(" AND ");
  return `${last} QUALIFY ${rank} = 1;\nDELETE FROM ${sqlName(table)} AS old USING spillway_last AS new WHERE ${same};`;
}

const DIALECT: ChainDialect = {
  field: (path) => `(text->>${sqlText(`$.${path}`)})`,
  whole: (text) => `CAST(${text} AS BIGINT)`,
  refuse: (select) => `CREATE OR REPLACE TEMP TABLE spillway_checked AS SELECT error(message) FROM (${select});`,
  objects: `(SELECT generation, unnest(from_json(text->'$.objects', '["JSON"]')) AS object, generate_subscripts(from_json(text->'$.objects', '["JSON"]'), 1) AS place, text FROM spillway_manifests)`,
  member: (name) => `(object->>${sqlText(`$.${name}`)})`,
  kindsOf: `CAST(list_filter(from_json(m.text->'$.changes', '[{"name": "VARCHAR", "kinds": ["VARCHAR"]}]'), lambda each: each.name = (object->>'$.change'))[1].kinds AS VARCHAR)`,
  verdict: (message, problem, from) =>
    `SELECT CASE WHEN ${problem} IS NULL THEN ${message} ELSE error(${problem}) END AS result FROM (${from});`,
};

/** Texts stay texts; a Parquet file has types. */
function typeOf(kind: ColumnKind, { format }: KitFacts): string {
  return format.format === "parquet" ? PARQUET_TYPES[kind] : "VARCHAR";
}

const PARQUET_TYPES: Readonly<Record<ColumnKind, string>> = {
  integer: "BIGINT",
  decimal: "VARCHAR",
  float: "DOUBLE",
  boolean: "BOOLEAN",
  date: "DATE",
  time: "TIME",
  timestamp: "TIMESTAMP",
  timestamp_tz: "TIMESTAMPTZ",
  bytes: "BLOB",
  json: "VARCHAR",
  text: "VARCHAR",
};

function noRows(facts: KitFacts): string {
  return `SELECT 0 AS generation, 0 AS place, false AS removed, ${facts.columns.map(({ kind }, at) => `CAST(NULL AS ${typeOf(kind, facts)}) AS v${at}`).join(", ")} WHERE false`;
}

/** Where a column stands in a file: by name in Parquet, else by its place in the manifest. */
function place(name: string, { format }: KitFacts): string {
  return format.format === "parquet" ? sqlText(sqlName(name)) : `'c' || (list_position(names, ${sqlText(name)}) - 1)`;
}

function columnsSql(facts: KitFacts): string {
  const one = facts.columns.map(
    ({ name, kind }, at) =>
      `CASE WHEN list_contains(names, ${sqlText(name)}) THEN 'CAST(' || ${place(name, facts)} || ' AS ${typeOf(kind, facts)})' ELSE 'NULL' END || ' AS v${at}'`,
  );
  return one.join(" || ', ' || ");
}

function removedSql(facts: KitFacts): string {
  const marks = Object.entries(facts.removed).map(
    ([change, { column, text }]) =>
      `WHEN change = ${sqlText(change)} THEN 'coalesce(CAST(' || ${place(column, facts)} || ' AS VARCHAR) = ' || ${sqlText(sqlText(text))} || ', false)'`,
  );
  return `CASE ${marks.join(" ")} WHEN kinds = '[removed]' THEN 'true' ELSE 'false' END`;
}

function readerSql({ format, key }: KitFacts): string {
  const path = `'''' || replace(replace(replace(replace(getvariable('inbox') || '/' || key, '[', '[[]'), '*', '[*]'), '?', '[?]'), '''', '''''') || ''''`;
  if (format.format === "parquet") return `'read_parquet(' || ${path} || ')'`;
  const quoting = format.quote === "none" ? `quote = '', escape = ''` : `quote = '"', escape = '"'`;
  const options = `auto_detect = false, header = ${format.header}, delim = ${sqlText(format.delimiter)}, ${quoting}, nullstr = ${sqlText(format.nullText)}, allow_quoted_nulls = ${format.quote === "all"}, new_line = '${format.newline === "crlf" ? "\\r\\n" : "\\n"}', compression = '${format.compression}', parallel = false`;
  const struct = `list_reduce(list_transform(range(len(names)), lambda i: 'c' || i || ': ''VARCHAR'''), lambda a, b: a || ', ' || b)`;
  const keys = key.map(
    (name) => `CASE WHEN list_contains(names, ${sqlText(name)}) THEN [${place(name, { format } as KitFacts)}] ELSE [] END`,
  );
  const notNull = key.length === 0 ? "''" : `', force_not_null = ' || CAST(${keys.join(" || ")} AS VARCHAR)`;
  return `'read_csv(' || ${path} || ${sqlText(`, ${options}, columns = {`)} || ${struct} || '}' || ${notNull} || ')'`;
}
