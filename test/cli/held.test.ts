import { afterAll, beforeAll, expect, test } from "vitest";
import { cliProject, type CliProject } from "../support/cli-project.ts";
import { settled } from "../support/demo-project.ts";
import { say, steppingClock } from "../support/fake-host.ts";

// One session, each test after the one before it.

let project: CliProject;
const clock = steppingClock(1);

function table(rows: number): Readonly<Record<string, string>> {
  return Object.fromEntries(Array.from({ length: rows }, (_, id) => [String(id), "x"]));
}

beforeAll(async () => {
  project = await cliProject();
  await project.set(table(200));
  await transcript("run", "-m", "users", "-q");
});
afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

async function transcript(...args: readonly string[]): Promise<string> {
  const { exit, stdout, stderr } = await say(args, { clock, cwd: project.folder.path, env: { USER: "anna" } });
  return settled(`${stdout}--- stderr, exit ${exit}\n${stderr}`, project.folder)
    .replaceAll(/anna@\S+/g, "anna@HOST")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "INSTANT");
}

test("a held run says why, where to look, and the two answers", async () => {
  await project.set(table(120));
  expect(await transcript("run", "-m", "users", "-q")).toMatchInlineSnapshot(`
    "users  run RUN-ID-16-LETTER · gen 2 · held · GUARD_REMOVED
      + added      0
      ~ changed    0
      - removed   80  66.67 %
      = same     120
      not sent: FOLDER/out
        users-000002-removed-0001.csv  80 rows  488 B
    Done in 0.0 s: 0 rows in 0 files.   Details: sync show RUN-ID-16-LETTER
    --- stderr, exit 3
    GUARD_REMOVED  users is held: removed 80 of 200 rows (40.0 %), max_removed is 20 %. Nothing was sent.
      Likely: the query lost a join, or a partition is late.
      Look: \`sync show RUN-ID-16-LETTER\`
      Right after all? \`sync approve RUN-ID-16-LETTER\`   Wrong? \`sync reject RUN-ID-16-LETTER\`
      About this code: sync explain GUARD_REMOVED
    "
  `);
  expect(await transcript("status")).toMatchInlineSnapshot(`
    "STREAM  STATE  LAST DELIVERY     ADDED  CHANGED  REMOVED  LAST RUN
    users   held   gen 1 · just now    200        0        0  held GUARD_REMOVED · just now
    --- stderr, exit 0
    "
  `);
});

test("what is held can be chosen by that, and what is not stands in no choice", async () => {
  expect(await transcript("history", "-s", "status:held", "--limit", "1")).toMatch(/users +2 .* held/);
  expect(await transcript("run", "-s", "status:failed")).toContain("No stream that was chosen is failed now.");
});

test("an approval is recorded with who and why", async () => {
  expect(await transcript("approve", "-m", "users", "--reason", "as agreed", "-q")).toMatchInlineSnapshot(`
    "users  run RUN-ID-16-LETTER · gen 2 · delivered
      + added      0
      ~ changed    0
      - removed   80  66.67 %
      = same     120
      FOLDER/out
        users-000002-removed-0001.csv  80 rows  488 B
    --- stderr, exit 0
    "
  `);
  expect(await transcript("history")).toMatchInlineSnapshot(`
    "RUN               STREAM  GEN  STARTED (UTC)     RESULT     ROWS  ADDED  CHANGED  REMOVED  FILES   TIME
    RUN-ID-16-LETTER  users     2  2026-11-23 12:00  delivered   120      0        0       80      1  0.0 s
    RUN-ID-16-LETTER  users     2  2026-11-23 12:00  approved    120      0        0       80      1  0.0 s
    RUN-ID-16-LETTER  users     1  2026-11-23 12:00  delivered   200    200        0        0      1  0.0 s
    --- stderr, exit 0
    "
  `);
  expect(await project.consumed()).toEqual(table(120));
});

test("nothing is held: there is nothing to answer", async () => {
  expect(await transcript("reject", "-m", "users")).toMatchInlineSnapshot(`
    "--- stderr, exit 2
    RUN_NOT_HELD  No run of users is held.
      \`sync status -m users\` shows how it stands.
      About this code: sync explain RUN_NOT_HELD
    "
  `);
  expect(await transcript("approve")).toMatchInlineSnapshot(`
    "--- stderr, exit 2
    USAGE  Name either one run or, with -m, the streams whose held runs are meant.
      sync approve RUN, or sync approve -m NAME. \`sync status\` shows what is held.
    "
  `);
});

test("a rejection is shown with the run", async () => {
  await project.set(table(10));
  await transcript("run", "-m", "users", "-q");
  expect(await transcript("reject", "-m", "users", "--reason", "a partition was late", "-q")).toMatchInlineSnapshot(`
    "users  run RUN-ID-16-LETTER · gen 3 · rejected · GUARD_REMOVED
      + added      0
      ~ changed    0
      - removed  110  1100.00 %
      = same      10
      not sent: FOLDER/out
        users-000003-removed-0001.csv  110 rows  578 B
    --- stderr, exit 0
    "
  `);
});

test("a plan says that a run would be held, keeps no bytes, and can be given the answer", async () => {
  expect(await transcript("plan", "-m", "users", "--show", "0", "--out", "next.plan", "-q")).toMatchInlineSnapshot(`
    "users  files (duckdb) -> out (local)
      base  gen 2 · 2026-11-23 12:00 UTC · 120 rows
      + added      0
      ~ changed    0
      - removed  110  1100.00 %
      = same      10
      Would hold gen 3
        users-000003-removed-0001.csv  110 rows  578 B
      Guards  removed 110 of 120 rows (91.7 %), max_removed is 20 % HELD
              changed 0 of 120 rows (0.0 %), max_changed is 50 % ok
              the result has 10 rows, min_rows is 1 ok
      A run would be held for approval. Nothing was delivered.
    --- stderr, exit 0
    warning  A guard would hold users, so next.plan was not written. Allow it here: --allow-removals N, --accept-schema-change; or run it and approve the run.
    "
  `);
  expect(
    (await say(["plan", "-m", "users", "--out", "next.plan", "--allow-removals", "110"], { clock, cwd: project.folder.path })).exit,
  ).toBe(0);
  expect(await transcript("run", "--plan", "next.plan", "-q")).toContain("delivered");
  expect(await project.consumed()).toEqual(table(10));
});
