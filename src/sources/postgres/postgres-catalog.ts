import type pg from "pg";
import type { Catalog, TableFacts } from "../../core/ports.ts";
import { postgresDialect } from "./postgres-dialect.ts";
import type { PostgresSession } from "./postgres-session.ts";

/** Looks tables, views and foreign tables up that the user may read. */
export function postgresCatalog(session: PostgresSession): Catalog {
  return {
    list: async (signal) =>
      await session.transaction("list the tables", signal, async ({ connection }) => {
        return (await texts(connection.client, LIST, [])).map(([name]) => String(name));
      }),
    look: async (table, signal) =>
      await session.transaction("look the table up", signal, async ({ connection }) => await look(connection.client, table)),
  };
}

const RELATIONS = "('r', 'p', 'v', 'm', 'f')";

const LIST = `SELECT CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN c.relname::text ELSE n.nspname || '.' || c.relname END AS shown
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ${RELATIONS} AND NOT c.relispartition AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
ORDER BY NOT pg_catalog.pg_table_is_visible(c.oid), shown`;

const TABLE = `SELECT c.oid::text, pg_catalog.obj_description(c.oid, 'pg_class') FROM pg_catalog.pg_class AS c
WHERE c.oid = pg_catalog.to_regclass($1) AND c.relkind IN ${RELATIONS}`;

const COMMENTS = `SELECT attname::text, pg_catalog.col_description(attrelid, attnum) FROM pg_catalog.pg_attribute
WHERE attrelid = $1::pg_catalog.oid AND attnum > 0 AND NOT attisdropped AND pg_catalog.col_description(attrelid, attnum) IS NOT NULL`;

// A partial index, one on expressions or one that is not built yet says nothing of all rows.
const KEYS = `SELECT i.indisprimary::text, pg_catalog.json_agg(a.attname ORDER BY k.at)::text
FROM pg_catalog.pg_index AS i
CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, at)
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indrelid = $1::pg_catalog.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND k.at <= i.indnkeyatts
GROUP BY i.indexrelid, i.indisprimary HAVING pg_catalog.bool_and(a.attnotnull)
ORDER BY i.indisprimary DESC, pg_catalog.count(*), i.indexrelid`;

async function look(client: pg.Client, table: string): Promise<TableFacts | null> {
  const name = table.split(".").map(postgresDialect.quoteIdentifier).join(".");
  const [found] = await texts(client, TABLE, [name]);
  const [oid, comment = null] = found ?? [];
  if (oid == null) return null;
  const comments = await texts(client, COMMENTS, [oid]);
  const keys = await texts(client, KEYS, [oid]);
  return {
    comment,
    columnComments: new Map(comments.map(([column, text]) => [String(column), String(text)])),
    keys: keys.map(([isPrimary, columns]) => ({
      kind: isPrimary === "true" ? "primary key" : "unique",
      columns: JSON.parse(columns ?? "[]") as readonly string[],
    })),
  };
}

async function texts(client: pg.Client, text: string, values: readonly string[]): Promise<readonly (readonly (string | null)[])[]> {
  return (await client.query<(string | null)[]>({ text, values: [...values], rowMode: "array" })).rows;
}
