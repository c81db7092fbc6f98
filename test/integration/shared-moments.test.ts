import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { extractAll, openTestSource } from "../sources/postgres/open-test-source.ts";
import { TestBigqueryServer } from "../support/bigquery/test-bigquery-server.ts";
import { consume } from "../support/consumer.ts";
import { say, steppingClock } from "../support/fake-host.ts";
import { type PostgresServer, startPostgres } from "../support/postgres/postgres-server.ts";
import { TestSnowflakeServer, userKey } from "../support/snowflake/test-snowflake-server.ts";
import { tempFolder, type TempFolder } from "../support/temp-folder.ts";

const never = new AbortController().signal;

let folder: TempFolder;
beforeEach(async () => {
  folder = await tempFolder();
});
afterEach(async () => {
  const left = await readdir(folder.at("tmp")).catch(() => []);
  expect(left.filter((name) => name.startsWith("shared-"))).toEqual([]);
  await folder[Symbol.asyncDispose]();
});

interface Run {
  readonly stream: string;
  readonly run_id: string;
  readonly status: string;
  readonly reading: { readonly moment: string; readonly extraction: string } | null;
}

const DESTINATIONS = "destinations: {acme: {type: local, path: acme}, beta: {type: local, path: beta}, coop: {type: local, path: coop}}\n";

/** Writes a project of one model with deliveries and returns how it is run. */
async function project(source: string, model: string): Promise<(...args: readonly string[]) => Promise<readonly Run[]>> {
  await folder.write(
    "config.yaml",
    `version: 1\nstate: state\nengine: {temp_directory: tmp}\nsources: {warehouse: ${source}}\n${DESTINATIONS}`,
  );
  await folder.write("models/accounts.yaml", `source: warehouse\nguards: off\n${model}`);
  return async (...args) => {
    const { exit, stdout, stderr } = await say(["run", "-m", "accounts", "--json", ...args], { cwd: folder.path, clock });
    expect({ exit, stderr: exit === 0 ? "" : stderr }).toEqual({ exit: 0, stderr: "" });
    return (JSON.parse(stdout) as { data: { runs: Run[] } }).data.runs;
  };
}

const clock = steppingClock();
const held = async (name: string) => [...(await consume(folder.at(name), `accounts.${name}`)).values()].map(([value]) => value);

describe("Postgres", () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres({ settings: { logging_collector: "on", log_directory: "told", log_statement: "all" } });
    await postgres.sql(
      "CREATE TABLE accounts AS SELECT i AS id, 0 AS paid, 0 AS booked, TIMESTAMPTZ '2026-11-01 00:00+00' AS at FROM generate_series(1, 200) AS i",
    );
  });
  afterAll(async () => await postgres[Symbol.asyncDispose]());

  /** How often each statement that matters was sent since the last look. */
  let seen = { copies: 0, exports: 0, imports: 0 };
  async function sent(): Promise<typeof seen> {
    const place = join(postgres.socketFolder, "data", "told");
    const log = (await Promise.all((await readdir(place)).map((name) => readFile(join(place, name), "utf8")))).join("");
    const count = (what: RegExp): number => log.match(what)?.length ?? 0;
    const now = {
      copies: count(/statement: COPY \(/gu),
      exports: count(/pg_export_snapshot/gu),
      imports: count(/SET TRANSACTION SNAPSHOT/gu),
    };
    const since = { copies: now.copies - seen.copies, exports: now.exports - seen.exports, imports: now.imports - seen.imports };
    seen = now;
    return since;
  }

  /** Pays and books in every account, again and again, until the work is done. */
  async function whileOthersWrite<T>(work: () => Promise<T>): Promise<T> {
    const client = new pg.Client({ connectionString: postgres.url(), ssl: false });
    await client.connect();
    let isOver = false;
    const writing = (async () => {
      while (!isOver) await client.query("UPDATE accounts SET paid = paid + 1, booked = booked + 1");
    })();
    try {
      return await work();
    } finally {
      isOver = true;
      await writing;
      await client.end();
    }
  }

  test("deliveries of other columns read one exported snapshot, however others write meanwhile", async () => {
    const run = await project(
      `{type: postgres, url: "${postgres.url()}"}`,
      "table: accounts\nprimary_key: [id]\ndeliveries:\n  acme: {destination: acme, columns: {id: id, paid: paid}}\n  beta: {destination: beta, columns: {id: id, booked: booked}}\n  coop: {destination: coop, columns: {id: id, Paid: paid}}\n",
    );
    await sent();
    for (const jobs of ["1", "3"]) {
      const runs = await whileOthersWrite(() => run("--jobs", jobs));
      expect(runs.map(({ status }) => status)).toEqual(["delivered", "delivered", "delivered"]);
      expect(new Set(runs.map(({ reading }) => reading?.moment)).size).toBe(1);
      expect(new Set(runs.map(({ reading }) => reading?.extraction)).size).toBe(2);
      const [paid, booked, again] = [new Set(await held("acme")), new Set(await held("beta")), new Set(await held("coop"))];
      expect(paid.size).toBe(1);
      expect(booked).toEqual(paid);
      expect(again).toEqual(paid);
      expect(await sent()).toEqual({ copies: 2, exports: 1, imports: 2 });
    }
    const [left] = await postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'spillway%'");
    expect(left).toEqual(["0"]);
  });

  test("deliveries of the same columns are one COPY, and no snapshot is exported", async () => {
    const run = await project(
      `{type: postgres, url: "${postgres.url()}"}`,
      "table: accounts\nprimary_key: [id]\ndeliveries:\n  acme: {destination: acme, columns: {id: id, paid: paid}}\n  beta: {destination: beta, columns: {Paid: {from: paid, apply: [sha256]}, id: id}}\n",
    );
    await sent();
    const runs = await whileOthersWrite(() => run());
    expect(new Set(runs.map(({ reading }) => reading?.extraction)).size).toBe(1);
    expect(await sent()).toEqual({ copies: 1, exports: 0, imports: 0 });
  });

  test("event tables: what is read up to the same instant by all is one COPY; a delivery that is behind reads the same snapshot", async () => {
    const run = await project(
      `{type: postgres, url: "${postgres.url()}"}`,
      "table: accounts\nprimary_key: [id]\nmode: append\ncursor: {column: at}\ndeliveries:\n  acme: {destination: acme}\n  beta: {destination: beta, file: {format: ndjson}}\n",
    );
    await sent();
    await run();
    expect(await sent()).toEqual({ copies: 1, exports: 1, imports: 1 });
    await say(["run", "-m", "accounts.acme", "--json"], { cwd: folder.path, clock });
    await sent();
    const behind = await run();
    expect(new Set(behind.map(({ reading }) => reading?.moment)).size).toBe(1);
    expect(await sent()).toEqual({ copies: 2, exports: 1, imports: 2 });
  });

  test("a source that enters a moment sees nothing younger, and says so once nobody keeps it any more", async () => {
    await using keeper = await openTestSource({ url: postgres.url() });
    await using reader = await openTestSource({ url: postgres.url() });
    const query = "SELECT max(paid) AS paid FROM accounts";
    const moment = await keeper.moments?.hold(never);
    const before = await extractAll(keeper, query);
    await postgres.sql("UPDATE accounts SET paid = paid + 1");
    reader.moments?.enter(moment?.token ?? "");
    expect((await extractAll(reader, query)).lines).toEqual(before.lines);
    expect((await extractAll(keeper, query)).lines).not.toEqual(before.lines);
    await moment?.[Symbol.asyncDispose]();
    await expect(extractAll(reader, query)).rejects.toMatchObject({ code: "SOURCE_MOMENT_LOST", retry: "transient" });
  });
});

const TWO =
  "primary_key: [ID]\ndeliveries:\n  acme: {destination: acme, columns: {id: ID, paid: PAID}}\n  beta: {destination: beta, columns: {id: ID, booked: BOOKED}}\n";

test("BigQuery: deliveries of other columns are one job", async () => {
  await using place = await tempFolder();
  await using server = await TestBigqueryServer.start(place.path);
  await server.store.sql("CREATE TABLE accounts AS SELECT i AS ID, i * 2 AS PAID, i * 3 AS BOOKED, 'x' AS other FROM range(5) AS t(i)");
  const run = await project(
    `{type: bigquery, project: test, dataset: analytics, api_endpoint: "${server.endpoint}"}`,
    `query: SELECT * FROM accounts\n${TWO}`,
  );
  const runs = await run();
  expect(new Set(runs.map(({ reading }) => JSON.stringify(reading))).size).toBe(1);
  expect(server.jobs).toHaveLength(1);
  expect(await held("acme")).toEqual(["0", "2", "4", "6", "8"]);
  expect(await held("beta")).toEqual(["0", "3", "6", "9", "12"]);
});

test("Snowflake: deliveries of other columns are one statement", async () => {
  await using server = await TestSnowflakeServer.start();
  await server.database.duckdb("CREATE TABLE ACCOUNTS AS SELECT i AS ID, i * 2 AS PAID, i * 3 AS BOOKED FROM range(5) AS t(i)");
  await folder.write("rsa_key.p8", userKey());
  const { account, username } = server.accounts;
  const run = await project(
    `{type: snowflake, account: ${account}, username: ${username}, private_key_path: rsa_key.p8, role: SPILLWAY_RO, warehouse: SPILLWAY_WH, database: ANALYTICS, access_url: "${server.url}"}`,
    `query: SELECT * FROM ACCOUNTS\n${TWO}`,
  );
  const before = server.ran.length;
  const runs = await run();
  expect(new Set(runs.map(({ reading }) => JSON.stringify(reading))).size).toBe(1);
  expect(server.ran.slice(before).filter((sql) => sql.includes("ACCOUNTS"))).toHaveLength(1);
  await server.database.duckdb("UPDATE ACCOUNTS SET PAID = PAID + 1, BOOKED = BOOKED + 0 WHERE ID = 4");
  const config = await readFile(folder.at("config.yaml"), "utf8");
  await folder.write("config.yaml", config.replace("role:", "unload_above_rows: 0, role:"));
  expect((await run()).map(({ status }) => status)).toEqual(["delivered", "unchanged"]);
  expect(server.ran.filter((sql) => sql.startsWith("COPY INTO"))).toHaveLength(1);
  expect(await held("acme")).toEqual(["0", "2", "4", "6", "9"]);
  expect(await held("beta")).toEqual(["0", "3", "6", "9", "12"]);
});
