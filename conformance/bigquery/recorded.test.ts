import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { columnOf, type SchemaField } from "../../src/sources/bigquery/bigquery-types.ts";
import { extractAll, never, openTestSource } from "../../test/support/bigquery/bigquery-fixture.ts";

const folder = process.env["SPILLWAY_BIGQUERY_RECORDED"] ?? "";
if (folder === "") throw new Error("run `npm run conformance:warehouses`: it fetches the answers that are replayed here");

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** An answer of the real service as it was recorded. */
function recorded(name: string): Answer {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as Answer;
}

/** Scalar columns of the recorded result, whose wire text is a string in every row. */
const SCALARS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

/** A recorded page, its columns narrowed to those that came as texts and declared as the texts that our projection asks for. */
function page(name: string): Answer {
  const { status, body } = recorded(name);
  const { schema, rows, ...rest } = body as {
    readonly schema: { readonly fields: readonly SchemaField[] };
    readonly rows: readonly { readonly f: readonly unknown[] }[];
  };
  const fields = SCALARS.map((at) => ({ ...schema.fields[at], type: "STRING" }));
  return { status, body: { ...rest, schema: { fields }, rows: rows.map(({ f }) => ({ f: SCALARS.map((at) => f[at]) })) } };
}

/** The recorded insert, answered to a dry run: what a dry run adds to it is the schema. */
function described(): Answer {
  const { schema } = recorded("05_get_query_results").body as { readonly schema: { readonly fields: readonly SchemaField[] } };
  const { status, body } = recorded("03_jobs_insert_select");
  const statistics = body["statistics"] as { readonly query: object };
  const fields = SCALARS.map((at) => schema.fields[at]);
  return { status, body: { ...body, statistics: { ...statistics, query: { ...statistics.query, schema: { fields } } } } };
}

interface Script {
  readonly dryRun?: Answer;
  readonly insert?: Answer;
  readonly page?: (token: string | null) => Answer;
}

let server: Server;
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function replay(script: Script): Promise<string> {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const url = new URL(request.url ?? "/", "http://localhost");
      const isPage = url.pathname.includes("/queries/");
      const isDryRun = Buffer.concat(chunks).includes('"dryRun":true');
      const posted = isDryRun ? (script.dryRun ?? described()) : (script.insert ?? recorded("03_jobs_insert_select"));
      const asked = request.method === "POST" ? posted : recorded("04_jobs_get_select");
      const answer = isPage ? (script.page ?? pages)(url.searchParams.get("pageToken")) : asked;
      response.writeHead(answer.status, { "content-type": "application/json; charset=UTF-8" }).end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const PAGES: Readonly<Record<string, string>> = {
  "": "07_get_query_results_page_1",
  "<page-token-1>": "08_get_query_results_page_2",
  "<page-token-2>": "09_get_query_results_start_index",
};
const pages = (token: string | null): Answer => page(PAGES[token ?? ""] ?? "");
const QUERY = "SELECT * FROM recorded";

describe("answers that BigQuery gave", () => {
  it("are read page by page to their proven end", async () => {
    await using source = await openTestSource(await replay({}));
    const { rows, lines } = await extractAll(source, QUERY);
    expect(rows).toBe(3n);
    const fields = lines.map((line) => line.split("\t"));
    expect(fields.map(([id]) => id)).toEqual(["1", "2", "3"]);
    expect(fields[0]?.slice(1, 6)).toEqual(["42", "1.5", "123.456000001", "true", "x"]);
    expect(fields[1]?.slice(1)).toEqual(Array.from({ length: 11 }, () => "\\N"));
    expect(fields[2]?.slice(1, 6)).toEqual(["-9223372036854775808", "NaN", "-0.000000001", "false", ""]);
  });

  it("are refused when a page of them is missing", async () => {
    const withoutSecond = (token: string | null): Answer =>
      token === "<page-token-1>" ? page("09_get_query_results_start_index") : pages(token);
    await using source = await openTestSource(await replay({ page: withoutSecond }));
    await expect(extractAll(source, QUERY)).rejects.toMatchObject({ code: "SOURCE_TRUNCATED" });
  });

  it("describe every type by a name that people know", () => {
    const { schema } = recorded("05_get_query_results").body as { readonly schema: { readonly fields: readonly SchemaField[] } };
    expect(schema.fields.map(columnOf).map(({ type, kind }) => `${type} ${kind}`)).toEqual([
      "INT64 integer",
      "INT64 integer",
      "FLOAT64 float",
      "NUMERIC decimal",
      "BOOL boolean",
      "STRING text",
      "BYTES bytes",
      "DATE date",
      "DATETIME timestamp",
      "TIME time",
      "TIMESTAMP timestamp_tz",
      "JSON json",
      "ARRAY<INT64> json",
      "STRUCT<x INT64, y ARRAY<STRING>> json",
      "ARRAY<STRUCT<k INT64, w STRING>> json",
      "INTERVAL text",
    ]);
  });

  it("a job that is there already is read, not started again", async () => {
    await using source = await openTestSource(await replay({ insert: recorded("168_jobs_insert_conflict") }));
    expect((await extractAll(source, QUERY)).rows).toBe(3n);
  });

  it.each([
    ["in the answer to the insert", { insert: recorded("163_jobs_insert_runtime_error") }],
    ["in the answer to a page", { page: () => recorded("165_get_query_results_runtime_error") }],
  ])("a row that cannot be computed, told %s, is not quoted", async (_where, script) => {
    await using source = await openTestSource(await replay(script));
    const failing = extractAll(source, QUERY);
    await expect(failing).rejects.toMatchObject({ code: "SOURCE_QUERY_FAILED", context: { reason: "invalidQuery" } });
    await expect(failing).rejects.not.toThrow("1 / 0");
  });

  it("a mistake in the SQL is shown at its place", async () => {
    await using source = await openTestSource(await replay({ dryRun: recorded("166_jobs_query_syntax_error") }));
    const failing = source.describe("SELEC 1", never);
    await expect(failing).rejects.toMatchObject({ code: "SOURCE_QUERY_FAILED", context: { line: 1, column: 1 } });
    await expect(failing).rejects.toThrow('Unexpected identifier "SELEC" (line 1, column 1 of the query)\n  SELEC 1\n  ^');
  });

  it("a missing table is named", async () => {
    await using source = await openTestSource(await replay({ dryRun: recorded("167_tables_get_not_found") }));
    await expect(source.describe(QUERY, never)).rejects.toThrow("no_such_table");
  });
});
