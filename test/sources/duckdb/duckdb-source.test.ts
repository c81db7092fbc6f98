import { spawn } from "node:child_process";
import { once } from "node:events";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import type { Source } from "../../../src/core/ports.ts";
import { type Engine, openEngine } from "../../../src/engine/open-engine.ts";
import { openSource } from "../../../src/sources/open-source.ts";
import { tempFolder, type TempFolder } from "../../support/temp-folder.ts";

const never = new AbortController().signal;

async function engineIn(folder: TempFolder): Promise<Engine> {
  return await openEngine({ memoryLimit: "200MB", threads: 2, tempDirectory: folder.at("tmp"), maxTempSize: "1GB" }, never);
}

async function open(engine: Engine, folder: TempFolder, path?: string): Promise<Source> {
  const options = path === undefined ? {} : { path };
  return await openSource(
    { name: "warehouse", type: "duckdb", options },
    { engine, stream: "users", run: "r1", folder: folder.path, scratch: folder.at("tmp") },
    never,
  );
}

async function makeDatabase(path: string, sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

test("a database file is read under its own name, and its columns are described without running the query", async () => {
  await using folder = await tempFolder();
  const path = folder.at("shop.duckdb");
  await makeDatabase(path, "CREATE TABLE customers AS SELECT 1 AS id, 'Ada' AS \"Full Name\", 1.50::DECIMAL(10,2) AS spend");
  await using engine = await engineIn(folder);
  await using source = await open(engine, folder, path);
  const columns = await source.describe("SELECT c.*, error('it ran') AS never_run FROM shop.main.customers c", never);
  expect(columns.map(({ name, type, kind }) => [name, type, kind])).toEqual([
    ["id", "INTEGER", "integer"],
    ["Full Name", "VARCHAR", "text"],
    ["spend", "DECIMAL(10,2)", "decimal"],
    ["never_run", "INTEGER", "integer"],
  ]);
  if (source.reading.shape !== "relation") throw new Error("a relation was expected");
  const projection = { query: "SELECT * FROM customers -- all", columns: columns.slice(0, 2).toReversed(), keyCount: 1, ignoredCount: 0 };
  expect(await engine.rows(source.reading.relation(projection), never)).toEqual([["Ada", "1"]]);
});

test("without a database, queries read files of the model's folder", async () => {
  await using folder = await tempFolder();
  await folder.write("people.csv", "id,name\n1,Ada\n");
  await folder.write("more.json", '[{"id": 2, "name": "Bo"}]');
  await using engine = await engineIn(folder);
  await using source = await open(engine, folder);
  const query = "SELECT id, name FROM 'people.csv' UNION ALL SELECT id, name FROM read_json('more.json')";
  const columns = await source.describe(query, never);
  if (source.reading.shape !== "relation") throw new Error("a relation was expected");
  expect(await engine.rows(source.reading.relation({ query, columns, keyCount: 1, ignoredCount: 0 }), never)).toEqual([
    ["1", "Ada"],
    ["2", "Bo"],
  ]);
});

test.each([
  ["several statements", "SELECT 1 AS a; SELECT 2 AS a", "2 statements"],
  ["a write", "CREATE TABLE t AS SELECT 1 AS a", "not a query"],
  ["an attach", "ATTACH 'x.duckdb'", "not a query"],
  ["a copy", "COPY (SELECT 1) TO 'x.csv'", "not a query"],
  ["a setting", "SET threads = 1", "not a query"],
  ["nothing", "-- nothing", "0 statements"],
  ["two columns of one name", "SELECT 1 AS a, 2 AS A", 'two columns named "A"'],
])("%s is refused as a model", async (_, query, message) => {
  await using folder = await tempFolder();
  await using engine = await engineIn(folder);
  await using source = await open(engine, folder);
  await expect(source.describe(query, never)).rejects.toMatchObject({
    code: "SOURCE_QUERY_REFUSED",
    message: expect.stringContaining(message),
  });
});

test("the database cannot be written through a model, and stays free for other readers", async () => {
  await using folder = await tempFolder();
  const path = folder.at("shop.duckdb");
  await makeDatabase(path, "CREATE TABLE t AS SELECT 1 AS id; CREATE SEQUENCE s");
  await using engine = await engineIn(folder);
  await using source = await open(engine, folder, path);
  await using other = await engineIn(folder);
  await using _second = await open(other, folder, path);
  expect(await other.rows("SELECT id FROM t", never)).toEqual([["1"]]);
  await expect(engine.rows("SELECT nextval('s')", never)).rejects.toMatchObject({ code: expect.stringMatching(/^ENGINE_/u) });
  expect(source.dialect.quoteIdentifier('a"b')).toBe('"a""b"');
});

test("a missing database and a file that is none are named", async () => {
  await using folder = await tempFolder();
  await using engine = await engineIn(folder);
  await expect(open(engine, folder, folder.at("no.duckdb"))).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
  const text = await folder.write("text.duckdb", "this is no database");
  await expect(open(engine, folder, text)).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
});

test("a database that another process writes is told as busy, to be tried again", async () => {
  await using folder = await tempFolder();
  const path = folder.at("busy.duckdb");
  const script = `const { DuckDBInstance } = await import("@duckdb/node-api"); await DuckDBInstance.create(${JSON.stringify(path)}); console.log("open"); setInterval(() => {}, 1000);`;
  const writer = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await once(writer.stdout, "data");
    await using engine = await engineIn(folder);
    await expect(open(engine, folder, path)).rejects.toMatchObject({ code: "SOURCE_BUSY", retry: "transient" });
  } finally {
    writer.kill("SIGKILL");
    await once(writer, "exit");
  }
});
