import { DatabaseError } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ERROR_CODES } from "../../../src/core/error-codes.ts";
import { SyncError } from "../../../src/core/errors.ts";
import { postgresError } from "../../../src/sources/postgres/postgres-error.ts";
import { around, pointAt } from "../../../src/sources/postgres/sql-position.ts";
import { SQL_STATES } from "../../../src/sources/postgres/sql-states.ts";
import { startPostgres, type PostgresServer } from "../../support/postgres/postgres-server.ts";
import { extractAll, openTestSource } from "./open-test-source.ts";

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
  await server.sql(`
    CREATE TABLE users (id int, email text, payload jsonb); INSERT INTO users VALUES (1, 'jane@x.com', '{}');
    CREATE ROLE poor LOGIN; CREATE MATERIALIZED VIEW fresh AS SELECT 1 AS a WITH NO DATA;
    CREATE FUNCTION complain(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'bad value %', $1; END $$;
    CREATE FUNCTION conflict() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE 'canceling statement due to conflict with recovery' USING ERRCODE = '40001'; END $$;
    CREATE FUNCTION dynamic(text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE r text; BEGIN EXECUTE 'SELECT ' || $1 INTO r; RETURN r; END $$;
  `);
});
afterAll(async () => await server[Symbol.asyncDispose]());

async function failureOf(query: string, user = "postgres"): Promise<SyncError> {
  await using source = await openTestSource({ url: server.url(), user });
  const thrown: unknown = await extractAll(source, query).catch((error: unknown) => error);
  if (!(thrown instanceof SyncError)) throw new Error(`expected a SyncError, got ${String(thrown)}`);
  return thrown;
}

describe("an error in the model's SQL", () => {
  test("is shown in its line, with a caret below the place", async () => {
    const error = await failureOf("SELECT id,\n  emial AS mail\nFROM users");
    expect(error.code).toBe("SOURCE_QUERY_FAILED");
    expect(error.message).toContain('column "emial" does not exist (line 2, column 3 of the query)\n    emial AS mail\n    ^');
    expect(error.hint).toContain('"users.email"');
    expect(error.context).toMatchObject({ sqlstate: "42703", line: 2, column: 3 });
  });

  test.each([
    ["a missing table", "SELECT id\nFROM usres", "42P01", 2, 6],
    ["a missing function", "SELECT nope(id) AS a FROM users", "42883", 1, 8],
    ["a syntax error", "SELECT 'ü😀' AS a,\n FROM users", "42601", 2, 2],
    ["a type that does not fit", "SELECT id + payload AS a FROM users", "42883", 1, 11],
  ])("names %s and its place", async (_what, query, sqlstate, line, column) => {
    const error = await failureOf(query);
    expect(error).toMatchObject({ code: "SOURCE_QUERY_FAILED", retry: "never", context: { sqlstate, line, column } });
  });

  test("on a table that the user may not read says which", async () => {
    const error = await failureOf("SELECT id FROM users", "poor");
    expect(error).toMatchObject({ code: "SOURCE_ACCESS_DENIED", message: expect.stringContaining("permission denied for table users") });
  });

  test("on a view that was never filled says what is missing", async () => {
    expect(await failureOf("SELECT a FROM fresh")).toMatchObject({ code: "SOURCE_QUERY_FAILED", hint: expect.stringContaining("REFRESH") });
  });
});

test.each([
  ["a cast", "SELECT email::int AS a FROM users"],
  ["a date", "SELECT email::date AS a FROM users"],
  ["a function that raises", "SELECT complain(email) AS a FROM users"],
  ["SQL that a function puts together", "SELECT dynamic(email) AS a FROM users"],
  ["JSON", "SELECT ('{' || email)::json AS a FROM users"],
  ["an enum-like lookup", "SELECT email::regclass AS a FROM users"],
  ["a regular expression", "SELECT id FROM users WHERE 'x' ~ ('(' || email)"],
  ["an array subscript", "SELECT ('{' || email)::text[] AS a FROM users"],
  ["an interval", "SELECT email::interval AS a FROM users"],
  ["a time zone", "SELECT now() AT TIME ZONE email AS a FROM users"],
  ["an encoding name", "SELECT convert_to('x', email) AS a FROM users"],
  ["a setting's name", "SELECT current_setting(email) AS a FROM users"],
])("%s that fails on a row never quotes the row", async (_what, query) => {
  const error = await failureOf(query);
  expect(error.code).toBe("SOURCE_QUERY_FAILED");
  expect(JSON.stringify([error.message, error.hint, error.context, String(error.cause), error.stack])).not.toMatch(/jane|x\.com/u);
});

test("a conflict such as a standby's recovery is worth another try", async () => {
  expect(await failureOf("SELECT conflict() AS a")).toMatchObject({
    code: "SOURCE_CONFLICT",
    retry: "transient",
    context: { sqlstate: "40001" },
  });
});

describe("the table of SQLSTATEs", () => {
  const found = (code: string): SyncError => {
    const error = new DatabaseError("the server's words", 0, "error");
    error.code = code;
    return postgresError(error, { what: "extract", where: "db:5432/app" });
  };

  test.each([
    ["40001", "SOURCE_CONFLICT", "transient"],
    ["40P01", "SOURCE_CONFLICT", "transient"],
    ["57P01", "SOURCE_CONNECTION_LOST", "transient"],
    ["57P03", "SOURCE_UNREACHABLE", "transient"],
    ["53300", "SOURCE_OVERLOADED", "transient"],
    ["53200", "SOURCE_OVERLOADED", "transient"],
    ["08006", "SOURCE_CONNECTION_LOST", "transient"],
    ["55P03", "SOURCE_TIMEOUT", "transient"],
    ["57014", "SOURCE_TIMEOUT", "never"],
    ["28P01", "SOURCE_AUTH_FAILED", "never"],
    ["3D000", "SOURCE_DATABASE_MISSING", "never"],
    ["42501", "SOURCE_ACCESS_DENIED", "never"],
    ["25006", "SOURCE_QUERY_REFUSED", "never"],
    ["XX001", "SOURCE_QUERY_FAILED", "never"],
    ["99999", "SOURCE_QUERY_FAILED", "never"],
    ["", "SOURCE_QUERY_FAILED", "never"],
  ])("%s is %s, retry %s", (state, code, retry) => {
    expect(found(state)).toMatchObject({ code, retry });
  });

  test("has advice in every row, and no row that an earlier one hides", () => {
    for (const [at, rule] of SQL_STATES.entries()) {
      expect(rule.hint).toMatch(/\w/u);
      expect(ERROR_CODES).toHaveProperty(rule.code);
      const hiding = SQL_STATES.slice(0, at).find((earlier) => rule.state.startsWith(earlier.state));
      expect([rule.state, hiding?.state]).toEqual([rule.state, undefined]);
    }
  });

  test("withholds the server's words for what may quote a value", () => {
    expect(found("22P02").message).not.toContain("the server's words");
    expect(found("99999").message).not.toContain("the server's words");
    expect(found("42P01").message).toContain("the server's words");
  });
});

test("a position outside of the model's part points nowhere", () => {
  const sql = around("COPY (\n", "SELECT 1", "\n) TO STDOUT");
  expect(pointAt(sql, 3)).toBeNull();
  expect(pointAt(sql, sql.text.length)).toBeNull();
  expect(pointAt(sql, 8)).toMatchObject({ line: 1, column: 1 });
});
