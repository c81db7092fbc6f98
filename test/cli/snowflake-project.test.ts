import { readdir, readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { say, type Said } from "../support/fake-host.ts";
import { TestSnowflakeServer, userKey } from "../support/snowflake/test-snowflake-server.ts";
import { tempFolder, type TempFolder } from "../support/temp-folder.ts";

let server: TestSnowflakeServer;
let folder: TempFolder;
beforeAll(async () => {
  [server, folder] = await Promise.all([TestSnowflakeServer.start(), tempFolder()]);
  await server.database.duckdb(`CREATE TABLE USERS AS SELECT * FROM (VALUES
    (1, 'ann@example.com', 'gold', TIMESTAMPTZ '2026-01-02 03:04:05.5+00', true), (2, 'bob@example.com', NULL, NULL, true), (3, 'cy@example.com', 'x', NULL, false)
    ) AS t(USER_ID, EMAIL, TIER, UPDATED_AT, CONSENTED)`);
  expect(await run("init", ".", "--template", "snowflake")).toMatchObject({ exit: 0, stderr: "" });
  await folder.write("rsa_key.p8", userKey());
  const config = await readFile(folder.at("config.yaml"), "utf8");
  await folder.write("config.yaml", config.replace("# access_url: https://…  ", `access_url: ${server.url}\n    #`));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function run(...args: readonly string[]): Promise<Said> {
  const env = {
    SNOWFLAKE_ACCOUNT: server.accounts.account,
    SNOWFLAKE_USERNAME: server.accounts.username,
    SNOWFLAKE_PRIVATE_KEY_PATH: "rsa_key.p8",
    SNOWFLAKE_ROLE: "SPILLWAY_RO",
    SNOWFLAKE_WAREHOUSE: "SPILLWAY_WH",
    SNOWFLAKE_DATABASE: "ANALYTICS",
  };
  return await say(args, { cwd: folder.path, env });
}

test(
  "a project from the template is checked and delivered; then only what changed, also by way of the stage",
  { timeout: 60_000 },
  async () => {
    const doctor = await run("doctor");
    expect(doctor).toMatchObject({ exit: 0, stderr: "" });
    expect(doctor.stdout).toContain("4 columns, key USER_ID");

    expect(await run("run", "--all", "-q")).toMatchObject({ exit: 0, stderr: "" });
    expect(await readFile(folder.at("out/users-000001-added-0001.csv"), "utf8")).toBe(
      "user_id,email,tier,updated_at\n1,ann@example.com,gold,2026-01-02T03:04:05.5Z\n2,bob@example.com,,\n",
    );

    const config = await readFile(folder.at("config.yaml"), "utf8");
    await folder.write("config.yaml", config.replace("statement_timeout: 30m", "unload_above_rows: 0"));
    await server.database.duckdb("UPDATE USERS SET TIER = '' WHERE USER_ID = 2; UPDATE USERS SET CONSENTED = false WHERE USER_ID = 1");
    expect(await run("run", "--all", "-q", "--allow-removals", "1")).toMatchObject({ exit: 0 });
    expect(await readFile(folder.at("out/users-000002-changed-0001.csv"), "utf8")).toContain('2,bob@example.com,"",\n');
    expect(await readFile(folder.at("out/users-000002-removed-0001.csv"), "utf8")).toContain("1,ann@example.com,gold,");
    expect(server.ran.some((sql) => sql.startsWith("COPY INTO"))).toBe(true);
    expect(await server.stage.files()).toEqual([]);
    expect(await readdir(folder.path)).not.toContain("snowflake.log");
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
  ["a column in the wrong case", "user_id: USER_ID", "user_id: user_id", 2, "MODEL_COLUMN_UNKNOWN"],
])("%s ends the run with its code and delivers nothing", async (_what, from, to, exit, code) => {
  const model = await readFile(folder.at("models/users.yaml"), "utf8");
  await folder.write("models/users.yaml", model.replace(from, to));
  const said = await run("run", "--all", "--json");
  await folder.write("models/users.yaml", model);
  expect(said.exit).toBe(exit);
  expect(said.stdout).toContain(code);
});

test("what is wrong in the source's options is said at its place", async () => {
  const config = await readFile(folder.at("config.yaml"), "utf8");
  await folder.write("wrong.yaml", config.replace("role:", "token: abc\n    wharehouse: X\n    idle_timeout: long\n    role:"));
  const { exit, stderr } = await run("validate", "-c", "wrong.yaml");
  expect(exit).toBe(2);
  for (const part of ['no key "wharehouse"', "warehouse", "write a duration such as"]) expect(stderr).toContain(part);
});
