import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { openEngine } from "../../../src/engine/open-engine.ts";
import { sqlText } from "../../../src/engine/sql-literal.ts";
import { bigqueryCanonical } from "../../../src/sources/bigquery/bigquery-types.ts";
import { extractAll, extractTo, never, openTestSource } from "../../support/bigquery/bigquery-fixture.ts";
import { TestBigqueryServer } from "../../support/bigquery/test-bigquery-server.ts";
import { tempFolder, type TempFolder } from "../../support/temp-folder.ts";
import { RowTextSink } from "../postgres/row-text-sink.ts";

let folder: TempFolder;
let server: TestBigqueryServer;
beforeAll(async () => {
  folder = await tempFolder();
  server = await TestBigqueryServer.start(folder.path);
  await server.store.sql(`CREATE TABLE many AS SELECT g AS id, 'user' || g AS name FROM range(1, 2501) AS t(g);
    CREATE TABLE odd ("Order" INTEGER, "select" VARCHAR, "MixedCase" VARCHAR, "with space" VARCHAR, "back\`tick" VARCHAR);
    INSERT INTO odd VALUES (1, 'a', 'b', 'c', 'd');
    CREATE TABLE typed AS SELECT 9007199254740993::BIGINT AS i, 99999999999999999999999999999.999999999::DECIMAL(38, 9) AS n, (-1.50)::DECIMAL(38, 2) AS p,
      0.1::DOUBLE + 0.2::DOUBLE AS f, 'nan'::DOUBLE AS nan, '-infinity'::DOUBLE AS inf, true AS b, DATE '2024-02-29' AS d, TIME '03:04:05.120' AS t,
      TIMESTAMP '2024-01-02 03:04:05.123456' AS dt, TIMESTAMP '2024-01-02 03:04:05' AS whole, TIMESTAMPTZ '2024-01-02 03:04:05.12+02' AS ts,
      '\\xDE\\xAD'::BLOB AS bytes, '{"a": 1.10}'::JSON AS j, [1, 2] AS arr, {'x': 1} AS st, NULL::INTEGER[] AS no_arr, NULL::BLOB AS no_bytes;
    CREATE TABLE texts (id INTEGER, s VARCHAR);
    INSERT INTO texts VALUES (1, NULL), (2, ''), (3, 'NULL'), (4, '\\N'), (5, E'tab\\tline\\nend\\\\'), (6, '😀' || chr(65279))`);
  const columns = Array.from({ length: 199 }, (_, at) => `'${at}' AS col_${at}`).join(", ");
  await server.store.sql(`CREATE TABLE wide AS SELECT 1 AS id, ${columns}`);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});
afterEach(() => {
  server.faults.clear();
  server.seen.length = 0;
});

describe("extracting", () => {
  test("rows of several pages arrive once each, and as many as BigQuery counts", async () => {
    await using source = await openTestSource(server.endpoint);
    const { rows, lines } = await extractAll(source, "SELECT id, name FROM many");
    expect(rows).toBe(2500n);
    expect(new Set(lines).size).toBe(2500);
    expect(lines[0]).toBe("1\tuser1");
    expect(server.seen.filter(({ operation }) => operation === "getPage").map(({ query }) => query["pageToken"])).toEqual([
      undefined,
      "t1000",
      "t2000",
    ]);
  });

  test("exactly one full page ends where it ends", async () => {
    await using source = await openTestSource(server.endpoint);
    expect((await extractAll(source, "SELECT id FROM many WHERE id <= 1000")).rows).toBe(1000n);
    expect(server.count("getPage")).toBe(1);
  });

  test("no rows are a proven result", async () => {
    await using source = await openTestSource(server.endpoint);
    expect(await extractAll(source, "SELECT id FROM many WHERE id < 0")).toEqual({ rows: 0n, lines: [] });
  });

  test("one huge row arrives whole", async () => {
    await using source = await openTestSource(server.endpoint);
    const { lines } = await extractAll(source, "SELECT 1 AS id, repeat('é', 1000000) AS big");
    expect(lines[0]?.length).toBe(1_000_002);
  });

  test("200 columns arrive in their order", async () => {
    await using source = await openTestSource(server.endpoint);
    const { lines } = await extractAll(source, "SELECT * FROM wide");
    expect(lines).toEqual([["1", ...Array.from({ length: 199 }, (_, at) => String(at))].join("\t")]);
  });

  test("mixed-case, reserved and oddly spelled column names are quoted", async () => {
    await using source = await openTestSource(server.endpoint);
    expect((await extractAll(source, "SELECT * FROM odd")).lines).toEqual(["1\ta\tb\tc\td"]);
  });

  test("NULL, the empty text, the word NULL and escapes stay apart", async () => {
    await using source = await openTestSource(server.endpoint);
    const { lines } = await extractAll(source, "SELECT id, s FROM texts ORDER BY id");
    expect(lines).toEqual(["1\t\\N", "2\t", "3\tNULL", "4\t\\\\N", "5\ttab\\tline\\nend\\\\", "6\t😀\uFEFF"]);
  });

  test("a query that ends in a comment and a semicolon is one statement", async () => {
    await using source = await openTestSource(server.endpoint);
    expect((await extractAll(source, "SELECT 'it\\'s; -- x' AS id; -- done;")).lines).toEqual(["it's; -- x"]);
  });

  test("a job has an id, labels, priority and limits of its own", async () => {
    const written = {
      maximum_bytes_billed: "2GB",
      labels: { team: "growth" },
      priority: "batch",
      job_timeout: "5m",
      dataset: "other.sales",
      location: "EU",
    };
    await using source = await openTestSource(server.endpoint, written);
    await extractAll(source, "SELECT 1 AS id");
    const [insert] = server.seen.filter(({ operation }) => operation === "insert");
    expect(insert?.body).toMatchObject({
      jobReference: {
        projectId: "test",
        location: "EU",
        jobId: expect.stringMatching(/^spillway_users_20261123T120000Z-aa_[0-9a-f-]{36}$/u) as string,
      },
      configuration: {
        labels: { spillway_stream: "users", spillway_run: "20261123t120000z-aa", team: "growth" },
        jobTimeoutMs: "300000",
        query: {
          maximumBytesBilled: "2000000000",
          priority: "BATCH",
          useLegacySql: false,
          defaultDataset: { projectId: "other", datasetId: "sales" },
        },
      },
    });
  });

  test("the environment's emulator address changes nothing", async () => {
    vi.stubEnv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:1");
    await using source = await openTestSource(server.endpoint);
    expect((await extractAll(source, "SELECT 1 AS id")).rows).toBe(1n);
  });
});

describe("values", () => {
  test("every type becomes its canonical text, and no number or date passes through JavaScript", async () => {
    await using source = await openTestSource(server.endpoint);
    await using engine = await openEngine({ memoryLimit: "128MB", threads: 1, tempDirectory: folder.path, maxTempSize: "1GB" }, never);
    const columns = await source.describe("SELECT * FROM typed", never);
    const { lines } = await extractAll(source, "SELECT * FROM typed");
    const texts = (lines[0] ?? "").split("\t");
    const canonical = columns.map((column, at) =>
      bigqueryCanonical(column, texts[at] === "\\N" ? "NULL::VARCHAR" : sqlText(texts[at] ?? "")),
    );
    const [row] = await engine.rows(`SELECT ${canonical.join(", ")}`, never);
    expect(Object.fromEntries(columns.map(({ name, type, kind }, at) => [name, [type, kind, row?.[at]]]))).toEqual({
      i: ["INT64", "integer", "9007199254740993"],
      n: ["NUMERIC", "decimal", "99999999999999999999999999999.999999999"],
      p: ["NUMERIC", "decimal", "-1.5"],
      f: ["FLOAT64", "float", "0.30000000000000004"],
      nan: ["FLOAT64", "float", "NaN"],
      inf: ["FLOAT64", "float", "-Infinity"],
      b: ["BOOL", "boolean", "true"],
      d: ["DATE", "date", "2024-02-29"],
      t: ["TIME", "time", "03:04:05.12"],
      dt: ["DATETIME", "timestamp", "2024-01-02T03:04:05.123456"],
      whole: ["DATETIME", "timestamp", "2024-01-02T03:04:05"],
      ts: ["TIMESTAMP", "timestamp_tz", "2024-01-02T01:04:05.12Z"],
      bytes: ["BYTES", "bytes", "3q0="],
      j: ["JSON", "json", '{"a":1.1}'],
      arr: ["ARRAY<INT64>", "json", "[1,2]"],
      st: ["STRUCT<x INT64>", "json", '{"x":1}'],
      no_arr: ["ARRAY<INT64>", "json", null],
      no_bytes: ["BYTES", "bytes", null],
    });
  });
});

describe("describing", () => {
  test.each([
    ["several statements", "SELECT 1 AS a; SELECT 2 AS b", "several statements"],
    ["a statement that writes", "INSERT INTO many VALUES (1, 'x')", "INSERT"],
    ["two columns of one name", "SELECT 1 AS a, 2 AS a", "several columns of the name"],
  ])("refuses %s and runs nothing", async (_what, query, says) => {
    await using source = await openTestSource(server.endpoint);
    const jobs = server.jobs.length;
    await expect(source.describe(query, never)).rejects.toMatchObject({
      code: "SOURCE_QUERY_REFUSED",
      message: expect.stringContaining(says) as string,
    });
    expect(server.jobs).toHaveLength(jobs);
  });

  test("asks twice, by itself and as it will be extracted, and bills nothing", async () => {
    await using source = await openTestSource(server.endpoint);
    await source.describe("SELECT id AS `Order` FROM many; -- all", never);
    const sent = server.seen.map(({ body }) => body["configuration"]);
    const query = "SELECT id AS `Order` FROM many";
    const within = `SELECT CAST(model.\`Order\` AS STRING) AS c0 FROM (\n${query}\n) AS model`;
    expect(sent).toEqual([query, within].map((text) => ({ dryRun: true, query: { query: text, useLegacySql: false } })));
    expect(server.seen.map(({ operation }) => operation)).toEqual(["dryRun", "dryRun"]);
  });

  test("a missing table is named with its place in the query", async () => {
    await using source = await openTestSource(server.endpoint);
    const failing = source.describe("SELECT id,\n  name FROM customers", never);
    await expect(failing).rejects.toMatchObject({ code: "SOURCE_QUERY_FAILED", context: { reason: "notFound", line: 2, column: 13 } });
    await expect(failing).rejects.toThrow("line 2, column 13 of the query)\n    name FROM customers\n              ^");
  });

  test("the estimate is the dry run's own, with a price where a rate is set", async () => {
    server.bytes = String(2n ** 41n);
    await using source = await openTestSource(server.endpoint, { price_per_tib: 6.25 });
    await source.describe("SELECT 1 AS id", never);
    expect(await source.estimate?.("SELECT 1 AS id", never)).toEqual({ bytes: 2n ** 41n, accuracy: "exact", price: "12.50" });
    await using plain = await openTestSource(server.endpoint);
    expect(await plain.estimate?.("SELECT 1 AS id", never)).toMatchObject({ price: null });
  });

  test("columns that change between description and extraction are refused before a job starts", async () => {
    await using source = await openTestSource(server.endpoint);
    await server.store.sql("CREATE OR REPLACE TABLE moving AS SELECT 1 AS id");
    const columns = await source.describe("SELECT id FROM moving", never);
    await server.store.sql("CREATE OR REPLACE TABLE moving AS SELECT 'one' AS id");
    if (source.reading.shape !== "row_text") throw new Error("not a row text source");
    const sink = new RowTextSink();
    const projection = { query: "SELECT id FROM moving", columns, keyCount: 1, ignoredCount: 0 };
    await expect(source.reading.extract(projection, sink, never)).rejects.toMatchObject({ code: "SOURCE_COLUMNS_CHANGED" });
    expect(server.count("insert")).toBe(0);
    expect(sink.destroyed).toBe(true);
  });
});

test("a reader that goes away stops the extraction and cancels the job", async () => {
  await using source = await openTestSource(server.endpoint);
  const sink = new RowTextSink();
  sink.on("error", () => undefined);
  sink.destroy(new Error("reader gone"));
  await expect(extractTo(source, "SELECT id FROM many", sink)).rejects.toThrow("reader gone");
  expect(server.jobs.at(-1)?.cancelled).toBe(true);
});
