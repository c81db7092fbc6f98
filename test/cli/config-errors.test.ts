import { expect, test } from "vitest";
import { demoProject } from "../support/demo-project.ts";
import { say } from "../support/fake-host.ts";
import { tempFolder } from "../support/temp-folder.ts";

test("a problem of the configuration is shown at its line, then told as CONFIG_INVALID", async () => {
  await using folder = await demoProject();
  await folder.write("models/broken.yaml", "source: warehouse\ndestination: partner\ntable: customers\nprimary_kye: [customer_id]\n");
  const { exit, stdout, stderr } = await say(["validate"], { cwd: folder.path });
  expect({ exit, stdout }).toEqual({ exit: 2, stdout: "" });
  expect(stderr).toContain("models/broken.yaml:4:1");
  expect(stderr).toContain("  4 | primary_kye: [customer_id]");
  expect(stderr).toContain("primary_key");
  expect(stderr).toMatch(/^CONFIG_INVALID {2}\d problems? in models\/broken.yaml$/m);
});

test("under --json each problem is an entry of error.issues", async () => {
  await using folder = await demoProject();
  await folder.write("models/broken.yaml", "source: nowhere\ndestination: partner\ntable: customers\nprimary_key: [customer_id]\n");
  const { exit, stdout, stderr } = await say(["ls", "--json"], { cwd: folder.path });
  expect({ exit, stderr }).toEqual({ exit: 2, stderr: "" });
  expect(JSON.parse(stdout)).toMatchObject({
    ok: false,
    command: "ls",
    error: { code: "CONFIG_INVALID", exit: 2, issues: [{ file: "models/broken.yaml", line: 1, column: 9 }] },
  });
});

test("a folder without a configuration is an error that names the file", async () => {
  await using folder = await tempFolder();
  const { exit, stderr } = await say(["ls"], { cwd: folder.path });
  expect(exit).toBe(2);
  expect(stderr).toContain("config.yaml");
});

test("SYNC_CONFIG names the configuration, and -c wins over it", async () => {
  await using folder = await demoProject();
  const env = { SYNC_CONFIG: folder.at("config.yaml") };
  expect((await say(["validate"], { cwd: "/", env })).exit).toBe(0);
  expect((await say(["validate", "-c", "nowhere.yaml"], { cwd: folder.path, env })).exit).toBe(2);
});

test("an unknown stream is an error that suggests the nearest", async () => {
  await using folder = await demoProject();
  const { exit, stderr } = await say(["run", "-m", "audience"], { cwd: folder.path });
  expect(exit).toBe(2);
  expect(stderr).toContain('"audiences"');
});

test("without a choice among several streams, run asks for one", async () => {
  await using folder = await demoProject();
  const { exit, stderr } = await say(["run"], { cwd: folder.path });
  expect(exit).toBe(2);
  expect(stderr).toContain("STREAM_NOT_CHOSEN");
  expect(stderr).toContain("--all");
});
