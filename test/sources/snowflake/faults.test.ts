import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Source } from "../../../src/core/ports.ts";
import { failure, TestSnowflakeServer } from "../../support/snowflake/test-snowflake-server.ts";
import { tempFolder, type TempFolder } from "../../support/temp-folder.ts";
import { extractAll, hurried, never, openTestSource, written } from "./open-test-source.ts";

let server: TestSnowflakeServer;
let folder: TempFolder;
let source: Source;
beforeAll(async () => {
  [server, folder] = await Promise.all([TestSnowflakeServer.start(), tempFolder()]);
  await server.database.duckdb("CREATE TABLE USERS AS SELECT i AS ID, 'u' || i AS NAME FROM range(500) AS r(i)");
  source = await openTestSource(written(server), folder.path);
});
afterEach(() => {
  server.faults.length = 0;
  server.spoilChunk = (rows) => rows;
  server.chunksExpire = false;
});
afterAll(async () => {
  await source[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const USERS = "select id, name from users order by id";
const ALL = Array.from({ length: 500 }, (_, at) => `${at}\tu${at}`).join("\n");
/** The rows that arrived, once the count that came with them has been checked. */
const arrived = async (): Promise<string> => {
  const { rows, lines } = await extractAll(source, USERS);
  expect(rows).toBe(500n);
  return lines.join("\n");
};

test("a session token that expires before the query is renewed, and nothing is lost", async () => {
  server.faults.push({ on: "query", sql: "USERS".toLowerCase(), answer: failure("390112", "08001", "Session expired") });
  expect(await arrived()).toBe(ALL);
  expect(server.calls).toContain("renew");
});

test("chunk addresses that expire in the middle are fetched anew, also when the session has expired by then", async () => {
  server.chunksExpire = true;
  server.faults.push({ on: "result", answer: failure("390112", "08001", "Session expired") });
  expect(await hurried(server, arrived)).toBe(ALL);
});

test("a query that is still running is asked for until it is done", async () => {
  let polled = 0;
  const inProgress = (answer: object): object => {
    polled += 1;
    const { queryId } = (answer as { readonly data: { readonly queryId: string } }).data;
    return {
      data: { queryId, getResultUrl: `/queries/${queryId}/result` },
      code: "333334",
      message: "Query execution in progress.",
      success: true,
    };
  };
  server.faults.push({ on: "query", sql: '"c0"', answer: inProgress }, { on: "result", answer: inProgress });
  expect(await arrived()).toBe(ALL);
  expect(polled).toBe(2);
});

test("an overloaded service is asked again, and a chunk that fails is fetched again", async () => {
  server.faults.push({ on: "query", answer: 503 }, { on: "query", answer: 429 }, { on: "chunk", answer: 500 });
  expect(await hurried(server, arrived)).toBe(ALL);
});

test.each([
  ["a chunk ends in the middle of a row", () => (server.spoilChunk = (rows, chunk) => (chunk === 3 ? rows.slice(0, -5) : rows))],
  ["a chunk holds fewer rows than were told", () => (server.spoilChunk = (rows, chunk) => (chunk === 3 ? '["7","x"]' : rows))],
  ["a row lacks a field", () => (server.spoilChunk = (rows, chunk) => (chunk === 3 ? rows.replace(/,"u\d+"/u, "") : rows))],
  [
    "a chunk cannot be fetched at all",
    () => void server.faults.push(...Array.from({ length: 100 }, () => ({ on: "chunk", answer: 500 }) as const)),
  ],
  [
    "fewer rows arrive than the service said",
    () =>
      void server.faults.push({
        on: "query",
        sql: '"c0"',
        answer: (answer) => {
          const { data } = answer as { readonly data: object };
          return { ...answer, data: { ...data, chunks: [], total: 500, returned: 500 } };
        },
      }),
  ],
])("a result is refused when %s", async (_name, spoil) => {
  spoil();
  await expect(hurried(server, async () => await extractAll(source, USERS))).rejects.toMatchObject({
    code: "SOURCE_TRUNCATED",
    retry: "transient",
  });
});

test("an answer that never comes is given up, and the statement is cancelled", async () => {
  await using brief = await openTestSource(written(server, { statement_timeout: "1s" }), folder.path);
  const aborts = server.calls.filter((call) => call === "abort").length;
  server.faults.push({ on: "query", sql: '"c0"', answer: "hang" });
  await expect(hurried(server, async () => await extractAll(brief, USERS))).rejects.toMatchObject({ code: "SOURCE_TIMEOUT" });
  await expect.poll(() => server.calls.filter((call) => call === "abort").length, { timeout: 10_000 }).toBeGreaterThan(aborts);
});

test("an answer without the number of its rows is refused", async () => {
  server.faults.push({
    on: "query",
    sql: '"c0"',
    answer: (answer) => ({ ...answer, data: { ...(answer as { readonly data: object }).data, returned: undefined } }),
  });
  await expect(extractAll(source, USERS)).rejects.toMatchObject({ code: "SOURCE_TRUNCATED" });
});

test("an abort cancels the statement on the server and ends the wait at once", async () => {
  const stop = new AbortController();
  server.faults.push({ on: "query", sql: '"c0"', answer: "hang" });
  const aborts = server.calls.filter((call) => call === "abort").length;
  const running = extractAll(source, USERS, stop.signal);
  await expect.poll(() => server.faults.length, { timeout: 10_000 }).toBe(0);
  stop.abort(new Error("stopped"));
  await expect(running).rejects.toThrow("stopped");
  await expect.poll(() => server.calls.filter((call) => call === "abort").length, { timeout: 10_000 }).toBeGreaterThan(aborts);
  expect(await arrived()).toBe(ALL);
});

test("a mistake in the query is shown at its place", async () => {
  await expect(source.describe("select id,\n  nope from users", never)).rejects.toMatchObject({
    code: "SOURCE_QUERY_FAILED",
    message: expect.stringContaining("invalid identifier 'NOPE' (line 2, column 3 of the query)\n    nope from users\n    ^") as string,
    context: { number: "000904", line: 2, column: 3 },
  });
  await expect(source.describe("select id\nfrom users\njoin  nowhere using (id)", never)).rejects.toMatchObject({
    code: "SOURCE_QUERY_FAILED",
    message: expect.stringContaining("Object 'NOWHERE' does not exist or not authorized. (line 3, column 7 of the query)") as string,
  });
});

test("a row that cannot be computed fails the run without its value being told", async () => {
  const failing = extractAll(source, "select id, name::number(10,0) as n from users");
  await expect(failing).rejects.toMatchObject({ code: "SOURCE_QUERY_FAILED", context: { number: "100038" } });
  await expect(failing).rejects.not.toMatchObject({ message: expect.stringMatching(/u0|u1/u) as string });
});

test.each([
  ["a wrong password", { token: undefined, password: "wrong" }, "SOURCE_AUTH_FAILED", /refuses the user or the password/u],
  ["an expired OAuth token", { authenticator: "oauth", token: "expired" }, "SOURCE_AUTH_FAILED", /has expired/u],
  ["a wrong programmatic token", { token: "wrong" }, "SOURCE_AUTH_FAILED", /access token is invalid/u],
  ["a text that is no key", { token: undefined, private_key: "hello" }, "SOURCE_AUTH_FAILED", /no PEM text/u],
])("%s does not log in", async (_name, more, code, message) => {
  await expect(openTestSource(written(server, more), folder.path)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message) as string,
  });
});

test("a login that meets nobody, a service that answers nonsense, and one that says nothing are told apart", async () => {
  const { account } = server.accounts;
  const nobody = written(server, { account, access_url: "http://127.0.0.1:9" });
  await expect(hurried(server, async () => await openTestSource(nobody, folder.path))).rejects.toMatchObject({
    code: "SOURCE_UNREACHABLE",
    message: expect.stringContaining("nothing listens there") as string,
  });
  server.faults.push({ on: "login", answer: 404 });
  await expect(openTestSource(written(server), folder.path)).rejects.toMatchObject({
    code: "SOURCE_UNREACHABLE",
    message: expect.stringContaining("HTTP 404") as string,
  });
  server.faults.push({ on: "login", answer: "hang" });
  await expect(
    hurried(server, async () => await openTestSource(written(server, { connect_timeout: "5s" }), folder.path)),
  ).rejects.toMatchObject({
    code: "SOURCE_UNREACHABLE",
    message: expect.stringContaining("within connect_timeout") as string,
  });
});
