import { readFile } from "node:fs/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dbtManifest, dbtModel, SHOP } from "../support/dbt-manifest.ts";
import { demoProject } from "../support/demo-project.ts";
import { say, type Said } from "../support/fake-host.ts";
import type { TempFolder } from "../support/temp-folder.ts";

let folder: TempFolder;
beforeAll(async () => {
  folder = await demoProject();
  const instance = await DuckDBInstance.create(folder.at("demo/warehouse.duckdb"));
  const connection = await instance.connect();
  await connection.run(`
    CREATE TABLE "Web Visits" (day DATE, page VARCHAR, hits BIGINT);
    CREATE SCHEMA crm; CREATE TABLE crm.contacts (mail VARCHAR NOT NULL UNIQUE, "Full Name" VARCHAR);
    COMMENT ON TABLE crm.contacts IS 'Who answered'; COMMENT ON COLUMN crm.contacts.mail IS 'lower case';
    INSERT INTO crm.contacts VALUES ('a@x.com', 'Ada'), ('b@x.com', NULL);`);
  connection.closeSync();
  instance.closeSync();
});
afterAll(async () => await folder[Symbol.asyncDispose]());

const sync = async (...args: readonly string[]): Promise<Said> => await say(args, { cwd: folder.path });
const modelOf = async (name: string): Promise<string> => await readFile(folder.at("models", `${name}.yaml`), "utf8");

test("a model of a table validates, and delivers the table at once", async () => {
  const made = await sync("new", "--table", "orders");
  expect(made).toMatchObject({ exit: 0, stderr: "" });
  expect(made.stdout).toContain("+ models/orders.yaml  5 columns, key order_id (the table's primary key)");
  expect(await sync("validate")).toMatchObject({ exit: 0 });
  const ran = await sync("run", "-m", "orders", "--json");
  expect(ran.exit).toBe(0);
  const header = (await readFile(folder.at("out/orders-000001-added-0001.csv"), "utf8")).split("\n")[0];
  expect(header).toBe("order_id,customer_id,ordered_at,status,total");
});

test("a unique index without NULL is a key, and comments of the warehouse come along", async () => {
  expect(await sync("new", "--table", "crm.contacts")).toMatchObject({ exit: 0 });
  const text = await modelOf("contacts");
  expect(text).toContain('description: "Who answered"');
  expect(text).toContain("primary_key: [mail]   # tells rows apart: a unique index, never NULL");
  expect(text).toMatch(/mail: mail +# VARCHAR · lower case/);
  expect(await sync("run", "-m", "contacts")).toMatchObject({ exit: 0 });
});

test("a table without a key is refused with its columns, and taken with --key", async () => {
  const refused = await sync("new", "--table", "Web Visits");
  expect(refused).toMatchObject({ exit: 2, stdout: "" });
  expect(refused.stderr).toContain("MODEL_KEY_UNKNOWN");
  expect(refused.stderr).toContain("Its columns: day, page, hits.");
  const wrong = await sync("new", "--table", "Web Visits", "--key", "day", "pge");
  expect(wrong.stderr).toMatch(/MODEL_COLUMN_UNKNOWN[^]*did you mean "page"\?/);
  const made = await sync("new", "--table", "Web Visits", "--key", "day", "PAGE", "--dry-run");
  expect(made.stdout).toContain("primary_key: [day, page]   # tells rows apart: as told to `sync new`");
  expect(made.stdout).toContain('table: "Web Visits"');
  await expect(modelOf("web_visits")).rejects.toThrow("ENOENT");
});

test("a model that is there stays, unless told otherwise", async () => {
  const before = await modelOf("customers");
  const refused = await sync("new", "--table", "customers");
  expect(refused).toMatchObject({ exit: 2 });
  expect(refused.stderr).toContain("MODEL_EXISTS");
  const elsewhere = await sync("new", "--table", "customers", "--out", "drafts", "--force");
  expect(elsewhere.stderr).toContain("MODEL_EXISTS");
  expect(await modelOf("customers")).toBe(before);
  expect(await sync("new", "--table", "customers", "--out", "drafts/clients.yaml")).toMatchObject({ exit: 0 });
  expect(await readFile(folder.at("drafts/clients.yaml"), "utf8")).toContain("$schema=../schema/model.schema.json");
});

test("what is left open is answered with what there is", async () => {
  expect((await sync("new")).stderr).toContain("warehouse has Web Visits, customers, orders, crm.contacts.");
  expect((await sync("new", "--table", "custmers")).stderr).toMatch(/TABLE_UNKNOWN[^]*did you mean "customers"\?/);
  expect((await sync("new", "--table", "orders", "--source", "warehose")).stderr).toContain('did you mean "warehouse"?');
  expect((await sync("new", "--table", "orders", "--name", "My Orders")).stderr).toContain("cannot be the name of a model");
  expect((await sync("new", "--table", "orders", "--select", "orders")).stderr).toContain("not of both");
  expect((await sync("new", "--select", "orders")).stderr).toContain("--dbt target/manifest.json");
});

test("models of a dbt project have its keys and descriptions, and run", async () => {
  const meta = { spillway: { name: "people", primary_key: "customer_id" } };
  const nodes = [
    ...SHOP.filter((node) => node["name"] !== "orders" && node["attached_node"] !== "model.shop.orders"),
    dbtModel("orders", { tags: ["partner"], meta: { spillway: { name: "paid" } } }),
  ];
  await folder.write("target/manifest.json", dbtManifest(nodes));
  const unkeyed = await sync("new", "--dbt", "target/manifest.json", "--select", "tag:partner");
  expect(unkeyed.stderr).toContain("MODEL_KEY_UNKNOWN");
  await folder.write("target/manifest.json", dbtManifest(SHOP.map((node) => (node["name"] === "customers" ? { ...node, meta } : node))));
  const made = await sync("new", "--dbt", "target/manifest.json", "--select", "customers", "--json");
  expect(JSON.parse(made.stdout)).toMatchObject({
    data: { written: true, models: [{ model: "people", primary_key: ["customer_id"], key_reason: "meta.spillway in dbt" }] },
  });
  const text = await modelOf("people");
  expect(text).toContain('SELECT * FROM "warehouse"."main"."customers"');
  expect(text).toMatch(/customer_id: customer_id +# INTEGER · Never reused/);
  expect(text).toMatch(/email: email +# VARCHAR · Lower case, never checked/);
  expect(await sync("run", "-m", "people")).toMatchObject({ exit: 0 });
});

test("where config.yaml names the manifest, the model names the dbt model", async () => {
  const config = await readFile(folder.at("config.yaml"), "utf8");
  await folder.write("config.yaml", `${config}dbt: {manifest: target/manifest.json}\n`);
  await folder.write("target/manifest.json", dbtManifest(SHOP));
  const options = ["--select", "tag:partner", "--out", "drafts", "--dry-run"];
  const both = await sync("new", ...options, "--offline");
  expect(both.stdout).toContain("table: {dbt: customers}   # found in the manifest that config.yaml names");
  expect(both.stdout).toContain("primary_key: [customer_id, order_id]   # tells rows apart: tested as a unique combination in dbt");
  expect(both.stdout).toContain("primary_key: [customer_id]   # tells rows apart: tested as unique and not_null in dbt");
  expect(await sync("new", "--select", "customers", "--name", "buyers")).toMatchObject({ exit: 0 });
  expect(await sync("run", "-m", "buyers")).toMatchObject({ exit: 0 });
  const constrained = await sync("new", "--select", "prices", "--offline", "--dry-run");
  expect(constrained.stdout).toContain("primary_key: [sku, day]   # tells rows apart: primary key constraint in dbt");
  expect(constrained.stdout).toContain("table: {dbt: prices}");
  expect((await sync("new", "--select", "geo.regions", "--key", "id", "--offline", "--dry-run")).stdout).toContain(
    "table: {dbt: geo.regions}",
  );
  expect((await sync("new", "--select", "tag:prtner")).stderr).toMatch(/DBT_MODEL_UNKNOWN[^]*did you mean "partner"\?/);
});
