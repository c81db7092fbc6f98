import type pg from "pg";
import { SyncError } from "../../core/errors.ts";
import type { Column } from "../../core/types.ts";
import type { Transaction } from "./postgres-session.ts";
import { kindOf } from "./postgres-types.ts";
import { around } from "./sql-position.ts";
import { parseOnly, type Field } from "./statements.ts";

const HINT = "Make the model one SELECT (or VALUES, TABLE) that returns rows and changes nothing.";

/**
 * Columns of a query, which is parsed and planned and not run. First by itself: that proves that it is one complete statement, which nothing
 * that is put around it can turn into two. Then as a sub-query: that leaves only what reads.
 */
export async function describeQuery(transaction: Transaction, query: string): Promise<readonly Column[]> {
  const { client } = transaction.connection;
  const alone = around("", query, "");
  transaction.running(alone);
  const { fields, parameters } = await parseOnly(client, alone.text).catch(refusingSeveral);
  if (fields === null || fields.length === 0) throw refused("it returns no columns");
  if (parameters > 0) throw refused("it has placeholders such as $1, which nothing fills in");
  refuseDuplicates(fields);
  const within = around("SELECT * FROM (\n", query, "\n) AS model");
  transaction.running(within);
  await parseOnly(client, within.text).catch(refusingAsSubquery);
  const planned = around("EXPLAIN SELECT * FROM (\n", query, "\n) AS model", "plan");
  transaction.running(planned);
  await client.query(planned.text);
  transaction.running(null);
  return await columnsOf(client, fields);
}

function refused(why: string): SyncError {
  return new SyncError("SOURCE_QUERY_REFUSED", `Spillway does not run the model's query: ${why}.`, { hint: HINT });
}

function refusingSeveral(error: unknown): never {
  // The parser's own routine is the one sign of it that no translation of messages changes.
  if (routineOf(error) === "exec_parse_message") throw refused("it holds several statements");
  throw error;
}

/** The query by itself was fine; inside parentheses Postgres takes only what reads. */
function refusingAsSubquery(error: unknown): never {
  if (routineOf(error) === null) throw error;
  throw refused("Postgres does not take it as a sub-query, so it writes (INSERT, UPDATE, DELETE, SELECT INTO) or is no plain SELECT");
}

function routineOf(error: unknown): string | null {
  return error instanceof Error && "routine" in error && typeof error.routine === "string" ? error.routine : null;
}

function refuseDuplicates(fields: readonly Field[]): void {
  const names = fields.map((field) => field.name);
  const twice = [...new Set(names.filter((name, at) => names.indexOf(name) !== at))];
  if (twice.length === 0) return;
  throw new SyncError(
    "SOURCE_QUERY_REFUSED",
    `The model's query returns several columns of the name ${twice.map((name) => `"${name}"`).join(", ")}.`,
    {
      hint: "Give each column a name of its own with AS.",
    },
  );
}

/**
 * `format_type` leaves the schema out when the search path finds the type, so it is put back for all but built-in types: the name
 * must not depend on who asks.
 */
const TYPES = `SELECT field.oid::text,
  CASE WHEN namespace.nspname <> 'pg_catalog' AND pg_catalog.pg_type_is_visible(named.oid) THEN pg_catalog.quote_ident(namespace.nspname) || '.' ELSE '' END
    || pg_catalog.format_type(field.oid, field.modifier),
  type.typtype::text, type.typcategory::text
FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.oid[]), pg_catalog.unnest($2::pg_catalog.int4[])) WITH ORDINALITY AS field(oid, modifier, at)
JOIN pg_catalog.pg_type AS type ON type.oid = field.oid
JOIN pg_catalog.pg_type AS named ON named.oid = CASE WHEN type.typcategory = 'A' AND type.typelem <> 0 THEN type.typelem ELSE type.oid END
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = named.typnamespace
ORDER BY field.at`;

async function columnsOf(client: pg.Client, fields: readonly Field[]): Promise<readonly Column[]> {
  const { rows } = await client.query<[string, string, string, string]>({
    text: TYPES,
    values: [fields.map((field) => field.typeOid), fields.map((field) => field.typeModifier)],
    rowMode: "array",
  });
  if (rows.length !== fields.length) throw new SyncError("INTERNAL", "Postgres knows fewer types than the query has columns.");
  return fields.map((field, at) => {
    const [oid = "0", type = "", typtype = "", category = ""] = rows[at] ?? [];
    return { name: field.name, type, kind: kindOf({ oid: Number(oid), typtype, category }) };
  });
}
