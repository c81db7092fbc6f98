import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Source } from "../../../src/core/ports.ts";
import { type Engine, openEngine } from "../../../src/engine/open-engine.ts";
import { unescapeField } from "../../../src/engine/row-text.ts";
import { sqlText } from "../../../src/engine/sql-literal.ts";
import { startPostgres, type PostgresServer } from "../../support/postgres/postgres-server.ts";
import { tempFolder, type TempFolder } from "../../support/temp-folder.ts";
import { CASES } from "./canonical-cases.ts";
import { extractAll, never, openTestSource, whole, extractTo } from "./open-test-source.ts";
import { RowTextSink } from "./row-text-sink.ts";

let server: PostgresServer;
let folder: TempFolder;
let engine: Engine;
beforeAll(async () => {
  server = await startPostgres({ settings: { timezone: "Asia/Kolkata" } });
  folder = await tempFolder();
  await mkdir(folder.at("tmp"));
  engine = await openEngine({ memoryLimit: "256MB", threads: 1, tempDirectory: join(folder.path, "tmp"), maxTempSize: "1GB" }, never);
  await server.sql(`
    CREATE EXTENSION citext; CREATE EXTENSION hstore;
    CREATE TYPE mood AS ENUM ('sad', 'so so');
    CREATE DOMAIN positive AS numeric(6,2) CHECK (value > 0);
    CREATE TYPE pair AS (n int, label text);
    CREATE ROLE hostile LOGIN SUPERUSER;
    ALTER ROLE hostile SET datestyle = 'German';
    ALTER ROLE hostile SET timezone = 'America/New_York';
    ALTER ROLE hostile SET extra_float_digits = 0;
    ALTER ROLE hostile SET bytea_output = 'escape';
    ALTER ROLE hostile SET intervalstyle = 'sql_standard';
    ALTER ROLE hostile SET standard_conforming_strings = off;
    ALTER ROLE hostile SET xmlbinary = 'hex';
    ALTER ROLE hostile SET client_encoding = 'LATIN1';
    ALTER ROLE hostile SET search_path = 'pg_catalog', 'public';
    ALTER ROLE hostile SET array_nulls = off;
    ALTER ROLE hostile SET client_min_messages = 'debug1';
  `);
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** The way of a run: COPY's row text, split, unescaped and brought to canonical text by the engine, one value a row. */
async function canonicalTexts(source: Source): Promise<readonly (string | null)[]> {
  const query = `SELECT ${CASES.map(([, sql], at) => `${sql} AS v${at}`).join(",\n")}`;
  const columns = await source.describe(query, never);
  const sink = new RowTextSink();
  await extractTo(source, whole(query, columns), sink);
  const fields = sink.text.slice(0, -1).split("\t");
  expect(fields).toHaveLength(CASES.length);
  const texts = columns.map((column, at) => {
    return `SELECT ${at} AS position, ${source.canonical(column, "f")} AS canonical FROM (SELECT ${unescapeField("raw")} AS f FROM (SELECT ${sqlText(fields[at] ?? "")} AS raw))`;
  });
  const rows = await engine.rows(`SELECT canonical FROM (${texts.join("\nUNION ALL ")}) ORDER BY position`, never);
  return rows.map(([text]) => text ?? null);
}

describe.each([
  ["under the server's defaults", "postgres"],
  ["under a role whose every default is another", "hostile"],
])("canonical text %s", (_what, user) => {
  test("is as specified, byte for byte, for every type and value", async () => {
    await using source = await openTestSource({ url: server.url(), user });
    const texts = await canonicalTexts(source);
    const found = CASES.map(([type, sql], at) => [type, sql, texts[at]]);
    expect(found).toEqual(CASES.map(([type, sql, text]) => [type, sql, text]));
  });

  test("has the kind that its type calls for", async () => {
    await using source = await openTestSource({ url: server.url(), user });
    const columns = await source.describe(`SELECT ${CASES.map(([, sql], at) => `${sql} AS v${at}`).join(", ")}`, never);
    expect(columns.map((column) => column.kind)).toEqual(CASES.map(([, , , kind]) => kind));
  });
});

test("role defaults change neither how the model's own text is read nor what its functions print", async () => {
  const query = `SELECT 'a\\b' AS a, to_char(1234.5, 'FM9G999D9') AS b, to_char(date '2024-03-05', 'TMMonth') AS c, '2024-03-05'::date::text AS d`;
  const results = [];
  for (const user of ["postgres", "hostile"]) {
    await using source = await openTestSource({ url: server.url(), user });
    results.push((await extractAll(source, query)).lines);
  }
  expect(results[0]).toEqual(["a\\\\b\t1,234.5\tMarch\t2024-03-05"]);
  expect(results[1]).toEqual(results[0]);
});
