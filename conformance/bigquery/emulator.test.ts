import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { RowTextSink } from "../../test/sources/postgres/row-text-sink.ts";
import { extractAll, extractTo, never, openTestSource } from "../../test/support/bigquery/bigquery-fixture.ts";
import { say } from "../../test/support/fake-host.ts";
import { tempFolder } from "../../test/support/temp-folder.ts";

const endpoint = process.env["SPILLWAY_BIGQUERY_UNDER_TEST"] ?? "";
if (endpoint === "") throw new Error("run `npm run conformance:warehouses`: it starts the server that these tests examine");
const dataset = `d_${randomUUID().replaceAll("-", "")}`;

/** Runs a statement on the server, past our own source, which only reads. */
async function statement(sql: string): Promise<void> {
  const configuration = { query: { query: sql, useLegacySql: false } };
  const body = JSON.stringify({ jobReference: { projectId: "test", jobId: randomUUID() }, configuration });
  const answer = await fetch(`${endpoint}/bigquery/v2/projects/test/jobs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  const job = (await answer.json()) as { readonly jobReference: { readonly jobId: string } };
  const result = await fetch(`${endpoint}/bigquery/v2/projects/test/queries/${job.jobReference.jobId}`);
  if (!result.ok) throw new Error(await result.text());
}

beforeAll(async () => {
  await statement(`CREATE SCHEMA ${dataset}`);
  await statement(
    `CREATE TABLE ${dataset}.many AS SELECT g AS id, CONCAT('user', CAST(g AS STRING)) AS name FROM UNNEST(GENERATE_ARRAY(1, 2500)) AS g`,
  );
});

describe("a server that others wrote", () => {
  it("gives several pages whole", async () => {
    await using source = await openTestSource(endpoint, { dataset });
    const { rows, lines } = await extractAll(source, "SELECT id, name FROM many");
    expect(rows).toBe(2500n);
    expect(new Set(lines).size).toBe(2500);
  });

  it("gives no rows as a proven result", async () => {
    await using source = await openTestSource(endpoint, { dataset });
    expect(await extractAll(source, "SELECT id FROM many WHERE id < 0")).toEqual({ rows: 0n, lines: [] });
  });

  it("describes types by a dry run, and prints them as text", async () => {
    await using source = await openTestSource(endpoint);
    const query = `SELECT 9007199254740993 AS i, NUMERIC '1.123456789' AS n, TRUE AS b, '' AS empty, CAST(NULL AS STRING) AS nothing, 'NULL' AS word,
      b'abc' AS bytes, DATE '2024-02-29' AS d, TIMESTAMP '2024-01-02 03:04:05.120+02:00' AS ts, [1, 2] AS arr, 'tab\\tline\\n' AS s`;
    const columns = await source.describe(query, never);
    expect(columns.map(({ type }) => type)).toEqual([
      "INT64",
      "NUMERIC",
      "BOOL",
      "STRING",
      "STRING",
      "STRING",
      "BYTES",
      "DATE",
      "TIMESTAMP",
      "ARRAY<INT64>",
      "STRING",
    ]);
    const { lines } = await extractAll(source, query);
    const fields = lines[0]?.split("\t") ?? [];
    expect(fields.slice(0, 8)).toEqual(["9007199254740993", "1.123456789", "true", "", "\\N", "NULL", "YWJj", "2024-02-29"]);
    expect(fields[8]).toMatch(/^2024-01-02 01:04:05\.120?\+00$/u);
    expect(fields.slice(9)).toEqual(["[1,2]", "tab\\tline\\n"]);
  });

  it.each([
    ["several statements", "SELECT 1 AS a; SELECT 2 AS b"],
    ["a statement that writes", "CREATE TABLE x AS SELECT 1 AS a"],
  ])("is never asked to run %s", async (_what, query) => {
    await using source = await openTestSource(endpoint, { dataset });
    await expect(source.describe(query, never)).rejects.toMatchObject({ code: "SOURCE_QUERY_REFUSED" });
  });

  it("names mistakes and missing tables", async () => {
    await using source = await openTestSource(endpoint, { dataset });
    await expect(source.describe("SELEC 1", never)).rejects.toMatchObject({ code: "SOURCE_QUERY_FAILED", context: { line: 1, column: 1 } });
    await expect(source.describe("SELECT 1 AS a FROM no_such_table", never)).rejects.toMatchObject({ code: "SOURCE_QUERY_FAILED" });
  });

  it("is told to cancel what is stopped", async () => {
    await using source = await openTestSource(endpoint, { dataset });
    const stop = new AbortController();
    const sink = new RowTextSink(20);
    const running = extractTo(source, "SELECT a.id AS id FROM many AS a CROSS JOIN many AS b LIMIT 1000000", sink, stop.signal);
    const ended = running.catch((error: unknown) => error);
    await expect.poll(() => sink.bytes, { timeout: 50_000 }).toBeGreaterThan(0);
    stop.abort(new Error("enough"));
    expect(await ended).toMatchObject({ message: "enough" });
  });

  it("feeds a project that delivers, and then only what changed", async () => {
    await using folder = await tempFolder();
    await statement(`CREATE TABLE ${dataset}.users AS SELECT 1 AS id, 'ann' AS name UNION ALL SELECT 2, NULL`);
    const source = { type: "bigquery", project: "test", api_endpoint: endpoint, dataset };
    const config = { version: 1, state: "state", sources: { w: source }, destinations: { out: { type: "local", path: "out" } } };
    await folder.write("config.yaml", JSON.stringify(config));
    await folder.write(
      "models/users.yaml",
      JSON.stringify({ source: "w", destination: "out", table: "users", primary_key: ["id"], guards: "off" }),
    );
    const run = async (): Promise<void> => {
      expect(await say(["run", "-q"], { cwd: folder.path })).toMatchObject({ exit: 0, stderr: "" });
    };
    await run();
    expect(await readFile(folder.at("out/users-000001-added-0001.csv"), "utf8")).toBe("id,name\n1,ann\n2,\n");
    await statement(`CREATE OR REPLACE TABLE ${dataset}.users AS SELECT 2 AS id, '' AS name UNION ALL SELECT 3, 'cy'`);
    await run();
    expect(await readFile(folder.at("out/users-000002-changed-0001.csv"), "utf8")).toBe('id,name\n2,""\n');
    expect(await readFile(folder.at("out/users-000002-removed-0001.csv"), "utf8")).toBe("id,name\n1,ann\n");
  });
});
