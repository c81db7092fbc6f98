import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { ERROR_CODES } from "../../src/core/error-codes.ts";
import { say } from "../support/fake-host.ts";

test("explain tells what a code means and what to do, in the name that was called", async () => {
  const { exit, stdout } = await say(["explain", "config_invalid"], { name: "spillway" });
  expect(exit).toBe(0);
  expect(stdout).toMatchInlineSnapshot(`
    "CONFIG_INVALID  (exit code 2)

    The configuration or a model file breaks a rule.

    What to do: Mend the lines shown; \`spillway validate\` checks them offline.
    "
  `);
});

test("explain without a code lists every one", async () => {
  const { stdout } = await say(["explain"]);
  const listed = stdout.split("\n").map((line) => line.split(" ")[0]);
  expect(listed).toEqual([...Object.keys(ERROR_CODES), ""]);
});

test("explain suggests the nearest code", async () => {
  const { exit, stderr } = await say(["explain", "CONFIG_INVLID"]);
  expect(exit).toBe(2);
  expect(stderr).toBe("USAGE  There is no code CONFIG_INVLID.\n  Did you mean CONFIG_INVALID? `sync explain` lists all codes.\n");
});

test.each(["config", "model", "manifest"])("schema prints the JSON schema of %s, unchanged under --json", async (file) => {
  const shipped: unknown = JSON.parse(await readFile(`schema/${file}.schema.json`, "utf8"));
  const plain = await say(["schema", file]);
  expect(JSON.parse(plain.stdout)).toEqual(shipped);
  const json = await say(["schema", file, "--json"]);
  expect(JSON.parse(json.stdout)).toMatchObject({ schema: 1, ok: true, command: "schema", data: shipped });
});

test("version tells what a bug report needs", async () => {
  const { stdout } = await say(["version"]);
  expect(stdout).toBe(`spillway 0.1.0\nnode ${process.version}\nplatform ${process.platform} ${process.arch}\n`);
  expect((await say(["--version"])).stdout).toBe("0.1.0\n");
});

test("no arguments at all show the help", async () => {
  const { exit, stdout } = await say([]);
  expect(exit).toBe(0);
  expect(stdout).toContain("Usage: sync <command> [options]");
});
