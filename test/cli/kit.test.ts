import { readdir, readFile } from "node:fs/promises";
import { Ajv } from "ajv";
import { parse } from "csv-parse/sync";
import { generateKey } from "openpgp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoProject } from "../support/demo-project.ts";
import { execute } from "../support/execute.ts";
import { say } from "../support/fake-host.ts";
import type { TempFolder } from "../support/temp-folder.ts";

let folder: TempFolder;
beforeAll(async () => {
  folder = await demoProject();
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

const model = async (name: string, text: string): Promise<string> =>
  await folder.write(
    `models/${name}.yaml`,
    `source: warehouse\ndestination: partner\ntable: customers\nprimary_key: [customer_id]\n${text}`,
  );

const kit = async (...args: readonly string[]): Promise<{ readonly exit: number; readonly stdout: string; readonly stderr: string }> =>
  await say(["kit", ...args], { cwd: folder.path });

test("kit writes a readme, schemas, samples and loaders, and says which", async () => {
  const { exit, stdout, stderr } = await kit("customers");
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
  expect(stdout).toContain("The kit of customers is in kit/customers");
  const names = await readdir(folder.at("kit/customers"));
  expect(names.toSorted()).toEqual(
    ["README.md", "kit.json", "load.duckdb.sql", "load.mjs", "load.postgres.sql", "load.py", "samples", "schema"].toSorted(),
  );
  const readme = await readFile(folder.at("kit/customers/README.md"), "utf8");
  expect(readme).toContain("| `Id` | integer | part of the key, never NULL |");
  expect(readme).toContain('| delimiter | ";" |');
  // What the partner need not know: the model's description, its source and its columns.
  expect(readme).not.toMatch(/partner's import|customer_id|first_name|warehouse\.duckdb|crm/);
});

test("samples are made up, fit their schemas, and the loaders read them", async () => {
  await kit("customers", "--out", "samples-kit");
  const at = (name: string): Promise<string> => readFile(folder.at("samples-kit", name), "utf8");
  const ajv = new Ajv({ strict: false, validateFormats: false });
  const fitsManifest = ajv.compile(JSON.parse(await at("schema/manifest.schema.json")) as object);
  for (const generation of ["000001", "000002"])
    expect(fitsManifest(JSON.parse(await at(`samples/_spillway/customers/${generation}.json`)))).toBe(true);
  const rows = parse<Readonly<Record<string, string | null>>>(await at("samples/customers/000001/added-0001.csv"), {
    delimiter: ";",
    columns: true,
    cast: (text, { quoting, header }) => (!header && !quoting && text === "" ? null : text),
  });
  const fitsRow = ajv.compile(JSON.parse(await at("schema/row.schema.json")) as object);
  expect(rows.map((row) => fitsRow(row))).toEqual([true, true, true]);
  expect(rows.map((row) => row["Id"])).toEqual(["1001", "1002", "1003"]);
  const { code, stdout } = await execute(process.execPath, ["load.mjs", "samples", "table.jsonl"], { cwd: folder.at("samples-kit") });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "customers: generation 2, 3 rows\n" });
});

test("a folder that holds something is left alone without --force, and with it an older kit is replaced whole", async () => {
  await folder.write("used/notes.txt", "mine");
  expect(await kit("customers", "--out", "used")).toMatchObject({ exit: 2, stderr: expect.stringContaining("KIT_FOLDER_IN_USE") });
  expect(await readdir(folder.at("used"))).toEqual(["notes.txt"]);
  expect(await kit("customers", "--out", "used", "--force")).toMatchObject({ exit: 0 });
  await model("packed", "file: {format: parquet}\n");
  const { stdout } = await kit("packed", "--out", "used", "--force", "--json");
  const { data } = JSON.parse(stdout) as { data: { loaders: { name: string; file: string | null; objection: string | null }[] } };
  expect(data.loaders.map(({ name, file }) => [name, file])).toEqual([
    ["node", null],
    ["pandas", null],
    ["duckdb", "load.duckdb.sql"],
    ["postgres", null],
  ]);
  expect(data.loaders[0]?.objection).toContain("Parquet");
  const names = await readdir(folder.at("used"));
  expect(names.filter((name) => name.startsWith("load"))).toEqual(["load.duckdb.sql"]);
  expect(names).toContain("notes.txt");
  expect(await readdir(folder.at("used/samples/_spillway"))).toEqual(["packed"]);
});

test("a stream that nobody could fold is refused: without its key, or without manifests", async () => {
  await model("hidden", "columns: {Mail: email, Who: {from: customer_id, apply: [{left: 3}]}}\n");
  expect(await kit("hidden")).toMatchObject({ exit: 2, stderr: expect.stringMatching(/KIT_KEY_HIDDEN[^]*"customer_id"/) });
  await model("bare", "file: {manifest: false}\n");
  expect(await kit("bare")).toMatchObject({ exit: 2, stderr: expect.stringContaining("KIT_WITHOUT_MANIFEST") });
  expect(await kit("nobody")).toMatchObject({ exit: 2, stderr: expect.stringContaining("STREAM_UNKNOWN") });
});

test("a key that is hashed still tells rows apart, and no secret touches a sample", async () => {
  await folder.write("hmac.key", "the-secret-that-is-in-use");
  await model(
    "hashed",
    "columns: {Who: {from: customer_id, apply: [{hmac_sha256: {file: ../hmac.key}}]}, Mail: {from: email, apply: [sha256]}}\n",
  );
  expect(await kit("hashed")).toMatchObject({ exit: 0 });
  expect(JSON.parse(await readFile(folder.at("kit/hashed/kit.json"), "utf8"))).toMatchObject({ key: ["Who"] });
  const sample = await readFile(folder.at("kit/hashed/samples/hashed-000001-added-0001.csv"), "utf8");
  await folder.write("hmac.key", "another-secret");
  await kit("hashed", "--force");
  expect(await readFile(folder.at("kit/hashed/samples/hashed-000001-added-0001.csv"), "utf8")).toBe(sample);
});

test("removed rows that share files with others need a column that tells them, and encrypted files no loader", async () => {
  await model("mixed", "changes: {all: [added, changed, removed]}\ncolumns: {Id: customer_id, Mail: email}\n");
  expect((await kit("mixed")).stdout).toMatch(/node +not here: files of all hold removed and other rows/);
  const { publicKey } = await generateKey({ userIDs: [{ name: "partner" }] });
  await folder.write("models/partner.asc", publicKey);
  await model("sealed", "file: {pgp: {recipients: [partner.asc]}}\n");
  expect((await kit("sealed")).stdout).toMatch(/duckdb +not here: the files are encrypted/);
});
