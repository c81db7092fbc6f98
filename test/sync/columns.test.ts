import { createHmac } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { Secret } from "../../src/core/secret.ts";
import type { OutputColumn, OutputValue, Stream } from "../../src/core/types.ts";
import { openEngine } from "../../src/engine/open-engine.ts";
import { sqlText } from "../../src/engine/sql-literal.ts";
import { NO_ANSWERS, type Answers } from "../../src/sync/judge-delta.ts";
import { previewStream } from "../../src/sync/preview-stream.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import { harness, testStream } from "../support/sync-harness.ts";
import { tempFolder, type TempFolder } from "../support/temp-folder.ts";

const signal = AbortSignal.timeout(120_000);
const KEY = "the-key-of-the-hash";

const column = (name: string): OutputValue => ({ from: "column", column: name });
const COLUMNS: readonly OutputColumn[] = [
  {
    name: "Action",
    value: { from: "metadata", field: "_change" },
    steps: [
      {
        step: "map",
        entries: [
          ["added", "I"],
          ["changed", "U"],
          ["removed", "D"],
        ],
      },
    ],
  },
  { name: "id", value: column("id") },
  {
    name: "Email",
    value: column("email"),
    steps: [
      { step: "apply", name: "email", rules: "plain" },
      { step: "apply", name: "hmac_sha256", secret: new Secret(KEY) },
    ],
  },
  { name: "Tier", value: column("tier"), steps: [{ step: "map", entries: [["g", "gold"]], otherwise: "none" }] },
  { name: "*", value: { from: "rest", dropped: ["internal"] } },
  { name: "TierBefore", value: { from: "previous", output: "Tier" } },
  { name: "Changed", value: { from: "metadata", field: "_changed_columns" }, steps: [{ step: "map", entries: [], otherwise: "-" }] },
];

interface Row {
  readonly email: string;
  readonly tier: string;
  readonly city: string;
  readonly seen?: string;
}

function query(rows: Readonly<Record<string, Row>>): Stream["query"] {
  const values = Object.entries(rows).map(
    ([id, { email, tier, city, seen = "" }]) => `(${[id, sqlText(email), sqlText(tier), sqlText(city), sqlText(seen)].join(", ")}, 'x')`,
  );
  const sql = `SELECT * FROM (VALUES ${values.join(", ")}) AS t(id, email, tier, city, seen, internal)`;
  return { kind: "sql", sql, file: "models/users.yaml", line: 1 };
}

const hashed = (email: string): string => createHmac("sha256", KEY).update(email).digest("hex");

async function delivered(folder: TempFolder, generation: number): Promise<readonly Readonly<Record<string, string>>[]> {
  const files = (await readdir(folder.at("out/users"))).filter((name) => name.startsWith(`users-00000${String(generation)}-`));
  const texts = await Promise.all(files.toSorted().map(async (name) => await readFile(folder.at(join("out/users", name)), "utf8")));
  return texts.flatMap((text): Record<string, string>[] => parse(text, { columns: true }));
}

async function run(folder: TempFolder, stream: Stream, answers: Answers = NO_ANSWERS): Promise<void> {
  const options = { slot: null, fullResync: false, baseline: false, answers };
  const { error } = await runStream(harness({ root: folder.path }), stream, options, signal);
  if (error !== null) throw error;
}

test("a mapping is delivered, compared and told again as the outputs it makes, its facts and the values told before", async () => {
  await using folder = await tempFolder();
  const stream = (rows: Readonly<Record<string, Row>>): Stream => ({
    ...testStream(folder.path, ""),
    query: query(rows),
    columns: COLUMNS,
    ignoreChangesIn: ["seen"],
  });
  const ann = { email: " Ann@Example.com", tier: "g", city: "Ulm" };
  const bob = { email: "bob@example.com", tier: "s", city: "Bonn" };
  await run(folder, stream({ 1: ann, 2: bob, 3: bob }));
  expect((await delivered(folder, 1))[0]).toEqual({
    Action: "I",
    id: "1",
    Email: hashed("ann@example.com"),
    Tier: "gold",
    city: "Ulm",
    seen: "",
    TierBefore: "",
    Changed: "-",
  });
  // The same e-mail under the mapping, written another way, is no change; neither is a tier that maps to the same text.
  await run(folder, stream({ 1: { ...ann, email: "ANN@example.com" }, 2: { ...bob, tier: "x", seen: "now" }, 3: bob }));
  expect(await delivered(folder, 2)).toEqual([]);
  await run(folder, stream({ 1: { ...ann, tier: "s", city: "Köln", seen: "now" }, 2: { ...bob, email: "rob@example.com" } }));
  expect(await delivered(folder, 2)).toEqual([
    {
      Action: "U",
      id: "1",
      Email: hashed("ann@example.com"),
      Tier: "none",
      city: "Köln",
      seen: "now",
      TierBefore: "gold",
      Changed: "Tier,city",
    },
    { Action: "U", id: "2", Email: hashed("rob@example.com"), Tier: "none", city: "Bonn", seen: "", TierBefore: "none", Changed: "Email" },
    { Action: "D", id: "3", Email: hashed("bob@example.com"), Tier: "none", city: "Bonn", seen: "", TierBefore: "none", Changed: "-" },
  ]);
});

test("F20: what a mapping hashes stands nowhere in plain, and neither does the key of the hash: not in state, plans or files", async () => {
  await using folder = await tempFolder();
  await writeFile(folder.at("key.txt"), `${KEY}\n`);
  const columns = COLUMNS.map((output) =>
    output.name === "Email"
      ? { ...output, steps: [{ step: "apply", name: "hmac_sha256", secret: { file: folder.at("key.txt") } } as const] }
      : output,
  );
  const stream = (email: string): Stream => ({
    ...testStream(folder.path, ""),
    query: query({ 1: { email, tier: "g", city: "Ulm" } }),
    columns,
  });
  const preview = await previewStream(harness({ root: folder.path }), stream("first@example.com"), 5, signal);
  expect(preview.text).toContain(hashed("first@example.com"));
  await run(folder, stream("first@example.com"));
  await run(folder, stream("second@example.com"));
  expect((await delivered(folder, 2)).map((row) => row["Email"])).toEqual([hashed("second@example.com")]);
  const texts = await everyText(folder, ["state", "out"]);
  expect(texts).toContain(hashed("second@example.com"));
  expect(texts).toContain("Ulm");
  expect(texts).not.toContain("@example.com");
  expect(texts).not.toContain(KEY);
  const pad = Buffer.from(KEY).map((byte) => byte ^ 0x36);
  expect(texts).not.toContain(Buffer.from(pad).toString("hex"));
});

test("a new key is a new mapping: every hash is compared, and told anew", async () => {
  await using folder = await tempFolder();
  const stream = (secret: string): Stream => ({
    ...testStream(folder.path, "SELECT 1 AS id, 'ann@example.com' AS email"),
    columns: [
      { name: "id", value: column("id") },
      { name: "Email", value: column("email"), steps: [{ step: "apply", name: "hmac_sha256", secret: new Secret(secret) }] },
    ],
  });
  await run(folder, stream("one"));
  await run(folder, stream("one"));
  expect(await delivered(folder, 2)).toEqual([]);
  await expect(run(folder, stream("two"))).rejects.toMatchObject({ code: "SCHEMA_CHANGED" });
  await run(folder, stream("two"), { ...NO_ANSWERS, acceptSchemaChange: true });
  expect(await delivered(folder, 2)).toEqual([{ id: "1", Email: createHmac("sha256", "two").update("ann@example.com").digest("hex") }]);
});

test("only rows that meet the trigger belong to the model; one that no longer does is removed", async () => {
  await using folder = await tempFolder();
  const stream = (rows: Readonly<Record<string, Row>>, more: Partial<Stream> = {}): Stream => ({
    ...testStream(folder.path, ""),
    query: { ...query(rows), where: "tier <> 'internal' -- a NULL is no membership" },
    columns: [{ name: "id", value: column("id") }],
    ...more,
  });
  const row = (tier: string): Row => ({ email: "", tier, city: "" });
  await run(folder, stream({ 1: row("g"), 2: row("internal"), 3: row("s") }));
  expect((await delivered(folder, 1)).map(({ id }) => id)).toEqual(["1", "3"]);
  await run(folder, stream({ 1: row("internal"), 2: row("g"), 3: row("s") }));
  expect((await readdir(folder.at("out/users"))).filter((name) => name.includes("000002")).toSorted()).toEqual([
    "users-000002-added-0001.csv",
    "users-000002-removed-0001.csv",
  ]);
  expect((await delivered(folder, 2)).map(({ id }) => id)).toEqual(["2", "1"]);
});

test("a trigger on an audience model keeps a row out of every audience", async () => {
  await using folder = await tempFolder();
  const entitySql = "SELECT * FROM (VALUES (1, 10, true), (2, 20, false), (3, 5, true)) AS t(id, ltv, consented)";
  const members = [
    { name: "vip", condition: "ltv >= 10" },
    { name: "all", condition: "true" },
  ];
  const audiences = { kind: "audiences", entitySql, entityKey: ["id"], members, file: "models/users.yaml", line: 1 } as const;
  const stream = { ...testStream(folder.path, ""), query: { ...audiences, where: "consented" }, primaryKey: ["id", "_audience"] };
  await run(folder, {
    ...stream,
    columns: [
      { name: "id", value: column("id") },
      { name: "Audience", value: column("_audience"), steps: [{ step: "apply", name: "upper" }] },
      {
        name: "Member",
        value: { from: "metadata", field: "_member" },
        steps: [
          {
            step: "map",
            entries: [
              ["true", "1"],
              ["false", "0"],
            ],
          },
        ],
      },
    ],
  });
  expect((await delivered(folder, 1)).map((row) => Object.values(row).join(" ")).toSorted()).toEqual(["1 ALL 1", "1 VIP 1", "3 ALL 1"]);
});

/** Everything that can be read below some folders: files as they are, and the values of Parquet files, which are compressed there. */
async function everyText(folder: TempFolder, below: readonly string[]): Promise<string> {
  await using engine = await openEngine(
    { memoryLimit: "200MB", threads: 1, tempDirectory: folder.at("spill"), maxTempSize: "1GB" },
    signal,
  );
  const texts: string[] = [];
  for (const part of below) {
    for (const entry of await readdir(folder.at(part), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      texts.push(path, await readFile(path, "latin1"));
      if (!path.endsWith(".parquet")) continue;
      const rows = await engine.rows(`SELECT CAST(to_json(t) AS VARCHAR) FROM read_parquet(${sqlText(path)}) AS t`, signal);
      texts.push(...rows.map(([text]) => text ?? ""));
    }
  }
  return texts.join("\n");
}
