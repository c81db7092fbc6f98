import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { say, type Said } from "../support/fake-host.ts";
import { tempFolder, type TempFolder } from "../support/temp-folder.ts";

// Values and secrets that must not turn up are planted, runs of each kind fail, and everything that was said or written is searched.

const VALUE = "row-value-zq7x";
const SECRETS = {
  PG_PASSWORD: "p@ss/w0rd zq1",
  KEY_ID: "AKIAZQ2ZQ2ZQ2ZQ2",
  SECRET_KEY: "s3cr3t+key/zq3==",
  TOKEN: "t0ken zq4 with spaces",
  HASH_KEY: "hash-key-zq5",
} as const;
const CLOSED_PORT = 9;

const CONFIG = `version: 1
state: state
models: models
engine: {memory_limit: 128MB, threads: 1, temp_directory: tmp}
sources:
  files: {type: duckdb}
  postgres: {type: postgres, url: "postgres://ann:\${PG_ENCODED}@127.0.0.1:${CLOSED_PORT}/app", connect_timeout: 2s}
destinations:
  out: {type: local, path: out}
  bucket:
    type: s3
    bucket: acme
    endpoint: http://127.0.0.1:${CLOSED_PORT}
    credentials: {access_key_id: "\${KEY_ID}", secret_access_key: "\${SECRET_KEY}", session_token: "\${TOKEN}"}
    max_attempts: 1
    timeouts: {connect: 1s, idle: 2s, deadline: 5s}
`;

/** A model whose run fails in its own way, and the exit code that says so. */
interface Failure {
  readonly exit: number;
  readonly yaml: string;
}

/** A model over a file with one row, so that its value stands nowhere in the configuration. */
const rows = (sql: string, more = "", destination = "out"): string =>
  `source: files\ndestination: ${destination}\nquery: ${JSON.stringify(sql.replace("FROM rows", "FROM read_csv('rows.csv', header = true)"))}\nprimary_key: [id]\nguards: off\n${more}`;

const FAILURES: Readonly<Record<string, Failure>> = {
  a_value_that_cannot_be_cast: { exit: 5, yaml: rows("SELECT 1 AS id, CAST(v AS INTEGER) AS n FROM rows") },
  a_date_that_is_none: { exit: 5, yaml: rows("SELECT 1 AS id, strptime(v, '%Y') AS n FROM rows") },
  a_key_twice: { exit: 7, yaml: rows("SELECT v AS id, n FROM rows, range(2) AS t(n)") },
  no_key: { exit: 7, yaml: rows("SELECT CASE WHEN n > 0 THEN v END AS id FROM rows, range(2) AS t(n)") },
  a_delimiter_without_quotes: { exit: 7, yaml: rows("SELECT 1 AS id, 'a,' || v AS name FROM rows", "file: {quote: none}\n") },
  a_row_that_is_too_large: { exit: 7, yaml: rows("SELECT 1 AS id, repeat(v, 9000) AS name FROM rows", "file: {max_bytes: 64KB}\n") },
  a_name_that_no_key_can_hold: {
    exit: 7,
    yaml: rows("SELECT 1 AS id, repeat(v, 90) AS name FROM rows", "file: {split_by: [name], folder: '{stream}/{name}'}\n"),
  },
  held: { exit: 3, yaml: rows("SELECT v AS id FROM rows").replace("guards: off", "guards: {min_rows: 5}") },
  a_source_that_nobody_answers_for: { exit: 5, yaml: rows("SELECT 1 AS id").replace("files", "postgres") },
  a_bucket_that_nobody_answers_for: {
    exit: 6,
    yaml: rows(
      "SELECT 1 AS id, v AS name FROM rows",
      'columns: {id: id, name: {from: name, apply: [{hmac_sha256: "${HASH_KEY}"}]}}\n',
      "bucket",
    ),
  },
};

let folder: TempFolder;
const env = { ...SECRETS, PG_ENCODED: encodeURIComponent(SECRETS.PG_PASSWORD) };

beforeAll(async () => {
  folder = await tempFolder();
  await folder.write("config.yaml", CONFIG);
  await folder.write("rows.csv", `v\n${VALUE}\n`);
  for (const [name, { yaml }] of Object.entries(FAILURES)) await folder.write(`models/${name}.yaml`, yaml);
  expect((await sync("validate")).stderr).toBe("");
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

async function sync(...args: readonly string[]): Promise<Said> {
  return await say(args, { cwd: folder.path, env });
}

/** Every document of the state root that is no data: not the deltas and files that hold rows because they are rows. */
async function documents(below = folder.at("state")): Promise<readonly (readonly [string, string])[]> {
  const found: (readonly [string, string])[] = [];
  for (const entry of await readdir(below, { withFileTypes: true }).catch(() => [])) {
    const path = join(below, entry.name);
    if (entry.isDirectory()) found.push(...(await documents(path)));
    else if (entry.name.endsWith(".json") || /\.(?:sent|try|foreign)\//.test(path)) found.push([path, await readFile(path, "utf8")]);
  }
  return found;
}

function planted(text: string): readonly string[] {
  const forms = Object.values(SECRETS).flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString("base64").replace(/=+$/, "").slice(0, -1),
  ]);
  return [VALUE, ...forms].filter((form) => text.includes(form));
}

test.each(Object.keys(FAILURES))("S26: a run that fails by %s says and keeps neither a row's value nor a secret", async (name) => {
  const asJson = name.length % 2 === 0 ? [] : ["--json", "--log-format", "json"];
  const said = [await sync("run", "-m", name, "--log-level", "debug", ...asJson), await sync("history", "-m", name, ...asJson.slice(0, 1))];
  expect(said[0]?.exit).toBe(FAILURES[name]?.exit);
  for (const { stdout, stderr } of said) expect(planted(stdout + stderr)).toEqual([]);
  const kept = await documents();
  expect(kept.length).toBeGreaterThan(1);
  expect(kept.filter(([, text]) => planted(text).length > 0).map(([path]) => path)).toEqual([]);
});

test("what somebody else's message says is scrubbed on its way out and into the record", async () => {
  // The path of a missing database holds the secret, as a driver's message might.
  await folder.write("models/said.yaml", rows(`SELECT 1 AS id FROM read_csv('${SECRETS.HASH_KEY}.csv')`));
  await sync("run", "-m", "a_bucket_that_nobody_answers_for");
  const { exit, stdout, stderr } = await sync("run", "-m", "said", "--json");
  expect(exit).toBe(5);
  expect(stdout).toContain("[redacted].csv");
  expect(planted(stdout + stderr)).toEqual([]);
  const records = (await documents(folder.at("state", "runs"))).filter(([path]) => path.includes(".said."));
  expect(records.map(([, text]) => text).join()).toContain("[redacted].csv");
});
