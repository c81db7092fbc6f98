import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cliProject, type CliProject } from "../support/cli-project.ts";
import { settled } from "../support/demo-project.ts";
import { say, steppingClock } from "../support/fake-host.ts";

// One session, each test after the one before it.

let project: CliProject;
const clock = steppingClock(1);

async function transcript(...args: readonly string[]): Promise<string> {
  const { exit, stdout, stderr } = await say([...args, "-q"], { clock, cwd: project.folder.path });
  return settled(`${stdout}--- stderr, exit ${exit}\n${stderr}`, project.folder)
    .replaceAll(/\([\d.]+ k?B\)/g, "(SIZE)")
    .replaceAll(/-[0-9A-Z]{16}\.parquet/g, "-RUN.parquet")
    .replaceAll(/-RUN-ID-16-LETTER\.parquet/g, "-RUN.parquet");
}

beforeAll(async () => {
  project = await cliProject();
  for (const table of [{ a: "1", b: "1" }, { a: "2", b: "1" }, { b: "1" }]) {
    await project.set(table);
    await transcript("run", "-m", "users");
  }
});
afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

test("a delivered object that was cut off is named with its generation, and exit 6 says so", async () => {
  await truncate(project.folder.at("out/users-000002-changed-0001.csv"), 9);
  expect(await transcript("verify")).toMatchInlineSnapshot(`
    "users  gen 3
      ok  state    1 file (SIZE) as written
      ok  fold     gen 1 and 2 deltas after it give the snapshot
      ok  objects  5 objects (SIZE) hold the bytes delivered
      FAIL  gen 2  users-000002-changed-0001.csv  OTHER BYTES
      ok  deltas   gen 1, 2, 3 as stored give the very files that were delivered
    --- stderr, exit 6
    OBJECT_CHANGED  At the destination, other bytes stand than were delivered: users-000002-changed-0001.csv (generation 2).
      Find out who writes there: Spillway never replaces a delivered object. Once such an object is moved away, \`sync replay -m users --generation 2 --same-keys\` puts the bytes back that were delivered.
      About this code: sync explain OBJECT_CHANGED
    "
  `);
  await rm(project.folder.at("out/users-000002-changed-0001.csv"));
  expect(await transcript("replay", "-m", "users", "--generation", "2", "--same-keys")).toContain("1 object");
  expect(await transcript("verify")).toContain("exit 0");
});

test("a snapshot that is another table than the deltas tell is SNAPSHOT_DIFFERS, until it is repaired from them", async () => {
  const entries = project.folder.at("state/users/current");
  const newest = `${entries}/${(await readdir(entries)).toSorted().at(-1)}`;
  const { delta } = JSON.parse(await readFile(project.folder.at("state/users/plans/000001.json"), "utf8")) as { delta: object };
  const current = JSON.parse(await readFile(newest, "utf8")) as object;
  await rm(newest);
  await writeFile(newest, `${JSON.stringify({ ...current, base: delta, log: [], rows: 2 })}\n`);
  expect(await transcript("verify")).toMatchInlineSnapshot(`
    "users  gen 3
      ok  state    1 file (SIZE) as written
      FAIL  fold     gen 1 and 2 deltas after it give another table: 1 row in the snapshot alone
      FAIL  fold     gen 3 told 1 such row last
      ok  objects  6 objects (SIZE) hold the bytes delivered
      ok  deltas   gen 1, 2, 3 as stored give the very files that were delivered
    --- stderr, exit 9
    SNAPSHOT_DIFFERS  Of users, the stored deltas give another table than its snapshot (1 row in the snapshot alone, last told by generation 3), although every hash is right.
      \`sync state repair -m users --from-deltas\` puts the snapshot together from the deltas, which their plans prove.
      About this code: sync explain SNAPSHOT_DIFFERS
    "
  `);
  expect(await transcript("state", "repair", "-m", "users", "--from-deltas", "--yes")).toContain("repaired");
  expect(await transcript("run", "-m", "users")).toContain("unchanged");
  expect(await transcript("verify")).toContain("exit 0");
});

test("a stored delta of the past that is lost is HISTORY_DAMAGED, and no run minds", async () => {
  const log = project.folder.at("state/users/log");
  await rm(`${log}/${(await readdir(log)).find((name) => name.startsWith("000002-")) ?? ""}`);
  expect(await transcript("verify")).toMatchInlineSnapshot(`
    "users  gen 3
      ok  state    1 file (SIZE) as written
      FAIL  history  gen 2  users/log/000002-RUN.parquet missing
      ok  fold     the base of gen 2 and 1 delta after it give the snapshot
      ok  objects  6 objects (SIZE) hold the bytes delivered
      ok  deltas   gen 1, 3 as stored give the very files that were delivered
    --- stderr, exit 9
    HISTORY_DAMAGED  1 stored delta of the past cannot be read: users/log/000002-RUN.parquet (generation 2, missing).
      Restore the named object from a backup of the state root. Without one, nothing has to be done: what is delivered from here on is on record again.
      About this code: sync explain HISTORY_DAMAGED
    "
  `);
  await project.set({ b: "2" });
  expect(await transcript("run", "-m", "users")).toContain("exit 0");
});
