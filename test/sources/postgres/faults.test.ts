import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Source } from "../../../src/core/ports.ts";
import { startPostgres, type PostgresServer } from "../../support/postgres/postgres-server.ts";
import { startTcpProxy, type TcpProxy } from "../../support/tcp-proxy.ts";
import { extractAll, extractTo, never, openTestSource, whole } from "./open-test-source.ts";
import { RowTextSink } from "./row-text-sink.ts";

const QUERY = "SELECT id, a FROM big";
const ENDLESS = "SELECT one.id, repeat('x', 1000) AS a FROM big AS one CROSS JOIN big AS two";
const SILENT = "SELECT 1 AS id, pg_sleep(600)::text AS a";

let server: PostgresServer;
let proxy: TcpProxy;
beforeAll(async () => {
  server = await startPostgres();
  proxy = await startTcpProxy(server.port);
  await server.sql("CREATE TABLE big AS SELECT g AS id, md5(g::text) AS a FROM generate_series(1, 100000) g");
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** Without TLS, so that a connection of the source is one connection of the proxy. */
const openAsIs = async (written: Record<string, unknown> = {}, signal = never): Promise<Source> => {
  const options = { host: "127.0.0.1", port: proxy.port, user: "postgres", ssl: { mode: "disable" }, application_name: "probed" };
  return await openTestSource({ ...options, ...written }, signal);
};
const open = async (written: Record<string, unknown> = {}): Promise<Source> => {
  proxy.fault({ kind: "none" });
  return await openAsIs(written);
};

/** How the extraction of a query ends when `act` happens after its first bytes; fails when it does not end in time. */
async function failureOf(
  source: Source,
  query: string,
  sink: RowTextSink,
  act: () => void | Promise<void>,
  signal = never,
): Promise<unknown> {
  const columns = await source.describe(query, never);
  const ending = extractTo(source, whole(query, columns), sink, signal).catch((error: unknown) => error);
  while (sink.bytes === 0 && query !== SILENT) await sleep(2);
  if (query === SILENT) await backendsUntil((states) => states.length === 1);
  await act();
  return await Promise.race([ending, sleep(8000, "still running after 8 s")]);
}

async function backendsUntil(met: (states: readonly (readonly (string | null)[])[]) => boolean): Promise<void> {
  for (let attempt = 0; attempt < 250; attempt += 1) {
    if (met(await server.sql("SELECT pid::text FROM pg_stat_activity WHERE application_name = 'probed' AND state = 'active'"))) return;
    await sleep(20);
  }
  throw new Error("the server's processes did not come to the expected state within 5 s");
}

async function expectRightNextTime(source: Source): Promise<void> {
  proxy.fault({ kind: "none" });
  const { rows, lines } = await extractAll(source, QUERY);
  expect(rows).toBe(100_000n);
  expect(lines).toHaveLength(100_000);
}

describe("a connection that breaks in the middle of a result", () => {
  test.each([
    ["a reset", { kind: "reset", afterBytes: 1_000_000 }],
    ["an early end", { kind: "end", afterBytes: 1_000_000 }],
    ["an early end just before the last messages", { kind: "end", afterBytes: 4_000_000 }],
  ] as const)("by %s is SOURCE_TRUNCATED, and the next extraction is right", async (_what, fault) => {
    await using source = await open();
    const columns = await source.describe(QUERY, never);
    proxy.fault(fault);
    await using cut = await openAsIs();
    const sink = new RowTextSink();
    await expect(extractTo(cut, whole(QUERY, columns), sink)).rejects.toMatchObject({ code: "SOURCE_TRUNCATED", retry: "transient" });
    expect(sink.bytes).toBeGreaterThan(0);
    expect(sink.ended).toBe(false);
    expect(sink.destroyed).toBe(true);
    await expectRightNextTime(cut);
  });

  test("by silence is noticed although the server still has the query", async () => {
    proxy.fault({ kind: "blackhole", afterBytes: 500_000 }, 1);
    await using dead = await openAsIs({ idle_timeout: "300ms" });
    const error = await failureOf(dead, ENDLESS, new RowTextSink(), () => undefined);
    expect(error).toMatchObject({ code: "SOURCE_TIMEOUT", retry: "transient" });
    await expectRightNextTime(dead);
  });

  test("by silence is noticed although no second connection gets through either", async () => {
    proxy.fault({ kind: "blackhole", afterBytes: 500_000 }, 1);
    await using dead = await openAsIs({ idle_timeout: "300ms", connect_timeout: "500ms" });
    const columns = await dead.describe(QUERY, never);
    proxy.fault({ kind: "blackhole", afterBytes: 0 });
    await expect(extractTo(dead, whole(QUERY, columns), new RowTextSink())).rejects.toMatchObject({ code: "SOURCE_TIMEOUT" });
  });

  test.each([
    // A process that is ended in the middle of a message cannot say why.
    ["in the middle of a result", ENDLESS, /^SOURCE_(CONNECTION_LOST|TRUNCATED)$/u],
    ["before the first row", SILENT, /^SOURCE_CONNECTION_LOST$/u],
  ])("by an administrator's hand, %s, lets no line be taken for the last", async (_what, query, code) => {
    await using source = await open();
    const sink = new RowTextSink();
    const error = await failureOf(source, query, sink, async () => {
      await server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'probed'");
    });
    expect(error).toMatchObject({ code: expect.stringMatching(code), retry: "transient" });
    expect(sink.ended).toBe(false);
    await expectRightNextTime(source);
  });
});

describe("a query that takes long", () => {
  test("is left alone while the server works on it, however silent", async () => {
    await using source = await open({ idle_timeout: "100ms" });
    expect((await extractAll(source, "SELECT pg_sleep(1)::text AS a")).rows).toBe(1n);
  });

  test("ends at statement_timeout", async () => {
    await using source = await open({ statement_timeout: "1500ms" });
    const error = await failureOf(source, ENDLESS, new RowTextSink(), () => undefined);
    expect(error).toMatchObject({ code: "SOURCE_TIMEOUT", retry: "never", context: { sqlstate: "57014" } });
  });

  test("ends at lock_timeout when a table stays locked", async () => {
    await using source = await open({ lock_timeout: "100ms" });
    const holding = server.sql("BEGIN; LOCK TABLE big IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(0.8); COMMIT");
    await sleep(200);
    await expect(source.describe(QUERY, never)).rejects.toMatchObject({ code: "SOURCE_TIMEOUT", retry: "transient" });
    await holding;
    await expectRightNextTime(source);
  });

  test("is not held against a reader that stalls for longer than the silence watch waits", async () => {
    await using source = await open({ idle_timeout: "250ms" });
    const query = `${QUERY} UNION ALL ${QUERY}`;
    const sink = new RowTextSink(1000, 1);
    const { rows } = await extractTo(source, whole(query, await source.describe(query, never)), sink);
    expect(rows).toBe(200_000n);
    expect(sink.lines).toHaveLength(200_000);
  });
});

describe("an abort", () => {
  test.each([
    ["in the middle of a result", ENDLESS],
    ["before the first row", SILENT],
  ])("%s ends the extraction at once and the query on the server too", async (_what, query) => {
    await using source = await open();
    const abort = new AbortController();
    const sink = new RowTextSink();
    const error = await failureOf(source, query, sink, () => abort.abort(), abort.signal);
    expect(error).toMatchObject({ name: "AbortError" });
    await backendsUntil((states) => states.length === 0);
    expect(sink.ended).toBe(false);
    await expectRightNextTime(source);
  });

  test("while a reader holds things up ends the extraction", async () => {
    await using source = await open();
    const abort = new AbortController();
    const error = await failureOf(source, ENDLESS, new RowTextSink(5000), () => abort.abort(), abort.signal);
    expect(error).toMatchObject({ name: "AbortError" });
    await backendsUntil((states) => states.length === 0);
  });

  test("while connecting ends the wait", async () => {
    proxy.fault({ kind: "blackhole", afterBytes: 0 });
    await expect(openAsIs({}, AbortSignal.timeout(100))).rejects.toMatchObject({ name: "TimeoutError" });
  });

  test("by disposal ends what still runs", async () => {
    const source = await open();
    const error = await failureOf(source, SILENT, new RowTextSink(), async () => await source[Symbol.asyncDispose]());
    expect(error).toMatchObject({ code: "INTERRUPTED" });
    await backendsUntil((states) => states.length === 0);
  });
});

test("a reader that fails ends the extraction with the reader's own error", async () => {
  await using source = await open();
  const sink = new RowTextSink();
  const failure = new Error("disk full");
  expect(await failureOf(source, ENDLESS, sink, () => void sink.destroy(failure))).toBe(failure);
  await backendsUntil((states) => states.length === 0);
  await expectRightNextTime(source);
});

test("a row that the server cannot compute ends the result without any of its values in the message", async () => {
  await using source = await open();
  const query = "SELECT id, (CASE WHEN id = 90000 THEN 'jane@x.com' ELSE '1' END)::int AS n FROM big";
  const sink = new RowTextSink();
  const error: unknown = await extractTo(source, whole(query, await source.describe(query, never)), sink).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: "SOURCE_QUERY_FAILED", context: { sqlstate: "22P02" } });
  expect(JSON.stringify([error, String(error), (error as Error).cause, (error as Error).stack])).not.toContain("jane");
  expect(sink.ended).toBe(false);
  await expectRightNextTime(source);
});
