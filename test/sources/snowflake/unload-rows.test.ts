import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Source } from "../../../src/core/ports.ts";
import { failure, TestSnowflakeServer } from "../../support/snowflake/test-snowflake-server.ts";
import { tempFolder, type TempFolder } from "../../support/temp-folder.ts";
import { extractAll, openTestSource, RUN, written } from "./open-test-source.ts";

let server: TestSnowflakeServer;
let folder: TempFolder;
let source: Source;
beforeAll(async () => {
  [server, folder] = await Promise.all([TestSnowflakeServer.start(), tempFolder()]);
  await server.database.duckdb(
    "CREATE TABLE USERS AS SELECT i AS ID, CASE WHEN i % 3 = 0 THEN NULL ELSE 'a\tb\\' || i END AS NAME FROM range(1000) AS r(i)",
  );
  source = await openTestSource(written(server, { unload_above_rows: 999 }), folder.at("scratch"));
});
afterEach(() => {
  server.stage.spoil = (bytes) => bytes;
});
afterAll(async () => {
  await source[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const USERS = "select id, name from users order by id";

test("a large result is unloaded from the finished statement, fetched file by file, and leaves nothing behind", async () => {
  const before = server.ran.length;
  const { rows, lines } = await extractAll(source, USERS);
  expect(rows).toBe(1000n);
  expect(lines.toSorted()).toEqual(Array.from({ length: 1000 }, (_, at) => `${at}\t${at % 3 === 0 ? "\\N" : `a\\tb\\\\${at}`}`).toSorted());
  const verbs = server.ran.slice(before).map((sql) => sql.split(/\s/u)[0]);
  expect(verbs).toEqual(["SELECT", "LIST", "COPY", "GET", "GET", "GET", "REMOVE"]);
  expect(await server.stage.files()).toEqual([]);
  expect(await readdir(folder.at("scratch"))).toEqual([]);
});

test("a result of no more rows than the limit comes through the driver", async () => {
  const before = server.ran.length;
  expect(await extractAll(source, `${USERS} limit 999`)).toMatchObject({ rows: 999n });
  expect(server.ran.slice(before)).toHaveLength(1);
});

test.each([
  ["is cut short", (bytes: Buffer, file: number) => (file === 1 ? bytes.subarray(0, bytes.length / 2) : bytes)],
  ["is no file of ours", (bytes: Buffer, file: number) => (file === 1 ? Buffer.from("hello") : bytes)],
])("the run is refused, and the stage is tidied, when an unloaded file %s", async (_name, spoil) => {
  server.stage.spoil = spoil;
  await expect(extractAll(source, USERS)).rejects.toMatchObject({ code: "SOURCE_TRUNCATED", retry: "transient" });
  expect(await server.stage.files()).toEqual([]);
  expect(await readdir(folder.at("scratch"))).toEqual([]);
});

test("the run is refused when the server counts other rows than the lines that arrive, or unloads others than the query had", async () => {
  const counted = (rows: string) => (answer: object) => {
    const { data } = answer as { readonly data: { readonly rowset: readonly (readonly string[])[] } };
    return { ...answer, data: { ...data, rowset: data.rowset.map(([name, size]) => [name, size, rows]) } };
  };
  server.faults.push({ on: "query", sql: "COPY INTO", answer: counted("399") });
  await expect(extractAll(source, USERS)).rejects.toMatchObject({ code: "SOURCE_TRUNCATED" });
  const none = (answer: object): object => ({
    ...answer,
    data: { ...(answer as { readonly data: object }).data, rowset: [], returned: 0, total: 0 },
  });
  server.faults.push({ on: "query", sql: "COPY INTO", answer: none });
  await expect(extractAll(source, USERS)).rejects.toMatchObject({
    code: "SOURCE_TRUNCATED",
    message: expect.stringContaining("said 1000 rows; 0 arrived") as string,
  });
});

test("what runs that were killed left on the stage days ago is removed, what may still be in use is not", async () => {
  const stale = "spillway/01K00000000ABCDE-00000001/data_0_0_0.csv.gz";
  const kept = [`spillway/${RUN}-00000002/data_0_0_0.csv.gz`, "spillway/somebody/data.gz", "other/data.gz"];
  for (const path of [stale, ...kept]) {
    await mkdir(dirname(`${server.stage.root}/${path}`), { recursive: true });
    await writeFile(`${server.stage.root}/${path}`, "");
  }
  await extractAll(source, USERS);
  expect(await server.stage.files()).toEqual(kept.toSorted());
});

test("a role that may not unload is told the key that lets it read all the same", async () => {
  const denied = failure("003001", "42501", "SQL access control error:\nInsufficient privileges to operate on stage.");
  server.faults.push({ on: "query", sql: "COPY INTO", answer: denied });
  await expect(extractAll(source, USERS)).rejects.toMatchObject({
    code: "SOURCE_ACCESS_DENIED",
    hint: expect.stringContaining("`unload_above_rows: off`") as string,
  });
});
