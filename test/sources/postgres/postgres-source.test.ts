import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SyncError } from "../../../src/core/errors.ts";
import { startPostgres, type PostgresServer } from "../../support/postgres/postgres-server.ts";
import { extractAll, extractTo, never, openTestSource, whole } from "./open-test-source.ts";
import { RowTextSink } from "./row-text-sink.ts";

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
  await server.sql(`
    CREATE TABLE users (id bigint PRIMARY KEY, email text, "Mixed ""Case" numeric(10,2));
    INSERT INTO users VALUES (1, 'a@x.com', 1.50), (2, NULL, NULL), (3, '', -0.10);
    CREATE TABLE big AS SELECT g AS id, md5(g::text) AS a, repeat('x', (g % 300)::int) AS b FROM generate_series(1, 100000) g;
    CREATE SEQUENCE tickets;
    CREATE SCHEMA app; CREATE TABLE app.things AS SELECT 7 AS n;
    CREATE TYPE app.mood AS ENUM ('sad', 'ok'); CREATE DOMAIN app.email AS varchar(40);
    CREATE TYPE app.pair AS (a int, b text);
    CREATE ROLE reader; GRANT SELECT ON users TO reader; CREATE TABLE secret_table (x int);
  `);
});
afterAll(async () => await server[Symbol.asyncDispose]());

const open = async (written: Record<string, unknown> = {}) => await openTestSource({ url: server.url(), ...written });

describe("the description of a query", () => {
  test("names columns with the types that the server prints and their kinds", async () => {
    await using source = await open();
    const query = `SELECT id, email, "Mixed ""Case", now() AS at, ARRAY[1.5] AS list, 'ok'::app.mood AS mood, ARRAY['ok'::app.mood] AS moods,
      'x'::app.email AS mail, ROW(1, 'b')::app.pair AS pair, NULL AS nothing FROM users`;
    expect(await source.describe(query, never)).toEqual([
      { name: "id", type: "bigint", kind: "integer" },
      { name: "email", type: "text", kind: "text" },
      { name: 'Mixed "Case', type: "numeric(10,2)", kind: "decimal" },
      { name: "at", type: "timestamp with time zone", kind: "timestamp_tz" },
      { name: "list", type: "numeric[]", kind: "json" },
      { name: "mood", type: "app.mood", kind: "text" },
      { name: "moods", type: "app.mood[]", kind: "json" },
      { name: "mail", type: "character varying(40)", kind: "text" },
      { name: "pair", type: "app.pair", kind: "json" },
      { name: "nothing", type: "text", kind: "text" },
    ]);
  });

  test("names a type alike whether the search path finds it or not", async () => {
    await using source = await open({ search_path: ["app"] });
    expect(await source.describe("SELECT n, 'ok'::mood AS mood FROM things", never)).toEqual([
      { name: "n", type: "integer", kind: "integer" },
      { name: "mood", type: "app.mood", kind: "text" },
    ]);
  });

  test("runs nothing: a query that would fail or take for ever is described at once", async () => {
    await using source = await open();
    const columns = await source.describe("SELECT pg_sleep(3600)::text AS a, 1 / (g - 1) AS b FROM generate_series(1, 9) g", never);
    expect(columns.map((column) => column.name)).toEqual(["a", "b"]);
  });

  test.each([
    ["several columns of one name", "SELECT id, email AS id FROM users", /REFUSED.*"id"/u],
    ["no columns", "SELECT FROM users", /REFUSED.*no columns/u],
    ["placeholders", "SELECT id FROM users WHERE id = $1", /REFUSED.*placeholders/u],
    ["two statements", "SELECT 1 AS a; SELECT 2 AS a", /REFUSED.*several statements/u],
    ["a statement that ends COPY and goes on", "SELECT 1 AS a) TO STDOUT; DROP TABLE users; COPY (SELECT 1 AS a", /REFUSED|FAILED/u],
    [
      "a statement that ends the sub-query and goes on",
      "SELECT 1 AS a) AS x; DROP TABLE users; SELECT * FROM (SELECT 1",
      /REFUSED|FAILED/u,
    ],
    ["an open quote", "SELECT 'x AS a", /FAILED.*unterminated/u],
    ["an INSERT that returns rows", "INSERT INTO users VALUES (9) RETURNING id", /REFUSED.*writes/u],
    ["an UPDATE inside WITH", "WITH w AS (UPDATE users SET email = '' RETURNING id) SELECT id FROM w", /REFUSED.*writes/u],
    ["SELECT INTO", "SELECT id INTO copied FROM users", /REFUSED/u],
    ["a SHOW", "SHOW server_version", /REFUSED.*sub-query/u],
    ["a COMMIT", "COMMIT", /REFUSED.*no columns/u],
    ["nothing", "-- only a comment", /REFUSED.*no columns/u],
  ])("refuses %s", async (_what, query, saying) => {
    await using source = await open();
    const refusal = source.describe(query, never).catch((error: SyncError) => `${error.code} ${error.message}`);
    expect(await refusal).toMatch(saying);
    expect(await server.sql("SELECT count(*) FROM users")).toEqual([["3"]]);
  });
});

describe("an extraction", () => {
  test("writes one line a row in COPY's text format and counts what the server sent", async () => {
    await using source = await open();
    const query = `SELECT id, email, "Mixed ""Case" FROM users ORDER BY id`;
    expect(await extractAll(source, query)).toEqual({ rows: 3n, lines: ["1\ta@x.com\t1.50", "2\t\\N\t\\N", "3\t\t-0.10"] });
  });

  test("keeps the projection's order and leaves out what is not in it", async () => {
    await using source = await open();
    const [id, email, amount] = await source.describe(`SELECT id, email, "Mixed ""Case" FROM users`, never);
    if (id === undefined || email === undefined || amount === undefined) throw new Error("three columns");
    const sink = new RowTextSink();
    await extractTo(source, whole(`SELECT id, email, "Mixed ""Case" FROM users ORDER BY id LIMIT 1`, [amount, id]), sink);
    expect(sink.text).toBe("1.50\t1\n");
  });

  test.each([
    ["ends in a comment", "SELECT id FROM users ORDER BY id -- the users"],
    ["ends in semicolons and comments", "SELECT id FROM users ORDER BY id;; /* a; b */ -- c"],
    ["starts with comments", "-- first\n/* second */ SELECT id FROM users ORDER BY id"],
    ["holds semicolons and comment marks in quotes", "SELECT id FROM users WHERE ';--' <> $a$ ; /* $a$ ORDER BY id"],
    ["is a WITH query", "WITH u AS (SELECT id FROM users) SELECT id FROM u ORDER BY id"],
  ])("reads a query that %s", async (_what, query) => {
    await using source = await open();
    expect((await extractAll(source, query)).lines).toEqual(["1", "2", "3"]);
  });

  test("yields no lines and zero rows for an empty result", async () => {
    await using source = await open();
    expect(await extractAll(source, "SELECT id FROM users WHERE false")).toEqual({ rows: 0n, lines: [] });
  });

  test("yields the bytes that psql yields, for rows from empty to larger than any buffer", async () => {
    await using source = await open();
    const query = "SELECT id, a, b FROM big UNION ALL SELECT 0, repeat('ü', 3000000), NULL";
    const { rows, lines } = await extractAll(source, query);
    expect(rows).toBe(100_001n);
    expect(lines).toHaveLength(100_001);
    const expected = await server.sql(
      "SELECT md5(string_agg(l, E'\\n' ORDER BY l COLLATE \"C\")) FROM (SELECT id || E'\\t' || a || E'\\t' || b AS l FROM big) t",
    );
    const { createHash } = await import("node:crypto");
    const small = lines.filter((line) => !line.startsWith("0\t")).toSorted((a, b) => (a < b ? -1 : 1));
    expect(createHash("md5").update(small.join("\n")).digest("hex")).toBe(expected[0]?.[0]);
  });

  test("waits for a slow reader instead of filling memory", async () => {
    await using source = await open();
    const sink = new RowTextSink(2);
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, sink.writableLength);
    }, 1);
    const query = "SELECT id, a, b FROM big";
    const { rows } = await extractTo(source, whole(query, await source.describe(query, never)), sink);
    clearInterval(watch);
    expect(rows).toBe(100_000n);
    expect(most).toBeLessThan(2 * 1024 * 1024);
  });

  test.each([
    ["nextval", "SELECT nextval('tickets') AS n"],
    ["FOR UPDATE", "SELECT id FROM users FOR UPDATE"],
    ["a function that writes", "SELECT app_write() AS n"],
  ])("refuses to write through %s", async (_what, query) => {
    await server.sql("CREATE OR REPLACE FUNCTION app_write() RETURNS int LANGUAGE sql AS 'INSERT INTO users VALUES (99) RETURNING 1'");
    await using source = await open();
    await expect(extractAll(source, query)).rejects.toMatchObject({ code: "SOURCE_QUERY_REFUSED" });
    expect(await server.sql("SELECT count(*) FROM users")).toEqual([["3"]]);
    expect((await extractAll(source, "SELECT 1 AS a")).rows).toBe(1n);
  });

  test("refuses to go on when a column's type is no longer the one described", async () => {
    await using source = await open();
    const [n] = await source.describe("SELECT n FROM app.things", never);
    if (n === undefined) throw new Error("one column");
    const projection = whole("SELECT n FROM app.things", [{ ...n, type: "bigint" }]);
    await expect(extractTo(source, projection, new RowTextSink())).rejects.toMatchObject({
      code: "SOURCE_COLUMNS_CHANGED",
      retry: "transient",
    });
  });

  test("reads as the role of the source, and says its name to the server", async () => {
    await using source = await open({ role: "reader", application_name: "nightly" });
    const query = "SELECT current_user::text AS u, current_setting('application_name') AS a, current_setting('transaction_read_only') AS r";
    expect((await extractAll(source, query)).lines).toEqual(["reader\tnightly\ton"]);
    await expect(extractAll(source, "SELECT * FROM secret_table")).rejects.toMatchObject({ code: "SOURCE_ACCESS_DENIED" });
  });
});

test("connects through a Unix socket", async () => {
  await using source = await openTestSource({ host: server.socketFolder, port: server.port, user: "postgres", database: "postgres" });
  expect((await extractAll(source, "SELECT 1 AS a")).rows).toBe(1n);
});

test("connects by name where the name has several addresses", async () => {
  await using source = await openTestSource({ host: "localhost", port: server.port, user: "postgres", database: "postgres" });
  expect((await extractAll(source, "SELECT 1 AS a")).rows).toBe(1n);
});

describe("the tables of the server", () => {
  beforeAll(async () => {
    await server.sql(`
      CREATE TABLE app.visits (day date NOT NULL, page text NOT NULL, tag text, hits int, PRIMARY KEY (page, day) INCLUDE (hits), UNIQUE (tag));
      CREATE UNIQUE INDEX ON app.visits (hits) WHERE hits > 0; CREATE UNIQUE INDEX ON app.visits (lower(page));
      COMMENT ON TABLE app.visits IS 'Who came'; COMMENT ON COLUMN app.visits.tag IS 'free text';
      CREATE TABLE "Odd Name" (a int NOT NULL, b int NOT NULL); CREATE UNIQUE INDEX ON "Odd Name" (b); CREATE VIEW seen AS SELECT 1 AS n;
      GRANT USAGE ON SCHEMA app TO reader`);
  });

  test("are listed by the names that models take, those that may be read", async () => {
    await using source = await open();
    expect(await source.catalog?.list(never)).toEqual(expect.arrayContaining(["Odd Name", "seen", "users", "app.things", "app.visits"]));
    await using reading = await open({ role: "reader" });
    expect(await reading.catalog?.list(never)).toEqual(["users"]);
  });

  test("tell comments, and keys of all rows alone", async () => {
    await using source = await open();
    expect(await source.catalog?.look("app.visits", never)).toEqual({
      comment: "Who came",
      columnComments: new Map([["tag", "free text"]]),
      keys: [{ kind: "primary key", columns: ["page", "day"] }],
    });
    expect(await source.catalog?.look("Odd Name", never)).toMatchObject({ comment: null, keys: [{ kind: "unique", columns: ["b"] }] });
    expect(await source.catalog?.look("seen", never)).toMatchObject({ keys: [] });
    expect(await source.catalog?.look("app.visit", never)).toBeNull();
  });
});
