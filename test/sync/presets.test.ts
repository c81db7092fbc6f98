import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import Papa from "papaparse";
import { expect, test } from "vitest";
import { loadProject } from "../../src/config/load-project.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import { objectHashes } from "../support/consumer.ts";
import { harness } from "../support/sync-harness.ts";
import { tempFolder } from "../support/temp-folder.ts";

const never = new AbortController().signal;
const CONFIG = "version: 1\nsources: {files: {type: duckdb}}\ndestinations: {out: {type: local, path: out}}\n";
const MODEL = "source: files\ndestination: out\n";

/** Runs a model once for each query and returns the files of the last run, by key. */
async function delivered(model: string, ...queries: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
  await using folder = await tempFolder();
  const deps = harness({ root: folder.path });
  let keys: readonly string[] = [];
  for (const query of queries) {
    await folder.write("config.yaml", CONFIG);
    await folder.write("models/users.yaml", MODEL + model.replace("QUERY", query));
    const { project } = await loadProject({ configFile: "config.yaml", env: {}, cwd: folder.path, signal: never });
    const [stream] = project.streams;
    if (stream === undefined) throw new Error("there is no stream");
    const before = new Set((await objectHashes(folder.at("out"))).keys());
    const { error } = await runStream(deps, stream, { slot: new Date("2026-03-01T06:00:00Z"), fullResync: false, baseline: false }, never);
    if (error !== null) throw error;
    keys = [...(await objectHashes(folder.at("out"))).keys()].filter((key) => !before.has(key) && !key.startsWith("_spillway/"));
  }
  return new Map(await Promise.all(keys.toSorted().map(async (key) => [key, await readFile(folder.at("out", key))] as const)));
}

async function one(model: string, query: string): Promise<readonly [key: string, bytes: Buffer]> {
  const [file] = await delivered(model, query);
  if (file === undefined) throw new Error("there is no file");
  return file;
}

const ODD = `SELECT * FROM (VALUES (1, 'Zoë, "x"', TIMESTAMP '2024-01-02 03:04:05', true), (2, '=1+1', NULL, NULL), (3, '', NULL, false)) AS t(id, name, seen, ok)`;
const TABLE = "primary_key: id\nquery: |\n  QUERY\n";

test("S21: excel reads its files as they are: byte order mark, CR LF, no formula, plain dates", async () => {
  const [key, bytes] = await one(`${TABLE}file: {preset: excel}\n`, ODD);
  expect(key).toBe("users-000001-added-0001.csv");
  expect(bytes.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
  const { data } = Papa.parse<string[]>(bytes.subarray(3).toString(), { newline: "\r\n" });
  expect(data).toEqual([
    ["id", "name", "seen", "ok"],
    ["1", 'Zoë, "x"', "2024-01-02 03:04:05", "TRUE"],
    ["2", "'=1+1", "", ""],
    ["3", "", "", "FALSE"],
    [""],
  ]);
});

/** As COPY … CSV IGNOREHEADER 1 NULL AS '\N' of Redshift, and CSV of Snowflake with NULL_IF = () and EMPTY_FIELD_AS_NULL. */
function warehouseRows(bytes: Buffer, nullText: string): readonly unknown[] {
  return parse(gunzipSync(bytes), { from: 2, cast: (value, { quoting }) => (!quoting && value === nullText ? null : value) });
}

test.each([
  ["redshift_copy", "\\N"],
  ["snowflake_copy", ""],
])("%s tells NULL from the empty text and is compressed", async (preset, nullText) => {
  const [key, bytes] = await one(`${TABLE}file: {preset: ${preset}}\n`, ODD);
  expect(key).toBe("users-000001-added-0001.csv.gz");
  expect(warehouseRows(bytes, nullText)).toEqual([
    ["1", 'Zoë, "x"', "2024-01-02T03:04:05", "true"],
    ["2", "=1+1", null, null],
    ["3", "", null, "false"],
  ]);
});

test("pipe_legacy is read by cutting lines at pipes", async () => {
  const [key, bytes] = await one(`${TABLE}file: {preset: pipe_legacy}\n`, ODD);
  expect(key).toBe("users-000001-added-0001.txt");
  expect(
    bytes
      .toString()
      .split("\r\n")
      .map((line) => line.split("|")),
  ).toEqual([["1", 'Zoë, "x"', "2024-01-02 03:04:05", "1"], ["2", "=1+1", "", ""], ["3", "", "", "0"], [""]]);
});

test("customer_match holds the hash that a receiver makes of the same address", async () => {
  const columns = "columns: {Email: {from: email, apply: [trim, lower, sha256]}, Country: country, Id: id}\n";
  const [, bytes] = await one(
    `${TABLE}${columns}file: {preset: customer_match}\n`,
    "SELECT 1 AS id, ' Ann@Example.COM ' AS email, 'DE' AS country",
  );
  const hash = createHash("sha256").update("ann@example.com").digest("hex");
  expect(parse(bytes)).toEqual([
    ["Email", "Country", "Id"],
    [hash, "DE", "1"],
  ]);
});

const PEOPLE = (rows: string): string => `SELECT * FROM (VALUES ${rows}) AS t(user_id, email, plan, ltv, nick)`;
const AUDIENCE = `audiences:
  entity:
    key: user_id
    query: |
      QUERY
  members: {vip: ltv >= 100}
columns: {user_id: user_id, email: email, plan: plan, ltv: ltv, nick: nick}
`;

test.each([",", "|", "\\t", ";", ":"])("segment_audience with %j is read like any file of Segment's", async (delimiter) => {
  const model = `${AUDIENCE}file: {preset: segment_audience, delimiter: "${delimiter}"}\n`;
  const before = PEOPLE(`('u1', 'a@x.com', 'pro', 250.50, 'A;"|:'), ('u2', NULL, 'free', 100, NULL)`);
  const after = PEOPLE(`('u1', 'a@x.com', 'pro', 250.50, 'A;"|:'), ('u2', NULL, 'free', 99, NULL), ('u3', 'c@x.com', 'pro', 100, NULL)`);
  const files = await delivered(model, before, after);
  const rows = [...files.values()].flatMap((bytes): readonly Record<string, string>[] => {
    const text = bytes.toString();
    expect(
      text
        .split("\n")
        .slice(1, -1)
        .every((line) => line.startsWith('"') && line.endsWith('"')),
    ).toBe(true);
    return parse(text, { delimiter: delimiter === "\\t" ? "\t" : delimiter, columns: true });
  });
  expect(rows).toEqual([
    expect.objectContaining({
      audience_name: "vip",
      audience_id: "vip",
      audience_action: "true",
      user_id: "u3",
      email: "c@x.com",
      anonymous_id: "",
      timestamp: "2026-03-01T06:00:00Z",
    }),
    expect.objectContaining({ audience_action: "false", user_id: "u2", email: "" }),
  ]);
  expect(rows.map((row) => JSON.parse(row["properties_or_traits"] ?? "") as unknown)).toEqual([
    { plan: "pro", ltv: 100, nick: null },
    { plan: "free", ltv: 100, nick: null },
  ]);
  expect(rows.map((row) => Object.keys(row))[0]).toEqual([
    "audience_name",
    "audience_id",
    "audience_action",
    "email",
    "user_id",
    "anonymous_id",
    "timestamp",
    "message_id",
    "properties_or_traits",
  ]);
  expect(new Set(rows.map((row) => row["message_id"])).size).toBe(2);
});

test("segment_audience keeps exact digits and quotes inside of its JSON", async () => {
  const [, bytes] = await one(`${AUDIENCE}file: {preset: segment_audience}\n`, PEOPLE(`('u1', 'a@x.com', 'say "hi"', 250.50, NULL)`));
  const [row = []] = parse(bytes, { from: 2 });
  expect(row.at(-1)).toBe('{"plan":"say \\"hi\\"","ltv":250.50,"nick":null}');
});
