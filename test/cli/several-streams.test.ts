import { afterEach, beforeEach, expect, test } from "vitest";
import { SyncError } from "../../src/core/errors.ts";
import { demoProject } from "../support/demo-project.ts";
import { say } from "../support/fake-host.ts";
import type { TempFolder } from "../support/temp-folder.ts";

let folder: TempFolder;

beforeEach(async () => {
  folder = await demoProject();
  await folder.write("models/broken.yaml", "source: warehouse\ndestination: partner\ntable: nowhere\nprimary_key: [id]\n");
});
afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

test("one stream that fails stops no other, and the exit code is 8", async () => {
  const { exit, stdout, stderr } = await say(["run", "--all", "-q"], { cwd: folder.path });
  expect(exit).toBe(8);
  expect(stdout).toMatch(/customers {2}run \w+ · gen 1 · delivered/);
  expect(stdout).toMatch(/broken {2}run \w+ · failed · \w+/);
  expect(stderr).toMatch(/RUNS_FAILED {2}1 of 3 streams failed: broken \(\w+\)\./);
});

test("--fail-fast starts nothing more, and says how much was left", async () => {
  const { exit, stdout, stderr } = await say(["run", "-m", "broken", "customers", "-q", "--fail-fast"], { cwd: folder.path });
  expect(exit).toBe(8);
  expect(stdout).not.toContain("customers");
  expect(stderr).toContain("1 were not started (--fail-fast).");
});

test("--exclude leaves a stream out", async () => {
  const { exit, stdout } = await say(["run", "--all", "--exclude", "broken", "-q"], { cwd: folder.path });
  expect(exit).toBe(0);
  expect(stdout).not.toContain("broken");
});

test("-s tag chooses by tag", async () => {
  const { stdout } = await say(["ls", "-s", "tag:crm"], { cwd: folder.path });
  expect(stdout).toContain("customers");
  expect(stdout).not.toContain("audiences");
});

test("streams that a signal kept from starting make the command interrupted, not done", async () => {
  const controller = new AbortController();
  const onStderr = (text: string): void => {
    if (text.includes("ok  plan")) controller.abort(new SyncError("INTERRUPTED", "SIGINT stopped the command."));
  };
  const { exit, stdout } = await say(["run", "-m", "audiences", "customers"], { cwd: folder.path, signal: controller.signal, onStderr });
  expect(exit).toBe(130);
  expect(stdout).not.toMatch(/customers .*delivered/);
  const again = await say(["run", "-m", "audiences", "customers", "-q"], { cwd: folder.path });
  expect(again.exit).toBe(0);
});
