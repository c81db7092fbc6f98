import { OAuth2Client } from "google-auth-library";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { bigqueryOptionsSchema } from "../../../src/sources/bigquery/bigquery-options.ts";
import { openBigquerySource } from "../../../src/sources/bigquery/bigquery-source.ts";
import { extractAll, extractTo, never, openTestSource, QUICK } from "../../support/bigquery/bigquery-fixture.ts";
import type { Fault, WireOperation } from "../../support/bigquery/fault-script.ts";
import { TestBigqueryServer } from "../../support/bigquery/test-bigquery-server.ts";
import { tempFolder, type TempFolder } from "../../support/temp-folder.ts";
import { RowTextSink } from "../postgres/row-text-sink.ts";

const QUERY = "SELECT id FROM many";
let folder: TempFolder;
let server: TestBigqueryServer;
beforeAll(async () => {
  folder = await tempFolder();
  server = await TestBigqueryServer.start(folder.path);
  await server.store.sql("CREATE TABLE many AS SELECT CAST(g AS VARCHAR) AS id FROM range(1, 2501) AS t(g)");
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});
afterEach(() => {
  server.faults.clear();
  server.seen.length = 0;
  server.tokens = null;
});

const status = (code: number, reason?: string): Fault => ({ kind: "status", status: code, ...(reason === undefined ? {} : { reason }) });

describe("what passes is tried again, and the same job is read on", () => {
  test.each<[string, WireOperation, number, Fault]>([
    ["429 for the job", "insert", 1, status(429, "rateLimitExceeded")],
    ["503 for the job", "insert", 1, status(503, "backendError")],
    ["403 rateLimitExceeded for the job", "insert", 1, status(403, "rateLimitExceeded")],
    ["a broken connection before the job is there", "insert", 1, { kind: "reset" }],
    ["a lost answer after the job is there", "insert", 1, { kind: "lost_reply" }],
    ["503 for the second page", "getPage", 2, status(503)],
    ["a broken connection at the last page", "getPage", 3, { kind: "reset" }],
    ["500 for the dry run", "dryRun", 1, status(500, "internalError")],
  ])("%s", async (_what, operation, nth, fault) => {
    const jobs = server.jobs.length;
    server.faults.add({ operation, nth, times: 2, fault });
    await using source = await openTestSource(server.endpoint);
    const { rows, lines } = await extractAll(source, QUERY);
    expect(rows).toBe(2500n);
    expect(new Set(lines).size).toBe(2500);
    expect(server.jobs.length - jobs).toBe(1);
    expect(server.seen.some((request) => request.operation === operation)).toBe(true);
  });

  test("a job that is not done is waited for", async () => {
    server.faults.add({ operation: "getPage", times: 3, fault: { kind: "not_done" } });
    await using source = await openTestSource(server.endpoint);
    expect((await extractAll(source, QUERY)).rows).toBe(2500n);
    expect(server.count("getPage")).toBe(6);
  });

  test("a request that nobody answers ends at its deadline and is asked again", async () => {
    server.faults.add({ operation: "getPage", nth: 2, fault: { kind: "stall" } });
    await using source = await openTestSource(server.endpoint, { request_timeout: "2s" });
    expect((await extractAll(source, QUERY)).rows).toBe(2500n);
  });

  test("a job that BigQuery broke before its first row is started anew under another id", async () => {
    server.faults.add({
      operation: "insert",
      fault: { kind: "job_fails", reason: "backendError", message: "Error encountered during execution." },
    });
    const jobs = server.jobs.length;
    await using source = await openTestSource(server.endpoint);
    expect((await extractAll(source, QUERY)).rows).toBe(2500n);
    expect(server.jobs.length - jobs).toBe(2);
  });

  test("a token that dies in the middle of a result is fetched anew, once", async () => {
    let issued = 0;
    const identify = async () => {
      issued += 1;
      const client = new OAuth2Client();
      client.setCredentials({ access_token: `token-${issued}`, expiry_date: Date.parse("2100-01-01") });
      return await Promise.resolve({ client, project: "test" });
    };
    server.tokens = new Set(["token-1"]);
    const options = bigqueryOptionsSchema.parse({ type: "bigquery", project: "test", api_endpoint: server.endpoint });
    await using source = await openBigquerySource(options, { stream: "users", run: "r" }, never, { pace: QUICK, identify });
    server.faults.add({
      operation: "getPage",
      fault: {
        kind: "page",
        change: (page) => {
          server.tokens = new Set(["token-2"]);
          return page;
        },
      },
    });
    expect((await extractAll(source, QUERY)).rows).toBe(2500n);
    expect(issued).toBe(2);
    server.tokens = new Set(["another"]);
    await expect(source.describe(QUERY, never)).rejects.toMatchObject({ code: "SOURCE_AUTH_FAILED" });
    expect(issued).toBe(3);
  });
});

describe("a result that is not whole is SOURCE_TRUNCATED", () => {
  const rowsOf = (page: Record<string, unknown>): readonly { readonly f: readonly unknown[] }[] => page["rows"] as never;
  test.each<[string, number, (page: Record<string, unknown>) => Record<string, unknown>]>([
    ["a page that lost its last row", 2, (page) => ({ ...page, rows: rowsOf(page).slice(0, -1) })],
    ["a page that came twice", 3, (page) => ({ ...page, rows: [...rowsOf(page), ...rowsOf(page)] })],
    ["a page that lost its token", 1, ({ pageToken: _gone, ...page }) => page],
    ["a page without rows at the end", 3, ({ rows: _gone, ...page }) => page],
    ["a total that changes", 2, (page) => ({ ...page, totalRows: "2501" })],
    ["no total at all", 1, ({ totalRows: _gone, ...page }) => page],
    ["a page that names itself as the next", 2, (page) => ({ ...page, pageToken: "t1000" })],
    ["a row with a field too many", 1, (page) => ({ ...page, rows: rowsOf(page).map(({ f }) => ({ f: [...f, { v: "x" }] })) })],
    ["a field that is no text", 1, (page) => ({ ...page, rows: rowsOf(page).map(() => ({ f: [{}] })) })],
    ["empty pages without end", 1, (page) => ({ ...page, rows: [], pageToken: `t${Math.random()}` })],
  ])("%s", async (_what, nth, change) => {
    server.faults.add({ operation: "getPage", nth, times: nth === 1 ? 100 : 1, fault: { kind: "page", change } });
    await using source = await openTestSource(server.endpoint);
    const sink = new RowTextSink();
    await expect(extractTo(source, QUERY, sink)).rejects.toMatchObject({ code: "SOURCE_TRUNCATED", retry: "transient" });
    expect(sink.ended).toBe(false);
    expect(sink.destroyed).toBe(true);
    expect(server.jobs.at(-1)?.cancelled).toBe(true);
  });
});

describe("what does not pass fails at once", () => {
  test.each<[string, WireOperation, Fault, string, RegExp]>([
    [
      "no right to run jobs",
      "dryRun",
      {
        ...status(403, "accessDenied"),
        message: "Access Denied: Project test: User does not have bigquery.jobs.create permission",
      } as Fault,
      "SOURCE_ACCESS_DENIED",
      /jobs\.create/u,
    ],
    [
      "a quota that is used up",
      "insert",
      { ...status(403, "quotaExceeded"), message: "Quota exceeded: too many free query bytes scanned" } as Fault,
      "SOURCE_QUOTA_EXCEEDED",
      /free query bytes/u,
    ],
    [
      "the bytes limit",
      "insert",
      {
        ...status(400, "bytesBilledLimitExceeded"),
        message: "Query exceeded limit for bytes billed: 1000. 10485760 or higher required.",
      } as Fault,
      "SOURCE_BYTES_LIMIT",
      /10485760 or higher/u,
    ],
    ["bad credentials", "dryRun", status(401, "authError"), "SOURCE_AUTH_FAILED", /does not accept/u],
    [
      "a job that is cancelled by somebody",
      "getPage",
      { kind: "job_fails", reason: "stopped", message: "Job execution was cancelled" },
      "SOURCE_TIMEOUT",
      /cancelled/u,
    ],
    ["a proxy's page", "insert", { kind: "html" }, "SOURCE_CONNECTION_LOST", /does not speak/u],
  ])("%s", async (_what, operation, fault, code, says) => {
    server.faults.add({ operation, times: 100, fault });
    await using source = await openTestSource(server.endpoint);
    const failing = extractAll(source, QUERY);
    await expect(failing).rejects.toMatchObject({ code });
    await expect(failing).rejects.toThrow(says);
    // A refused token is fetched anew once.
    expect(server.count(operation)).toBeLessThanOrEqual(code === "SOURCE_AUTH_FAILED" ? 2 : 1);
  });

  test("a row that the query fails on is never quoted", async () => {
    server.faults.add({
      operation: "insert",
      fault: { kind: "job_fails", reason: "invalidQuery", message: "Bad int64 value: jane@example.com" },
    });
    await using source = await openTestSource(server.endpoint);
    const failure = await extractAll(source, QUERY).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "SOURCE_QUERY_FAILED", context: { reason: "invalidQuery" } });
    expect(JSON.stringify([String(failure), failure, (failure as Error).cause, (failure as Error).stack])).not.toContain("jane");
  });

  test("an address where nothing listens is SOURCE_UNREACHABLE", async () => {
    await using source = await openTestSource("http://127.0.0.1:1");
    await expect(source.describe(QUERY, never)).rejects.toMatchObject({ code: "SOURCE_UNREACHABLE", retry: "transient" });
  });
});

describe("stopping", () => {
  test("an abort while the job runs lets go at once and cancels the job", async () => {
    server.faults.add({ operation: "getPage", times: 1000, fault: { kind: "stall" } });
    await using source = await openTestSource(server.endpoint);
    const stop = new AbortController();
    const running = extractTo(source, QUERY, new RowTextSink(), stop.signal);
    await expect.poll(() => server.count("getPage"), { timeout: 15_000 }).toBe(1);
    stop.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
    expect(server.jobs.at(-1)?.cancelled).toBe(true);
  });

  test("closing the source ends what runs and cancels its job", async () => {
    server.faults.add({ operation: "getPage", times: 1000, fault: { kind: "stall" } });
    const source = await openTestSource(server.endpoint);
    const ended = extractTo(source, QUERY, new RowTextSink()).catch((error: unknown) => error);
    await expect.poll(() => server.count("getPage"), { timeout: 15_000 }).toBe(1);
    await source[Symbol.asyncDispose]();
    expect(await ended).toMatchObject({ code: "INTERRUPTED" });
    expect(server.jobs.at(-1)?.cancelled).toBe(true);
  });
});
