import { afterAll, beforeAll, expect, test } from "vitest";
import { cliProject, type CliProject } from "../support/cli-project.ts";
import { settled } from "../support/demo-project.ts";
import { say, steppingClock } from "../support/fake-host.ts";

let project: CliProject;
const clock = steppingClock(1);

async function transcript(args: readonly string[], answers: readonly string[] = []): Promise<string> {
  const left = [...answers];
  const asked: string[] = [];
  const ask = async (question: string): Promise<string> => {
    asked.push(question);
    return await Promise.resolve(left.shift() ?? "");
  };
  const { exit, stdout, stderr } = await say(["forget", "-m", "users", ...args, "-q"], { clock, cwd: project.folder.path, ask });
  return settled(`${asked.join("")}${stdout}--- stderr, exit ${exit}\n${stderr}`, project.folder).replaceAll(/x?RUN-ID-16-LETTER/g, "RUN");
}

beforeAll(async () => {
  project = await cliProject();
  for (const table of [
    { a: "1", b: "1", c: "1" },
    { b: "1", c: "2" },
  ]) {
    await project.set(table);
    await project.run();
  }
});
afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

test("where the rows stand is shown first, nothing is erased without the answer, and afterwards nothing is found", async () => {
  expect(await transcript(["--key", "a"], ["no"])).toMatchInlineSnapshot(`
    "users
      stored   2 files
        gen 1  users/log/000001-RUN.parquet  1 row
        gen 2  users/log/000002-RUN.parquet  1 row
      delivered in 2 objects, to be erased there:
        gen 1  FOLDER/out/users-000001-added-0001.csv
        gen 2  FOLDER/out/users-000002-removed-0001.csv
    1 key of users is erased from the state for good.
    Type users to go on: --- stderr, exit 2
    USAGE  Not confirmed, so nothing was done.
      Type users, or add --yes.
    "
  `);
  expect(await transcript(["--key", "id=a"], ["users"])).toMatchInlineSnapshot(`
    "users
      stored   2 files
        gen 1  users/log/000001-RUN.parquet  1 row
        gen 2  users/log/000002-RUN.parquet  1 row
      delivered in 2 objects, to be erased there:
        gen 1  FOLDER/out/users-000001-added-0001.csv
        gen 2  FOLDER/out/users-000002-removed-0001.csv
    1 key of users is erased from the state for good.
    Type users to go on: users  run RUN · forgotten: 2 files written anew
      delivered in 2 objects, to be erased there:
        gen 1  FOLDER/out/users-000001-added-0001.csv
        gen 2  FOLDER/out/users-000002-removed-0001.csv
    --- stderr, exit 0
    "
  `);
  expect(await transcript(["--key", "a", "--yes"])).toContain("nothing in the state tells of them");
  const { stdout } = await say(["verify", "-m", "users"], { clock, cwd: project.folder.path });
  expect(stdout).toContain("written anew by 1 erasure, as recorded");
});

test("what cannot be a key is refused without showing what was typed", async () => {
  await project.folder.write("mixed.txt", "a\nname=geheim\n");
  await project.folder.write("empty.txt", "\n");
  const told: string[] = [];
  for (const args of [
    [],
    ["--key", "name=geheim"],
    ["--keys-from", "mixed.txt"],
    ["--keys-from", "empty.txt"],
    ["--keys-from", "none.txt"],
    ["--key", "b"],
  ])
    told.push(await transcript([...args, "--yes"]));
  expect(told.join("")).not.toContain("geheim");
  expect(told.map((text) => /exit \d+\n(.*)/.exec(text)?.[1])).toMatchInlineSnapshot(`
    [
      "USAGE  Which rows are to be forgotten is not said.",
      "USAGE  name is no key column of users.",
      "USAGE  The keys do not all name the same columns.",
      "USAGE  empty.txt holds no key.",
      "USAGE  none.txt cannot be read: ENOENT.",
      "FORGET_STILL_TOLD  The destination of users still holds rows that are to be forgotten (1). Nothing was erased.",
    ]
  `);
});

test("--json tells the objects to erase, and prune what would go", async () => {
  const host = { clock, cwd: project.folder.path };
  const found = await say(["forget", "-m", "users", "--key", "c", "--dry-run", "--json"], host);
  expect(JSON.parse(found.stdout)).toMatchObject({
    data: {
      dry_run: true,
      streams: [
        {
          stream: "users",
          objects: [{ generation: 1, key: expect.any(String), url: expect.any(String) }, { generation: 2 }],
          told: expect.anything(),
        },
      ],
    },
  });
  const prunable = await say(["state", "prune", "--dry-run", "--json"], host);
  expect(JSON.parse(prunable.stdout)).toMatchObject({
    data: { dry_run: true, streams: [{ stream: "users", runs: [], files: [], horizon: null }] },
  });
});
