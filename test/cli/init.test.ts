import { readdir, readFile, stat } from "node:fs/promises";
import { expect, test } from "vitest";
import { demoProject } from "../support/demo-project.ts";
import { say } from "../support/fake-host.ts";
import { tempFolder } from "../support/temp-folder.ts";

test("init writes a project into a new folder and says what to do next", async () => {
  await using folder = await tempFolder();
  const { exit, stdout } = await say(["init", "shop"], { cwd: folder.path });
  expect(exit).toBe(0);
  expect(stdout).toMatchInlineSnapshot(`
    "  + config.yaml
      + models/audiences.yaml
      + models/customers.yaml
      + demo/warehouse.sql
      + demo/changes.sql
      + .gitignore
      + .env.example
      + README.md
      + schema/config.schema.json
      + schema/model.schema.json
      + demo/warehouse.duckdb

    Next:
      cd shop
      sync plan --all
      sync run --all
    "
  `);
  const written = await readdir(folder.at("shop"), { recursive: true });
  expect(written).toEqual(expect.arrayContaining(["config.yaml", ".gitignore", ".env.example", "models/audiences.yaml"]));
  expect(await readFile(folder.at("shop/.gitignore"), "utf8")).toContain(".env\n");
});

test("the project that init wrote is valid as it stands", async () => {
  await using folder = await demoProject();
  const { exit, stdout, stderr } = await say(["validate"], { cwd: folder.path });
  expect({ exit, stdout, stderr }).toEqual({ exit: 0, stdout: "ok  config.yaml  2 models, 2 streams, 0 warnings\n", stderr: "" });
});

test("init never writes over a configuration", async () => {
  await using folder = await tempFolder();
  await folder.write("config.yaml", "version: 1\n");
  const { exit, stderr } = await say(["init"], { cwd: folder.path });
  expect(exit).toBe(2);
  expect(stderr).toContain("PROJECT_EXISTS  config.yaml is there already.");
  expect(await readFile(folder.at("config.yaml"), "utf8")).toBe("version: 1\n");
});

test("init keeps other files that are there already, and says so", async () => {
  await using folder = await tempFolder();
  await folder.write("README.md", "mine\n");
  const { exit, stdout } = await say(["init"], { cwd: folder.path });
  expect(exit).toBe(0);
  expect(stdout).toContain("= README.md  (was there, kept)");
  expect(await readFile(folder.at("README.md"), "utf8")).toBe("mine\n");
});

test("the demo's day passes once", async () => {
  await using folder = await demoProject();
  const before = await stat(folder.at("demo/warehouse.duckdb"));
  const first = await say(["init", "--next-day", "--json"], { cwd: folder.path });
  expect(JSON.parse(first.stdout)).toMatchObject({ ok: true, data: { passed: true } });
  expect((await stat(folder.at("demo/warehouse.duckdb"))).mtimeMs).toBeGreaterThan(before.mtimeMs);
  const second = await say(["init", "--next-day", "--json"], { cwd: folder.path });
  expect(JSON.parse(second.stdout)).toMatchObject({ ok: true, data: { passed: false } });
});

test("a day cannot pass where there is no demo", async () => {
  await using folder = await tempFolder();
  const { exit, stderr } = await say(["init", "--next-day"], { cwd: folder.path, name: "spillway" });
  expect(exit).toBe(2);
  expect(stderr).toContain("There is no demo warehouse in ..");
  expect(stderr).toContain("`spillway init demo`");
});
