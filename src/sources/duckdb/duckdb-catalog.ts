import type { Catalog, SqlSession, TableFacts } from "../../core/ports.ts";
import { sqlText } from "../../engine/sql-literal.ts";

/** Looks tables up in the database that the session reads by default. */
export function duckdbCatalog(session: SqlSession): Catalog {
  return {
    list: async (signal) => (await session.rows(LIST, signal)).flatMap(([name]) => (typeof name === "string" ? [name] : [])),
    look: async (table, signal) => await look(session, table, signal),
  };
}

const TABLES = `(SELECT database_name, schema_name, table_name AS name, comment FROM duckdb_tables() WHERE NOT internal
  UNION ALL SELECT database_name, schema_name, view_name, comment FROM duckdb_views() WHERE NOT internal)`;

const LIST = `SELECT CASE WHEN schema_name = current_schema() THEN name ELSE schema_name || '.' || name END AS shown
FROM ${TABLES} WHERE database_name = current_database() ORDER BY schema_name <> current_schema(), shown`;

async function look(session: SqlSession, table: string, signal: AbortSignal): Promise<TableFacts | null> {
  const found = await session.rows(
    `SELECT database_name, schema_name, name, comment FROM ${TABLES} WHERE ${meant(table)} ORDER BY schema_name <> current_schema() LIMIT 1`,
    signal,
  );
  const [database, schema, name, comment] = found[0] ?? [];
  if (database == null || schema == null || name == null) return null;
  const here = `database_name = ${sqlText(database)} AND schema_name = ${sqlText(schema)} AND table_name = ${sqlText(name)}`;
  const columns = await session.rows(`SELECT column_name, is_nullable, comment FROM duckdb_columns() WHERE ${here}`, signal);
  const nullable = new Set(columns.flatMap(([column, isNullable]) => (isNullable === "false" ? [] : [column])));
  const constraints = await session.rows(
    `SELECT lower(constraint_type), to_json(constraint_column_names)::VARCHAR FROM duckdb_constraints()
     WHERE ${here} AND constraint_type IN ('PRIMARY KEY', 'UNIQUE') ORDER BY constraint_type <> 'PRIMARY KEY', len(constraint_column_names), constraint_index`,
    signal,
  );
  const keys = constraints.map(([kind, names]) => ({
    kind: kind === "primary key" ? ("primary key" as const) : ("unique" as const),
    columns: JSON.parse(names ?? "[]") as readonly string[],
  }));
  return {
    comment: comment ?? null,
    columnComments: new Map(columns.flatMap(([column, , text]) => (column == null || text == null ? [] : [[column, text] as const]))),
    keys: keys.filter(({ columns: key }) => key.every((column) => !nullable.has(column))),
  };
}

/** The condition under which a table is the one that `table`, `schema.table` or `database.schema.table` means; case counts for nothing. */
function meant(table: string): string {
  const [name = "", schema, database] = table.split(".").toReversed();
  const same = (column: string, value: string): string => `lower(${column}) = lower(${sqlText(value)})`;
  return [
    same("name", name),
    schema === undefined ? "schema_name = current_schema()" : same("schema_name", schema),
    database === undefined ? "database_name = current_database()" : same("database_name", database),
  ].join(" AND ");
}
