import { readFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SourceSpec } from "../../src/core/types.ts";
import { postgresOptionsSchema } from "../../src/sources/postgres/postgres-options.ts";
import { modelQuery } from "../../src/sync/model-query.ts";
import { audienceStory } from "../support/audience-world.ts";
import { consume } from "../support/consumer.ts";
import { findByType, stopBetweenDeliveries } from "../support/event-story.ts";
import { executeCli } from "../support/execute.ts";
import { type PostgresServer, startPostgres } from "../support/postgres/postgres-server.ts";
import { tempFolder, type TempFolder } from "../support/temp-folder.ts";

let folder: TempFolder;
let postgres: PostgresServer;

const MODELS: Readonly<Record<string, string>> = {
  users: `query_file: users.sql
primary_key: [id]
ignore_changes_in: [Seen]
columns: {Id: id, Name: {template: "{first} {last}"}, Tags: tags, Seen: seen, Change: _change}
`,
  vips: `audiences:
  entity: {query: "SELECT id, first, spend FROM app.users", key: id}
  members: {vip: spend >= 100, big: spend >= 1000}
columns: {Id: id, Audience: _audience, Spend: spend, Member: _member}
`,
  accounts: "table: app.accounts\nprimary_key: [id]\n",
  ledger: 'query: "SELECT id, balance, pg_sleep(0.0005) IS NOT NULL AS slow FROM app.accounts"\nprimary_key: [id]\n',
  broken: "query: |\n  SELECT id,\n    nme\n  FROM app.users\nprimary_key: [id]\nenabled: false\n",
};

beforeAll(async () => {
  [folder, postgres] = await Promise.all([tempFolder(), startPostgres()]);
  await postgres.sql(`CREATE SCHEMA app;
    CREATE TABLE app.users (id bigint PRIMARY KEY, first text, last text, tags text[], spend numeric(10,2), seen timestamptz);
    INSERT INTO app.users VALUES
      (9007199254740993, 'Ada', 'Löv,"e"', '{a,NULL,"b c"}', 1500.10, '2024-01-02 03:04:05+02'),
      (2, NULL, E'line\nbreak', '{}', 100, NULL), (10, '', 'X', NULL, 99.99, 'infinity');
    CREATE TABLE app.accounts AS SELECT i AS id, 100 AS balance FROM generate_series(1, 400) AS i`);
  await folder.write(
    "config.yaml",
    `version: 1\nstate: state\nmodels: models\nsources: {warehouse: {type: postgres, url: "${postgres.url()}"}}\ndestinations: {partner: {type: local, path: out}}\n`,
  );
  await folder.write("models/users.sql", "SELECT * FROM app.users -- everybody;\n;\n");
  for (const [name, model] of Object.entries(MODELS))
    await folder.write(`models/${name}.yaml`, `source: warehouse\ndestination: partner\n${model}`);
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function sync(...args: string[]): Promise<{ code: number | null; data: never; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await executeCli([...args, "--json"], { cwd: folder.path });
  return { code, stdout, stderr, data: (JSON.parse(stdout) as { data: never }).data };
}

async function delivered(key: string): Promise<string> {
  return await readFile(folder.at("out", key), "utf8");
}

test("a model is previewed, planned and delivered; then only what changed", async () => {
  const preview = await sync("preview", "-m", "users");
  expect(preview).toMatchObject({ code: 0 });
  expect(preview.stdout).toContain("9007199254740993");
  const plan = await sync("plan", "-m", "users");
  expect(plan).toMatchObject({ code: 0 });
  expect(JSON.stringify(plan.data)).toContain('"added":3');
  expect((await sync("run", "-m", "users")).code).toBe(0);
  expect(await delivered("users-000001-added-0001.csv")).toBe(
    'Id,Name,Tags,Seen,Change\n2," line\nbreak",[],,added\n10," X",,infinity,added\n9007199254740993,"Ada Löv,""e""","[""a"", null, ""b c""]",2024-01-02T01:04:05Z,added\n',
  );
  await postgres.sql(
    "UPDATE app.users SET seen = now(); UPDATE app.users SET last = 'Y' WHERE id = 10; DELETE FROM app.users WHERE id = 2",
  );
  const second = await sync("run", "-m", "users");
  expect(second.data).toMatchObject({ runs: [{ stream: "users", status: "delivered", generation: 2, added: 0, changed: 1, removed: 1 }] });
  expect(await delivered("users-000002-removed-0001.csv")).toBe('Id,Name,Tags,Seen,Change\n2," line\nbreak",[],,removed\n');
  expect((await sync("run", "-m", "users")).data).toMatchObject({ runs: [{ status: "unchanged" }] });
});

test("audiences are evaluated by Postgres in one scan: entered, then left", async () => {
  await postgres.sql("INSERT INTO app.users VALUES (50, 'Zoe', 'Z', NULL, 1200, NULL) ON CONFLICT DO NOTHING");
  expect((await sync("run", "-m", "vips")).code).toBe(0);
  expect(await delivered("vips-000001-added-0001.csv")).toContain("50,big,1200.00,true\n50,vip,1200.00,true\n");
  await postgres.sql("UPDATE app.users SET spend = 500 WHERE id = 50");
  expect((await sync("run", "-m", "vips")).data).toMatchObject({ runs: [{ added: 0, removed: 1 }] });
  expect(await delivered("vips-000002-removed-0001.csv")).toBe("Id,Audience,Spend,Member\n50,big,1200.00,false\n");
  const query = modelQuery(
    {
      kind: "audiences",
      entitySql: "SELECT id, first, spend FROM app.users",
      entityKey: ["id"],
      members: [
        { name: "vip", condition: "spend >= 100" },
        { name: "big", condition: "spend >= 1000" },
      ],
      file: "models/vips.yaml",
      line: 1,
    },
    { quoteIdentifier: (name) => `"${name}"`, quoteText: (text) => `'${text}'`, instant: (_, at) => `'${at}'` },
  );
  const explained = await postgres.sql(`EXPLAIN ${query}`);
  expect(explained.filter(([line]) => line?.includes("Scan on users"))).toHaveLength(1);
});

test("F17: two models of one run each see one moment, whatever is written meanwhile", async () => {
  let writing = true;
  const writer = (async () => {
    while (writing) {
      await postgres.sql(
        "BEGIN; UPDATE app.accounts SET balance = balance - 5 WHERE id = (SELECT 1 + floor(random() * 200)::int); UPDATE app.accounts SET balance = balance + 5 WHERE id = (SELECT 400 - floor(random() * 199)::int); COMMIT",
      );
    }
  })();
  const run = await sync("run", "-m", "accounts", "ledger");
  writing = false;
  await writer;
  expect(run).toMatchObject({ code: 0 });
  for (const [stream, column] of [
    ["accounts", 0],
    ["ledger", 0],
  ] as const) {
    const rows = [...(await consume(folder.at("out"), stream)).values()];
    expect(rows).toHaveLength(400);
    expect(rows.reduce((sum, row) => sum + Number(row[column]), 0)).toBe(40_000);
  }
  expect(parse(await delivered("ledger-000001-added-0001.csv"))).toHaveLength(401);
});

test("a column that is not there is pointed at in the model's own SQL", async () => {
  const enabled = MODELS["broken"]?.replace("enabled: false\n", "") ?? "";
  await folder.write("models/broken.yaml", `source: warehouse\ndestination: partner\n${enabled}`);
  const { code, stdout } = await executeCli(["run", "-m", "broken", "--json"], { cwd: folder.path });
  expect(code).toBe(5);
  const error = JSON.stringify(JSON.parse(stdout) as { error: unknown; data: unknown });
  expect(error).toContain("nme");
  expect(error).toMatch(/line 2|2:5|:2:/u);
});

test("each event of a table in Postgres is told once, whichever type its cursor has and wherever runs are stopped", async () => {
  for (const type of ["date", "timestamp", "timestamptz"] as const) await expect(findByType(type, source())).resolves.toBeUndefined();
  await expect(stopBetweenDeliveries(source(), ["plan.created", "deliver.marked", "promote.after-swap"])).resolves.toBeUndefined();
});

test("audiences in Postgres: people enter, leave and move, and each receiver holds the members of its audience", async () => {
  await postgres.sql("CREATE TABLE app.people (id int PRIMARY KEY, ltv int, country text, email text)");
  const story = audienceStory(source(), async (people) => {
    const rows = Object.entries(people).map(
      ([id, { ltv, country, email }]) => `(${id}, ${ltv}, ${country === null ? "NULL" : `'${country}'`}, '${email}')`,
    );
    await postgres.sql(`BEGIN; DELETE FROM app.people; INSERT INTO app.people VALUES ${rows.join(", ")}; COMMIT`);
    return "SELECT * FROM app.people";
  });
  await expect(story).resolves.toBeUndefined();
});

function source(): SourceSpec {
  const options = postgresOptionsSchema.parse({ type: "postgres", url: postgres.url() });
  return { name: "warehouse", type: "postgres", options };
}
