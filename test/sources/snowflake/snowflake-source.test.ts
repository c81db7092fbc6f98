import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Source } from "../../../src/core/ports.ts";
import { TestSnowflakeServer, userKey } from "../../support/snowflake/test-snowflake-server.ts";
import { tempFolder, type TempFolder } from "../../support/temp-folder.ts";
import { extractAll, openTestSource, written } from "./open-test-source.ts";

let server: TestSnowflakeServer;
let folder: TempFolder;
let source: Source;
const said: string[] = [];
beforeAll(async () => {
  vi.spyOn(process.stdout, "write").mockImplementation((text) => said.push(String(text)) > 0);
  [server, folder] = await Promise.all([TestSnowflakeServer.start(), tempFolder()]);
  await server.database.duckdb(`
    CREATE TABLE USERS AS SELECT i AS ID, 'u' || i AS NAME FROM range(500) AS r(i);
    CREATE TABLE ODD ("Mixed Case" INTEGER, "select" VARCHAR, "with""quote" VARCHAR);
    INSERT INTO ODD VALUES (1, 'reserved', 'quoted')`);
  source = await openTestSource(written(server), folder.path);
  vi.mocked(process.stdout.write).mockRestore();
});
afterAll(async () => {
  await source[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

test("the driver says nothing, and leaves no log file behind", async () => {
  expect(said.filter((text) => /snowflake|Connection\[/iu.test(text))).toEqual([]);
  expect(await readdir(process.cwd())).not.toContain("snowflake.log");
});

test("rows of several chunks arrive whole and in order, in one scan", async () => {
  const before = server.ran.length;
  const { rows, lines, columns } = await extractAll(source, "select id, name from users order by id // all of them;\n; -- '");
  expect(columns).toEqual([
    { name: "ID", type: "NUMBER(38,0)", kind: "integer" },
    { name: "NAME", type: "VARCHAR", kind: "text" },
  ]);
  expect(rows).toBe(500n);
  expect(lines).toEqual(Array.from({ length: 500 }, (_, at) => `${at}\tu${at}`));
  expect(server.ran.slice(before)).toHaveLength(1);
});

test("no rows, the rows of one answer, and of exactly one chunk more arrive", async () => {
  for (const count of [0, server.inlineRows, server.inlineRows + server.chunkRows]) {
    expect(await extractAll(source, `select id from users where id < ${count}`)).toMatchObject({ rows: BigInt(count) });
  }
});

test("one row of several megabytes and a table of 200 columns arrive", async () => {
  const huge = await extractAll(source, "select repeat('x', 5000000) as x from users where id = 1");
  expect(huge.lines[0]).toHaveLength(5_000_000);
  const columns = Array.from({ length: 200 }, (_, at) => `id + ${at} as c${at}`);
  const wide = await extractAll(source, `select ${columns.join(", ")} from users where id < 60 order by id`);
  expect(wide.lines).toHaveLength(60);
  expect(wide.lines[59]?.split("\t")).toEqual(Array.from({ length: 200 }, (_, at) => String(59 + at)));
});

test("names in mixed case, reserved words and quotes are the columns that they name", async () => {
  const { lines, columns } = await extractAll(source, "select * from odd");
  expect(columns.map(({ name }) => name)).toEqual(["Mixed Case", "select", 'with"quote']);
  expect(lines).toEqual(["1\treserved\tquoted"]);
});

test("NULL, empty text, the word NULL and every character that row text escapes stay apart", async () => {
  const texts = ["NULL", "''", "'NULL'", "'\\\\N'", "'a\\tb\\nc\\rd\\\\e'", "'it\\'s -- /* \"this\"'", "'// no comment; either'"];
  const { lines } = await extractAll(source, `select ${texts.map((sql, at) => `${sql} as v${at}`).join(", ")}`);
  expect(lines[0]?.split("\t")).toEqual(["\\N", "", "NULL", "\\\\N", "a\\tb\\nc\\rd\\\\e", 'it\'s -- /* "this"', "// no comment; either"]);
});

test.each([
  ["it writes", "insert into users values (1, 'x')", /does not take it as a sub-query/u],
  ["it is several statements", "select 1 as a; select 2 as b", /several statements/u],
  ["it would end the parenthesis around it", "select 1 as a); drop table users; select (1", /./u],
  ["two columns share a name", 'select id, id as "ID" from users', /several columns of the name "ID"/u],
  ["it is empty", " -- nothing\n", /it is empty/u],
])("a model is refused and nothing is run when %s", async (_name, query, message) => {
  const before = server.ran.length;
  await expect(source.describe(query, AbortSignal.timeout(20_000))).rejects.toMatchObject({
    code: expect.stringMatching(/^SOURCE_QUERY_(?:REFUSED|FAILED)$/u) as string,
    message: expect.stringMatching(message) as string,
  });
  expect(server.ran.slice(before)).toEqual([]);
});

test("a column that changes between description and extraction is told", async () => {
  const columns = await source.describe("select id, name from users", AbortSignal.timeout(20_000));
  const moved = columns.map((column) => (column.name === "NAME" ? { ...column, type: "BINARY" } : column));
  if (source.reading.shape !== "row_text") throw new Error("not a row text source");
  const { RowTextSink } = await import("../postgres/row-text-sink.ts");
  const projection = { query: "select id, name from users", columns: moved, keyCount: 1, ignoredCount: 0 };
  await expect(source.reading.extract(projection, new RowTextSink(), AbortSignal.timeout(20_000))).rejects.toMatchObject({
    code: "SOURCE_COLUMNS_CHANGED",
    context: { columns: ["NAME"] },
  });
});

test.each([
  ["a private key", () => ({ token: undefined, private_key: userKey() })],
  ["an encrypted private key", () => ({ token: undefined, private_key: userKey("secret"), private_key_passphrase: "secret" })],
  ["a password", () => ({ token: undefined, password: "pw" })],
  ["an OAuth token", () => ({ authenticator: "oauth" })],
])("logs in with %s", async (_name, more) => {
  await using other = await openTestSource(written(server, more()), folder.path);
  expect(await other.describe("select 1 as one", AbortSignal.timeout(20_000))).toHaveLength(1);
});

test("logs in with a private key that lies in a file, and closes its session", async () => {
  const path = await folder.write("rsa_key.p8", userKey());
  const before = server.calls.filter((call) => call === "logout").length;
  {
    await using _other = await openTestSource(written(server, { token: undefined, private_key_path: path }), folder.path);
  }
  expect(server.calls.filter((call) => call === "logout")).toHaveLength(before + 1);
});

test("the session's parameters are pinned, so that no user's or account's default changes a byte", () => {
  const set = server.asked.find(({ sql }) => sql.startsWith("ALTER SESSION"))?.sql ?? "";
  for (const part of ["TIMEZONE = 'UTC'", "ROWS_PER_RESULTSET = 0", "MULTI_STATEMENT_COUNT = 1", "QUERY_TAG = 'spillway/users'"]) {
    expect(set).toContain(part);
  }
  expect(set).toContain("STATEMENT_TIMEOUT_IN_SECONDS = 3600");
});
