import { afterAll, beforeAll, expect, test } from "vitest";
import { SyncError } from "../../../src/core/errors.ts";
import type { Source } from "../../../src/core/ports.ts";
import type { Projection } from "../../../src/core/types.ts";
import { type Engine, openEngine } from "../../../src/engine/open-engine.ts";
import { openSource } from "../../../src/sources/open-source.ts";
import { tempFolder, type TempFolder } from "../../support/temp-folder.ts";

const never = new AbortController().signal;
const SECRET = "SECRET-VALUE";
const HUSH = `it holds\nwhen casting from source column hush\n\nLINE 2: hush\n        ^`;

let folder: TempFolder;
let engine: Engine;
let source: Source;

beforeAll(async () => {
  folder = await tempFolder();
  await folder.write("people.csv", `id,born\n1,1990\n2,${SECRET}\n3,1970\n`);
  engine = await openEngine({ memoryLimit: "200MB", threads: 1, tempDirectory: folder.at("tmp"), maxTempSize: "1GB" }, never);
  await engine.run(
    `CREATE TABLE memory.main.t AS SELECT i::INTEGER AS id, CASE WHEN i = 2990 THEN '${SECRET}' ELSE i::VARCHAR END AS s, '${HUSH}' AS hostile FROM range(3000) r(i)`,
    never,
  );
  await engine.run("CREATE VIEW memory.main.cast_inside AS SELECT id, s::INTEGER AS n FROM memory.main.t", never);
  source = await openSource(
    { name: "warehouse", type: "duckdb", options: {} },
    { engine, stream: "users", run: "r1", folder: folder.path, scratch: folder.at("tmp") },
    never,
  );
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function failure(work: Promise<unknown>): Promise<SyncError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SyncError)) throw new Error("a SyncError was expected");
  return error;
}

/** What a run throws whose statement over the relation has failed. */
async function rowFailure(query: string): Promise<SyncError> {
  if (source.reading.shape !== "relation" || source.reading.blame === undefined) throw new Error("a relation was expected");
  const projection: Projection = { query, columns: await source.describe(query, never), keyCount: 1, ignoredCount: 0 };
  const statement = `CREATE OR REPLACE TEMP TABLE all_rows AS ${source.reading.relation(projection)}`;
  const blamed = await source.reading.blame(await failure(engine.run(statement, never)), projection, never);
  if (!(blamed instanceof SyncError)) throw new Error("a SyncError was expected");
  return blamed;
}

test.each([
  [
    "a missing table",
    "SELECT *\nFROM nope",
    "Table with name nope does not exist! (line 2, column 6 of the query)\n  FROM nope\n       ^",
    "SHOW ALL TABLES",
  ],
  [
    "a missing column",
    "SELECT id,\n\tnope FROM t",
    'Referenced column "nope" not found in FROM clause! (line 2, column 2',
    "DESCRIBE table",
  ],
  ["a mistake in the grammar", "SELECT id,\n  nme nme nme\nFROM t", 'syntax error at or near "nme" (line 2, column 11', "DuckDB shell"],
  ["a query that is not whole", "SELECT (id", "syntax error at end of input", "DuckDB shell"],
  ["a missing file", "SELECT * FROM 'no-such.csv'", 'No files found that match the pattern "no-such.csv"', "path"],
  ["a constant of a wrong form", "SELECT regexp_matches(s, '(') AS b FROM t", "a constant of the query, or a file", "constants"],
])("%s is told as the model's mistake before any row is read", async (_, query, message, hint) => {
  const error = await failure(source.describe(query, never));
  expect(error).toMatchObject({ code: "SOURCE_QUERY_FAILED", retry: "never", hint: expect.stringContaining(hint) });
  expect(error.message).toContain("DuckDB cannot describe the model's query: ");
  expect(error.message).toContain(message);
});

test.each([
  [
    "a cast",
    "SELECT id,\n  s::INTEGER AS n\nFROM t",
    'into the type that the query asks for, in column "s"',
    "TRY_CAST(s AS",
    { line: 2, column: 4 },
  ],
  ["a cast inside of a view", "SELECT * FROM cast_inside", "into the type that the query asks for;", "TRY_CAST", {}],
  ["a number out of range", "SELECT id, (id * 1000000)::INTEGER AS n FROM t", "out of the range", "TRY(", {}],
  ["a function", "SELECT id, strptime(s, '%Y') AS n FROM t", "does not take what it is given", "TRY(", {}],
  ["a sub-query of several rows", "SELECT id, (SELECT id FROM t) AS n FROM t", "does not take what it is given", "one row", {}],
  [
    "a file",
    "SELECT * FROM read_csv('people.csv', columns = {'id': 'INTEGER', 'born': 'INTEGER'})",
    'line 3 of a CSV file is not as the query reads it, in column "born"',
    "all_varchar",
    { csvLine: 3 },
  ],
])("a row on which %s fails is told as the model's failure, without its value", async (_, query, message, hint, context) => {
  const error = await rowFailure(query);
  expect(error).toMatchObject({ code: "SOURCE_QUERY_FAILED", context, hint: expect.stringContaining(hint) });
  expect(error.message).toContain(message);
  expect(JSON.stringify([error.message, error.hint, error.context])).not.toContain(SECRET);
  expect(error.cause).toBeUndefined();
});

test("a value that is written as DuckDB writes its errors gets nothing into ours", async () => {
  const error = await rowFailure("SELECT id,\nhostile::INTEGER AS n FROM t");
  expect(error.context).toMatchObject({ line: 2, column: 8, castOf: "hostile" });
  expect(JSON.stringify([error.message, error.hint, error.context])).not.toMatch(/hush|it holds/u);
  expect(await rowFailure("SELECT id, strptime(hostile, '%Y') AS n FROM t")).toMatchObject({ context: { kind: "Invalid Input" } });
});

test("the place is that of the character, behind tabs, long lines and letters of every script", async () => {
  const long = `SELECT id AS ${"a".repeat(100)}, 'äöü' AS b, s::INTEGER AS n FROM t`;
  const scripts = "SELECT id,\n\t\t'日本' AS a, 'é' AS b, s::INTEGER AS n FROM t";
  expect((await rowFailure(long)).context).toMatchObject({ line: 1, column: long.indexOf("::") + 1 });
  expect((await rowFailure(scripts)).context).toMatchObject({ line: 2, column: scripts.indexOf("::") - scripts.indexOf("\n") });
});

test("what is no fault of the query stays as it is", async () => {
  if (source.reading.shape !== "relation" || source.reading.blame === undefined) throw new Error("a relation was expected");
  const query = "SELECT id, s FROM t";
  const projection: Projection = { query, columns: await source.describe(query, never), keyCount: 1, ignoredCount: 0 };
  const ours = await failure(engine.run(`SELECT CAST(c1 AS INTEGER) FROM (${source.reading.relation(projection)})`, never));
  expect(ours.code).toBe("ENGINE_FAILED");
  const others = [
    ours,
    new SyncError("ENGINE_OUT_OF_MEMORY", "no memory"),
    new SyncError("ENGINE_DISK_FULL", "no room"),
    new Error("stop"),
  ];
  for (const error of others) expect(await source.reading.blame(error, projection, never)).toBe(error);
});

test("a stop while the query is run once more is a stop", async () => {
  if (source.reading.shape !== "relation" || source.reading.blame === undefined) throw new Error("a relation was expected");
  const query = "SELECT id, s::INTEGER AS n FROM t";
  const projection: Projection = { query, columns: await source.describe(query, never), keyCount: 1, ignoredCount: 0 };
  const error = new SyncError("ENGINE_FAILED", "it failed");
  await expect(source.reading.blame(error, projection, AbortSignal.abort(new Error("stopped")))).rejects.toThrow("stopped");
});

test("JSON is classed as JSON and keeps its text, numbers and all", async () => {
  const query = `SELECT '{"a": 1.10}'::JSON AS j, '1'::VARCHAR AS v, to_json(1) AS made`;
  const columns = await source.describe(query, never);
  expect(columns.map(({ name, type, kind }) => [name, type, kind])).toEqual([
    ["j", "JSON", "json"],
    ["v", "VARCHAR", "text"],
    ["made", "JSON", "json"],
  ]);
  if (source.reading.shape !== "relation") throw new Error("a relation was expected");
  const relation = source.reading.relation({ query, columns, keyCount: 1, ignoredCount: 0 });
  const texts = columns.map((column, at) => source.canonical(column, `c${String(at)}`));
  expect(await engine.rows(`SELECT ${texts.join(", ")} FROM (${relation})`, never)).toEqual([['{"a": 1.10}', "1", "1"]]);
});
