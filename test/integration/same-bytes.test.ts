import { readdir, readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openEngine } from "../../src/engine/open-engine.ts";
import { sqlText } from "../../src/engine/sql-literal.ts";
import { TestBigqueryServer } from "../support/bigquery/test-bigquery-server.ts";
import { demoProject } from "../support/demo-project.ts";
import { say } from "../support/fake-host.ts";
import { type PostgresServer, startPostgres } from "../support/postgres/postgres-server.ts";
import { TestSnowflakeServer } from "../support/snowflake/test-snowflake-server.ts";
import type { TempFolder } from "../support/temp-folder.ts";

const TABLES = `
CREATE TABLE customers (
  customer_id integer PRIMARY KEY, first_name text, last_name text, email text, company text, country text, tier text, consented boolean,
  credit numeric(12, 2), rating double precision, birthday date, note text, created_at timestamp, updated_at timestamp
);
CREATE TABLE orders (order_id bigint PRIMARY KEY, customer_id integer, ordered_at timestamp, status text, total numeric(12, 2));
`;
const MODELS = {
  everything: "table: customers\nprimary_key: [customer_id]\nfile: {quote: all, delimiter: ';'}\n",
  audiences: `audiences:
  entity:
    query: |
      SELECT c.customer_id, c.email, c.tier, c.consented, count(o.order_id) AS orders, coalesce(sum(o.total), 0.00) AS spent, max(o.ordered_at) AS last_order
      FROM customers AS c LEFT JOIN orders AS o ON o.customer_id = c.customer_id AND o.status = 'paid'
      GROUP BY c.customer_id, c.email, c.tier, c.consented
    key: customer_id
  members:
    vip: spent >= 1500
    lapsed: consented AND orders >= 3 AND last_order < TIMESTAMP '2026-03-01'
changes: [added, changed, removed]
`,
};

let folder: TempFolder;
let postgres: PostgresServer;
let bigquery: TestBigqueryServer;
let snowflake: TestSnowflakeServer;

/** The same models for Snowflake, where unquoted names are in upper case: outputs get the names that the others have by themselves. */
function inUpperCase(name: string, model: string): string {
  const outputs = name === "everything" ? EVERYTHING : AUDIENCES;
  const renamed = outputs.map((output) => `  ${output}: ${output === "_audience" ? output : output.toUpperCase()}`);
  const keyed = model
    .replace("table: customers", "table: CUSTOMERS")
    .replace("[customer_id]", "[CUSTOMER_ID]")
    .replace("key: customer_id", "key: CUSTOMER_ID");
  return `${keyed}columns:\n${renamed.join("\n")}\n`;
}

const EVERYTHING =
  "customer_id first_name last_name email company country tier consented credit rating birthday note created_at updated_at".split(" ");
const AUDIENCES = "customer_id email tier consented orders spent last_order _audience".split(" ");

beforeAll(async () => {
  [folder, postgres] = await Promise.all([demoProject(), startPostgres()]);
  bigquery = await TestBigqueryServer.start(folder.path);
  snowflake = await TestSnowflakeServer.start();
  const { account, username, token } = snowflake.accounts;
  await postgres.sql(TABLES);
  for (const [source, options] of [
    ["duckdb", "type: duckdb, path: demo/warehouse.duckdb"],
    ["postgres", `type: postgres, url: "${postgres.url()}"`],
    ["bigquery", `type: bigquery, project: test, api_endpoint: "${bigquery.endpoint}"`],
    ["snowflake", `type: snowflake, account: ${account}, access_url: "${snowflake.url}", username: ${username}, token: ${token}`],
  ] as const) {
    const config = `version: 1\nstate: state-${source}\nmodels: models-${source}\nsources: {warehouse: {${options}}}\n`;
    await folder.write(`${source}.yaml`, `${config}destinations: {partner: {type: local, path: out-${source}}}\n`);
    for (const [name, model] of Object.entries(MODELS)) {
      await folder.write(
        `models-${source}/${name}.yaml`,
        `source: warehouse\ndestination: partner\n${source === "snowflake" ? inUpperCase(name, model) : model}`,
      );
    }
  }
});
afterAll(async () => {
  await snowflake[Symbol.asyncDispose]();
  await bigquery[Symbol.asyncDispose]();
  await postgres[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** Brings Postgres to the rows that the DuckDB file holds now. */
async function copyToPostgres(): Promise<void> {
  const signal = new AbortController().signal;
  await using engine = await openEngine({ memoryLimit: "256MB", threads: 1, tempDirectory: folder.at("tmp"), maxTempSize: "1GB" }, signal);
  await engine.run(`ATTACH ${sqlText(folder.at("demo/warehouse.duckdb"))} AS demo (READ_ONLY)`, signal);
  for (const table of ["customers", "orders"]) {
    const columns = await engine.rows(
      `SELECT column_name FROM duckdb_columns() WHERE table_name = '${table}' ORDER BY column_index`,
      signal,
    );
    const literals = columns.map(([name]) => `coalesce('''' || replace(${name}::VARCHAR, '''', '''''') || '''', 'NULL')`);
    const tuples = `SELECT string_agg('(' || ${literals.join(" || ',' || ")} || ')', ',') FROM demo.${table}`;
    const [row] = await engine.rows(tuples, signal);
    await postgres.sql(`TRUNCATE ${table}; INSERT INTO ${table} VALUES ${row?.[0] ?? ""}`);
  }
}

/** Brings the tables behind the BigQuery server to the rows that the DuckDB file holds now. */
async function copyToBigquery(): Promise<void> {
  const copies = ["customers", "orders"].map((table) => `CREATE OR REPLACE TABLE ${table} AS FROM demo.${table};`);
  await bigquery.store.sql(`ATTACH ${sqlText(folder.at("demo/warehouse.duckdb"))} AS demo (READ_ONLY); ${copies.join(" ")} DETACH demo`);
}

/** The same for Snowflake, whose unquoted names are in upper case. */
async function copyToSnowflake(): Promise<void> {
  const tables = { CUSTOMERS: EVERYTHING, ORDERS: ["order_id", "customer_id", "ordered_at", "status", "total"] };
  const copies = Object.entries(tables).map(([table, columns]) => {
    const list = columns.map((column) => `${column} AS ${column.toUpperCase()}`);
    return `CREATE OR REPLACE TABLE ${table} AS SELECT ${list.join(", ")} FROM demo.${table.toLowerCase()};`;
  });
  await snowflake.database.duckdb(
    `ATTACH ${sqlText(folder.at("demo/warehouse.duckdb"))} AS demo (READ_ONLY); ${copies.join(" ")} DETACH demo`,
  );
}

/** BigQuery's decimals have no scale: the one documented exception that this data meets. */
function withoutScale(files: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const bare = (text: string): string =>
    text.replace(/(?<=^|[",;])(-?\d+)\.(\d\d)(?=[",;]|$)/gmu, (_, whole: string, cents: string) => {
      const rest = cents.replace(/0+$/u, "");
      return rest === "" ? whole : `${whole}.${rest}`;
    });
  return new Map([...files].map(([name, text]) => [name, bare(text)]));
}

async function delivered(source: string): Promise<ReadonlyMap<string, string>> {
  const { exit, stderr } = await say(["run", "--all", "-c", `${source}.yaml`, "-q"], { cwd: folder.path });
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
  const root = folder.at(`out-${source}`);
  const names = (await readdir(root, { recursive: true })).filter((name) => name.endsWith(".csv")).toSorted();
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(`${root}/${name}`, "utf8")] as const)));
}

test(
  "the same data in Postgres, BigQuery, Snowflake and DuckDB gives the same files, byte for byte, two days running",
  { timeout: 180_000 },
  async () => {
    await copyToPostgres();
    await copyToBigquery();
    await copyToSnowflake();
    const first = await delivered("duckdb");
    expect(first.size).toBe(2);
    expect(await delivered("postgres")).toEqual(first);
    expect(await delivered("bigquery")).toEqual(withoutScale(first));
    expect(await delivered("snowflake")).toEqual(first);
    expect(withoutScale(first)).not.toEqual(first);

    await say(["init", "--next-day"], { cwd: folder.path });
    await copyToPostgres();
    await copyToBigquery();
    await copyToSnowflake();
    const second = await delivered("duckdb");
    // Of both models each kind of change: the added files of the first day, and three of the second.
    expect(second.size).toBe(8);
    expect(await delivered("postgres")).toEqual(second);
    expect(await delivered("bigquery")).toEqual(withoutScale(second));
    expect(await delivered("snowflake")).toEqual(second);
  },
);
