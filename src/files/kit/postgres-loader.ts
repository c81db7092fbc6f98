import { sqlName, sqlText } from "../../engine/sql-literal.ts";
import { chainSql, type ChainDialect } from "./chain-sql.ts";
import type { KitFacts } from "./kit-facts.ts";

/** The script by which psql folds a stream's files into a table of a Postgres server. */
export function postgresLoader(facts: KitFacts): string {
  const { table, columns, stream } = facts;
  const [main, applied] = [sqlName(table), sqlName(`${table}_generations`)];
  const values = columns.map((_, at) => `v${at}`);
  return `-- Folds the files of the stream ${stream} into the table ${table}. It needs PostgreSQL 12 or newer, and beside psql the usual tools of a Unix shell:
--
--   psql -v inbox=/data/inbox -f load.postgres.sql
--
-- inbox is a copy of the place that the files are delivered to, on the machine that psql runs on (default: the folder inbox). Run it again whenever
-- something has arrived, and after it was stopped: a run applies whole generations or none, ignores what was applied before, and uses nothing that its
-- manifest does not vouch for. ${table}_generations tells what was applied. When something is missing or not what it should be, what came before it is
-- applied and psql ends with the reason and exit code 3.
\\set ON_ERROR_STOP on
\\set QUIET on
\\encoding UTF8
\\if :{?inbox}
\\else
\\set inbox inbox
\\endif
\\set tmp \`mktemp -d\`
\\setenv SPILLWAY_INBOX :inbox
\\setenv SPILLWAY_TMP :tmp
SET client_min_messages = warning;
SET standard_conforming_strings = on;
BEGIN;
CREATE TABLE IF NOT EXISTS ${main} (${columns.map(({ name }) => `${sqlName(name)} text`).join(", ")});
${columns.map(({ name }) => `ALTER TABLE ${main} ADD COLUMN IF NOT EXISTS ${sqlName(name)} text;`).join("\n")}
CREATE TABLE IF NOT EXISTS ${applied} (generation bigint, sha256 text, state_id text, kind text, applied_at timestamptz);
LOCK TABLE ${applied} IN SHARE ROW EXCLUSIVE MODE;

${manifestsSql(stream, applied)}
${OBJECTS_SQL}
${rowsSql(facts)}
-- The last word on each row counts.
DELETE FROM ${main} WHERE (SELECT bool_or(is_whole) FROM spillway_chain);
${lastWords(facts)}
INSERT INTO ${main} (${columns.map(({ name }) => sqlName(name)).join(", ")}) SELECT ${values.join(", ")} FROM spillway_last WHERE NOT removed;
INSERT INTO ${applied} SELECT m.generation, m.sha256, m.state_id, m.kind, now() FROM spillway_chain AS c JOIN spillway_manifests AS m ON m.generation = c.generation ORDER BY 1;
COMMIT;
\\! rm -rf "$SPILLWAY_TMP"
${chainSql.verdict(DIALECT, facts, applied)}
SELECT '${stream}: generation ' || coalesce(max(generation), 0) AS result FROM ${applied};
`;
}

const DIALECT: ChainDialect = {
  field: (path) => `(text #>> '{${path.replaceAll(".", ",")}}')`,
  whole: (text) => `CAST(${text} AS bigint)`,
  refuse: (select) =>
    `DO $do$ DECLARE found_message text; BEGIN SELECT message INTO found_message FROM (${select}) AS problems LIMIT 1; IF FOUND THEN RAISE EXCEPTION '%', found_message; END IF; END $do$;`,
  objects: `(SELECT generation, object, place, text FROM spillway_manifests, jsonb_array_elements(text -> 'objects') WITH ORDINALITY AS each_object (object, place))`,
  member: (name) => `(object ->> '${name}')`,
  kindsOf: `replace((SELECT change ->> 'kinds' FROM jsonb_array_elements(m.text -> 'changes') AS change WHERE change ->> 'name' = object ->> 'change'), '"', '')`,
  verdict: (_, problem, from) =>
    `DO $do$ DECLARE found_problem text; BEGIN SELECT ${problem} INTO found_problem FROM (${from}) AS verdict; IF found_problem IS NOT NULL THEN RAISE EXCEPTION '%', found_problem; END IF; END $do$;`,
};

function manifestsSql(stream: string, applied: string): string {
  return `-- Manifests, each with the hash of its bytes.
DROP TABLE IF EXISTS pg_temp.spillway_raw, pg_temp.spillway_manifests, pg_temp.spillway_here, pg_temp.spillway_chain, pg_temp.spillway_objects, pg_temp.spillway_found, pg_temp.spillway_bad, pg_temp.spillway_rows, pg_temp.spillway_script, pg_temp.spillway_last;
CREATE TEMP TABLE spillway_raw (name text, content text);
\\copy spillway_raw FROM PROGRAM 'cd "$SPILLWAY_INBOX/_spillway/${stream}" 2>/dev/null && for f in *.json; do case "\${f%.json}" in *[!0-9]*) continue;; esac; [ ! -f "$f" ] || printf "%s,%s\\n" "$f" "$(base64 < "$f" | tr -d "\\n")"; done; true' WITH (FORMAT csv)
CREATE TEMP TABLE spillway_manifests AS
SELECT generation, text, sha256, ${chainSql.fields(DIALECT)}
FROM (
  SELECT CAST(replace(name, '.json', '') AS bigint) AS generation, CAST(convert_from(decode(content, 'base64'), 'UTF8') AS jsonb) AS text,
    encode(sha256(decode(content, 'base64')), 'hex') AS sha256
  FROM spillway_raw WHERE length(name) >= 11
) AS manifest;
${chainSql.checkManifests(DIALECT, stream)}

-- The generations to apply, in order: they follow one another by the hash of each manifest.
CREATE TEMP TABLE spillway_here AS SELECT generation, sha256, state_id FROM ${applied} ORDER BY generation DESC LIMIT 1;
CREATE TEMP TABLE spillway_chain AS ${chainSql.chain()};
${chainSql.checkChain(DIALECT)}
`;
}

const OBJECTS_SQL = `-- Their objects, each compared with what the manifest says of it.
CREATE TEMP TABLE spillway_objects AS ${chainSql.objects(DIALECT)};
\\copy (SELECT generation || ' ' || place || ' ' || key FROM spillway_objects ORDER BY generation, place) TO PROGRAM 'cat > "$SPILLWAY_TMP/keys"' WITH (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')
CREATE TEMP TABLE spillway_found (generation bigint, place bigint, size bigint, sha256 text);
\\copy spillway_found FROM PROGRAM 'while IFS=" " read -r generation place key; do f="$SPILLWAY_INBOX/$key"; [ ! -f "$f" ] || echo "$generation,$place,$(wc -c < "$f" | tr -d " "),$( { sha256sum < "$f" || shasum -a 256 < "$f"; } 2>/dev/null | cut -c1-64)"; done < "$SPILLWAY_TMP/keys"' WITH (FORMAT csv)
CREATE TEMP TABLE spillway_bad AS
SELECT o.generation, o.key, f.generation IS NULL AS is_missing
FROM spillway_objects AS o LEFT JOIN spillway_found AS f ON f.generation = o.generation AND f.place = o.place
WHERE f.generation IS NULL OR f.size <> o.size OR f.sha256 <> o.sha256;
DELETE FROM spillway_chain WHERE generation >= (SELECT min(generation) FROM spillway_bad);
DELETE FROM spillway_objects WHERE generation NOT IN (SELECT generation FROM spillway_chain);
`;

function rowsSql(facts: KitFacts): string {
  const values = facts.columns.map((_, at) => `v${at} text`);
  return `-- Their rows. Each file is read with the columns that its manifest names: a column that came later is NULL.
CREATE TEMP TABLE spillway_rows (generation bigint, place bigint, removed boolean, ${values.join(", ")});
CREATE TEMP TABLE spillway_script AS ${readScript(facts)};
\\copy (SELECT line FROM spillway_script ORDER BY generation, place, n) TO PROGRAM 'cat > "$SPILLWAY_TMP/read.psql"' WITH (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')
\\set read :tmp /read.psql
\\i :read
${DIALECT.refuse(`SELECT 'the file ' || o.key || ' has other rows than its manifest says' AS message FROM spillway_objects AS o LEFT JOIN (SELECT generation, place, count(*) AS rows FROM spillway_rows GROUP BY generation, place) AS r ON r.generation = o.generation AND r.place = o.place WHERE coalesce(r.rows, 0) <> o.rows`)}
`;
}

function lastWords({ table, key, columns }: KitFacts): string {
  if (key.length === 0) return "CREATE TEMP TABLE spillway_last AS SELECT * FROM spillway_rows;";
  const places = key.map((name) => ({ name: sqlName(name), value: `v${columns.findIndex((column) => column.name === name)}` }));
  const values = places.map(({ value }) => value).join(", ");
  const same = places.map(({ name, value }) => `old.${name} = new.${value}`).join(" AND ");
  return `CREATE TEMP TABLE spillway_last AS SELECT DISTINCT ON (${values}) * FROM spillway_rows ORDER BY ${values}, generation DESC, place DESC;
DELETE FROM ${sqlName(table)} AS old USING spillway_last AS new WHERE ${same};`;
}

/** A query of the lines of a psql script that reads one object after the other: psql takes no name of a file from a query. */
function readScript(facts: KitFacts): string {
  const { format } = facts;
  const isLines = format.format === "ndjson";
  const width = isLines
    ? "'c0 text'"
    : "(SELECT string_agg('c' || at || ' text', ', ' ORDER BY at) FROM generate_series(0, cardinality(named.names) - 1) AS at)";
  const lines = [
    `'\\setenv SPILLWAY_FILE ''' || replace(o.key, '''', '''''') || ''''`,
    `'DROP TABLE IF EXISTS pg_temp.spillway_file; CREATE TEMP TABLE spillway_file (' || ${width} || ');'`,
    `'\\copy spillway_file FROM PROGRAM ' || ${sqlText(sqlText(program(facts)))} || ${isLines ? sqlText(` WITH (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02', NULL E'\\x03')`) : copyOptions(facts)}`,
    `'INSERT INTO spillway_rows SELECT ' || o.generation || ', ' || o.place || ', ' || ${removedSql(facts)} || ', ' || ${facts.columns.map(({ name, kind }) => (isLines ? memberSql(name, kind) : columnSql(name))).join(" || ', ' || ")} || ' FROM spillway_file;'`,
  ];
  const union = lines.map((line, at) => `SELECT o.generation, o.place, ${at} AS n, ${line} AS line FROM ${OBJECTS}`).join(" UNION ALL ");
  return union;
}

const OBJECTS =
  "spillway_objects AS o JOIN spillway_manifests AS m ON m.generation = o.generation CROSS JOIN LATERAL (SELECT coalesce((SELECT array_agg(c ORDER BY n) FROM jsonb_array_elements(m.text -> 'changes') AS told, jsonb_array_elements_text(told -> 'columns') WITH ORDINALITY AS own_column (c, n) WHERE told ->> 'name' = o.change), (SELECT array_agg(c ->> 'name' ORDER BY n) FROM jsonb_array_elements(m.text -> 'columns') WITH ORDINALITY AS each_column (c, n))) AS names) AS named WHERE o.rows > 0";

/** Makes a file that COPY can read: unpacked, without byte order mark; one without quotes gets them around every field. */
function program({ format }: KitFacts): string {
  const { delimiter } = format;
  const file = `< "$SPILLWAY_INBOX/$SPILLWAY_FILE"`;
  const steps = [format.compression === "gzip" ? `gzip -dc ${file}` : `cat ${file}`];
  const isText = format.format !== "ndjson";
  if (isText && format.bom) steps.push("tail -c +4");
  if (isText && format.quote === "none") {
    const pattern = /[.*[\]^$\\/]/u.test(delimiter) ? `\\${delimiter}` : delimiter;
    steps.push(`tr -d "\\r"`, `LC_ALL=C sed -e 's/"/""/g' -e 's/${pattern}/","/g' -e 's/^/"/' -e 's/$/"/'`);
  }
  return steps.join(" | ");
}

/** Under `all` and `none` NULL and its text are one; a key is never NULL. */
function copyOptions({ format, key, columns }: KitFacts): string {
  const isQuoted = format.quote === "all" || format.quote === "none";
  const options = `FORMAT csv, HEADER ${format.header}, DELIMITER ${sqlText(format.quote === "none" ? "," : format.delimiter)}, NULL ${sqlText(format.nullText)}`;
  const list = (names: readonly string[]): string =>
    `(SELECT string_agg('c' || (n - 1), ', ') FROM unnest(named.names) WITH ORDINALITY AS each_name (name, n) WHERE name ${names.length === 0 ? "IS NULL" : `IN (${names.map(sqlText).join(", ")})`})`;
  const rest = columns.map(({ name }) => name).filter((name) => !key.includes(name));
  const notNull = `coalesce(', FORCE_NOT_NULL (' || ${list(key)} || ')', '')`;
  const nulls = isQuoted ? ` || coalesce(', FORCE_NULL (' || ${list(rest)} || ')', '')` : "";
  return `${sqlText(` WITH (${options}`)} || ${notNull}${nulls} || ')'`;
}

function columnSql(name: string): string {
  const at = `array_position(named.names, ${sqlText(name)})`;
  return `coalesce('c' || (${at} - 1), 'NULL')`;
}

/** Numbers and JSON stay as they are written. */
function memberSql(name: string, kind: string): string {
  const json = `CAST(c0 AS json)`;
  return sqlText(kind === "json" ? `NULLIF(CAST(${json} -> ${sqlText(name)} AS text), 'null')` : `${json} ->> ${sqlText(name)}`);
}

function removedSql({ removed, columns, format }: KitFacts): string {
  const marks = Object.entries(removed).map(([change, { column, text }]) => {
    const kind = columns.find(({ name }) => name === column)?.kind ?? "text";
    const value = format.format === "ndjson" ? memberSql(column, kind) : columnSql(column);
    return `WHEN o.change = ${sqlText(change)} THEN 'coalesce(' || ${value} || ' = ' || ${sqlText(sqlText(text))} || ', false)'`;
  });
  return `CASE ${marks.join(" ")} WHEN o.kinds = '[removed]' THEN 'true' ELSE 'false' END`;
}
