import { expect, test } from "vitest";
import { cliProject } from "../support/cli-project.ts";
import { say } from "../support/fake-host.ts";

test("lint-file says what is wrong with a file, by line and column and never by value", async () => {
  await using project = await cliProject();
  await project.set({ a: "1" });
  await project.folder.write("in.csv", "id,name\na,1,secret\nb,2\n");
  const { exit, stdout, stderr } = await say(["lint-file", "in.csv", "-m", "users"], { cwd: project.folder.path });
  expect(exit).toBe(7);
  expect(stdout).toBe("line 2: 3 fields where there are 2 columns\nin.csv: 2 rows, 1 problem\n");
  expect(stderr).toMatch(/^FILE_UNFIT {2}in\.csv is no file of users: 1 problem\./u);
});

test("lint-file finds nothing in a file in order, and tells so as JSON", async () => {
  await using project = await cliProject();
  await project.set({ a: "1" });
  await project.folder.write("in.csv", "id,name\na,1\n");
  const { exit, stdout } = await say(["lint-file", "in.csv", "-m", "users", "--json"], { cwd: project.folder.path });
  expect(exit).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, data: { stream: "users", rows: 1, problems: [], problem_count: 0 } });
});

test("lint-file refuses a file that is not there", async () => {
  await using project = await cliProject();
  await project.set({ a: "1" });
  const { exit, stderr } = await say(["lint-file", "none.csv", "-m", "users"], { cwd: project.folder.path });
  expect([exit, stderr.split("\n")[0]]).toEqual([2, expect.stringContaining("none.csv cannot be read")]);
});
