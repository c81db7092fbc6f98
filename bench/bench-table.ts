import type { PostgresServer } from "../test/support/postgres/postgres-server.ts";

/** The model's query: ten columns of the types that such tables have, some 114 bytes a row. */
export const QUERY = "SELECT user_id, email, first_name, last_name, tier, ltv, consented, updated_at, born, token FROM users";

/** How many rows one round of changes touches, for a table of `rows` rows. */
export interface RoundOfChanges {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

/** Fills the table of the benchmark. */
export async function makeTable(server: PostgresServer, rows: number): Promise<void> {
  await server.sql(`
    CREATE TABLE users AS
    SELECT g::bigint AS user_id, 'user' || g || '@example.com' AS email, 'First' || (g % 5000) AS first_name, 'Last' || (g % 20000) AS last_name,
      (ARRAY['gold', 'silver', 'bronze'])[1 + g % 3] AS tier, (((g * 37) % 1000000)::numeric / 100)::numeric(12,2) AS ltv, g % 2 = 0 AS consented,
      timestamptz '2024-01-01' + g * interval '13 seconds' AS updated_at, date '2000-01-01' + (g % 8000)::int AS born, left(md5(g::text), 12) AS token
    FROM generate_series(1, ${rows}) AS g`);
  await server.sql("VACUUM ANALYZE users");
}

/** Changes 1 % of the rows and adds and removes 0.2 % each; every round touches other rows. */
export async function changeTable(server: PostgresServer, rows: number, round: number): Promise<RoundOfChanges> {
  const removed = await count(server, `DELETE FROM users WHERE user_id <= ${rows} AND user_id % 500 = ${2 * round} RETURNING 1`);
  const changed = await count(
    server,
    `UPDATE users SET ltv = ltv + 1 WHERE user_id <= ${rows} AND user_id % 100 = ${2 * round + 1} RETURNING 1`,
  );
  const added = await count(
    server,
    `INSERT INTO users SELECT user_id + ${rows * round}, email, first_name, last_name, tier, ltv, consented, updated_at, born, token
     FROM users WHERE user_id <= ${rows} AND user_id % 500 = 401 RETURNING 1`,
  );
  await server.sql("VACUUM ANALYZE users");
  return { added, changed, removed };
}

async function count(server: PostgresServer, statement: string): Promise<number> {
  const [row] = await server.sql(`WITH touched AS (${statement}) SELECT count(*) FROM touched`);
  return Number(row?.[0]);
}
