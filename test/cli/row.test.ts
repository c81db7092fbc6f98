import { afterAll, beforeAll, expect, test } from "vitest";
import { cliProject, type CliProject } from "../support/cli-project.ts";
import { settled } from "../support/demo-project.ts";
import { say, steppingClock } from "../support/fake-host.ts";

let project: CliProject;
const clock = steppingClock(1);

async function transcript(...args: readonly string[]): Promise<string> {
  const { exit, stdout, stderr } = await say(args, { clock, cwd: project.folder.path });
  return settled(`${stdout}--- stderr, exit ${exit}\n${stderr}`, project.folder);
}

beforeAll(async () => {
  project = await cliProject();
  for (const table of [{ a: "1", b: "1" }, { a: "2", b: "1" }, { b: "1" }]) {
    await project.set(table);
    await transcript("run", "-m", "users", "-q");
  }
});
afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

test("a row's deliveries are told one after the other, with what stood before and the file", async () => {
  expect(await transcript("row", "-m", "users", "--key", "id=a")).toMatchInlineSnapshot(`
    "users  id=a
      gen 1 · 2026-11-23 12:00 UTC · run RUN-ID-16-LETTER · added
        + id=a  name=1
        users-000001-added-0001.csv
      gen 2 · 2026-11-23 12:00 UTC · run RUN-ID-16-LETTER · changed
        ~ id=a  name: 1 -> 2
        users-000002-changed-0001.csv
      gen 3 · 2026-11-23 12:00 UTC · run RUN-ID-16-LETTER · removed
        - id=a  name=2
        users-000003-removed-0001.csv
      told 3 times
    --- stderr, exit 0
    "
  `);
});

test("a row that was never told has no deliveries", async () => {
  expect(await transcript("row", "-m", "users", "--key", "id=z'--")).toMatchInlineSnapshot(`
    "users  id=z'--
      No delivery on record tells of this row.
    --- stderr, exit 0
    "
  `);
});

test("--json tells each column before and after", async () => {
  const { stdout } = await say(["row", "-m", "users", "--key", "id=a", "--json"], { clock, cwd: project.folder.path });
  expect(JSON.parse(stdout)).toMatchObject({
    data: {
      deliveries: [
        { generation: 1, change: "added", end: "delivered" },
        { generation: 2, change: "changed", columns: [{ name: "id" }, { name: "name", before: "1", after: "2" }] },
        { generation: 3, change: "removed", columns: [{ name: "id" }, { name: "name", before: "2", after: null }] },
      ],
    },
  });
});

test.each([["--key", "name=1"], ["--key", "id"], ["--key", "id=a,name=1"], []])(
  "a key that is not the primary key is refused (%s %s)",
  async (...key) => {
    const { exit, stdout } = await say(["row", "-m", "users", ...key], { clock, cwd: project.folder.path });
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: "" });
  },
);
