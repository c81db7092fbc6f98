import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { GOLDEN_DUPLICATE_KEYS, GOLDEN_NULL_KEYS } from "../support/bigquery/golden-sql.ts";
import { TestBigqueryServer } from "../support/bigquery/test-bigquery-server.ts";
import { say, type Said } from "../support/fake-host.ts";
import { tempFolder, type TempFolder } from "../support/temp-folder.ts";

let server: TestBigqueryServer;
let engineFolder: TempFolder;
let folder: TempFolder;
beforeAll(async () => {
  engineFolder = await tempFolder();
  server = await TestBigqueryServer.start(engineFolder.path);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await engineFolder[Symbol.asyncDispose]();
});
beforeEach(async () => {
  folder = await tempFolder();
  await server.store.sql(`CREATE OR REPLACE TABLE users AS SELECT * FROM (VALUES
    (1, 'ann@example.com', 'gold', TIMESTAMPTZ '2026-01-02 03:04:05.5+00', true), (2, 'bob@example.com', NULL, NULL, true), (3, 'cy@example.com', 'x', NULL, false)
    ) AS t(user_id, email, tier, updated_at, consented)`);
  expect(await run("init", ".", "--template", "bigquery")).toMatchObject({ exit: 0, stderr: "" });
  const config = await readFile(folder.at("config.yaml"), "utf8");
  await folder.write("config.yaml", config.replace("# location: EU  ", `api_endpoint: ${server.endpoint}\n    #`));
});
afterEach(async () => {
  server.faults.clear();
  await folder[Symbol.asyncDispose]();
});

async function run(...args: readonly string[]): Promise<Said> {
  return await say(args, { cwd: folder.path, env: { BIGQUERY_PROJECT: "test", BIGQUERY_DATASET: "analytics" } });
}

test(
  "a project from the template is checked, planned with its price, and delivered; then only what changed",
  { timeout: 60_000 },
  async () => {
    server.bytes = String(2n ** 40n);
    const doctor = await run("doctor");
    expect(doctor).toMatchObject({ exit: 0, stderr: "" });
    expect(doctor.stdout).toContain("4 columns, key user_id; scans 1.1 TB a run, about 6.25 (price_per_tib)");
    const plan = await run("plan", "--all");
    expect(plan.stdout).toContain("scan  1.1 TB a run, about 6.25 (price_per_tib)");
    const json = JSON.parse((await run("plan", "--all", "--json")).stdout) as { data: { plans: readonly { estimate: unknown }[] } };
    expect(json.data.plans[0]?.estimate).toEqual({ bytes: 2 ** 40, accuracy: "exact", price: "6.25" });

    expect(await run("run", "--all", "-q")).toMatchObject({ exit: 0, stderr: "" });
    expect(await readFile(folder.at("out/users-000001-added-0001.csv"), "utf8")).toBe(
      "user_id,email,tier,updated_at\n1,ann@example.com,gold,2026-01-02T03:04:05.5Z\n2,bob@example.com,,\n",
    );
    await server.store.sql("UPDATE users SET tier = '' WHERE user_id = 2; UPDATE users SET consented = false WHERE user_id = 1");
    expect(await run("run", "--all", "-q", "--allow-removals", "1")).toMatchObject({ exit: 0 });
    expect(await readFile(folder.at("out/users-000002-changed-0001.csv"), "utf8")).toContain('2,bob@example.com,"",\n');
    expect(await readFile(folder.at("out/users-000002-removed-0001.csv"), "utf8")).toContain("1,ann@example.com,gold,");
  },
);

test.each([
  ["a table that is not there", "FROM users", "FROM customers", 5, "SOURCE_QUERY_FAILED"],
  [
    "a query that writes",
    "SELECT user_id, email, tier, updated_at\n  FROM users\n  WHERE consented",
    "DELETE FROM users",
    5,
    "SOURCE_QUERY_REFUSED",
  ],
  ["a key that the query does not return", "[user_id]", "[id]", 2, "MODEL_COLUMN_UNKNOWN"],
])("%s ends the run with its code and delivers nothing", async (_what, from, to, exit, code) => {
  const model = await readFile(folder.at("models/users.yaml"), "utf8");
  await folder.write("models/users.yaml", model.replace(from, to));
  const said = await run("run", "--all", "--json");
  expect(said.exit).toBe(exit);
  expect(said.stdout).toContain(code);
});

test.each([
  ["DATA_KEY_DUPLICATE", GOLDEN_DUPLICATE_KEYS],
  ["DATA_KEY_NULL", GOLDEN_NULL_KEYS],
])("%s tells the query that shows the rows, in BigQuery's own SQL", async (code, golden) => {
  const query = golden.split("\n")[1] ?? "";
  await folder.write(
    "models/users.yaml",
    JSON.stringify({ source: "warehouse", destination: "partner", query, primary_key: ["id", "Order"] }),
  );
  const said = await run("run", "--all", "--json");
  expect(said.exit).toBe(7);
  expect(said.stdout).toContain(code);
  expect(said.stdout).toContain(JSON.stringify(golden).slice(1, -1));
});

test("a row that is longer than the engine reads is told as such, not as a broken pipe", async () => {
  await server.store.sql("UPDATE users SET email = repeat('x', 9000000) WHERE user_id = 1");
  const said = await run("run", "--all", "--json");
  expect(said.stdout).toContain("DATA_ROW_TOO_LARGE");
  expect(said.exit).toBe(7);
});

test("what is wrong in the source's options is said at its place", async () => {
  const config = await readFile(folder.at("config.yaml"), "utf8");
  await folder.write(
    "config.yaml",
    config.replace("maximum_bytes_billed: 100GB", "maximum_bytes_billed: plenty\n    labels: {Team: x}\n    locatoin: EU"),
  );
  const { exit, stderr } = await run("validate");
  expect(exit).toBe(2);
  for (const part of ["write a size such as 100GB", "names and values of labels", 'no key "locatoin"', "location"])
    expect(stderr).toContain(part);
});
