import { afterAll, beforeAll, expect, test } from "vitest";
import { demoProject, settled } from "../support/demo-project.ts";
import { say as sayTo, steppingClock, type HostParts, type Said } from "../support/fake-host.ts";
import type { TempFolder } from "../support/temp-folder.ts";

let folder: TempFolder;
// One clock for the whole session, so that runs sort as they came; too fine for any time on the screen to show it.
const clock = steppingClock(1);

async function say(args: readonly string[], parts: HostParts): Promise<Said> {
  return await sayTo(args, { clock, ...parts });
}

beforeAll(async () => {
  folder = await demoProject();
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

async function transcript(...args: readonly string[]): Promise<string> {
  const { exit, stdout, stderr } = await say(args, { cwd: folder.path });
  return settled(`${stdout}--- stderr, exit ${exit}\n${stderr}`, folder);
}

// The tests of this file are one session, each after the one before it.

test("before anything ran, status says so", async () => {
  expect(await transcript("status")).toMatchInlineSnapshot(`
    "STREAM     STATE  LAST DELIVERY  ADDED  CHANGED  REMOVED  LAST RUN
    audiences  new    -                  -        -        -  -
    customers  new    -                  -        -        -  -
    --- stderr, exit 0
    "
  `);
});

test("preview shows the file's own lines", async () => {
  expect(await transcript("preview", "-m", "customers", "--limit", "2")).toMatchInlineSnapshot(`
    "Id;Name;Email;Company;Country;Tier;Credit;Note;Partner;UpdatedAt;Change
    1;"Ana ""Nita"" Çelik";customer0001@example.com;=SUM(A1:A9);BR;;79.19;;acme;2026-01-01T02:11:47.001;added
    2;"Łukasz Trailing  ";customer0002@example.com;"Quote ""Q"" Ltd";KE;bronze;158.38;;acme;2026-01-01T04:23:34.002;added
    --- stderr, exit 0
    "
  `);
});

test("a plan shows counts, files and examples", async () => {
  expect(await transcript("plan", "-m", "audiences", "--show", "1")).toMatchInlineSnapshot(`
    "audiences  warehouse (duckdb) -> partner (local)
      base  nothing delivered yet
      + added    810  100.00 %
      ~ changed    0
      - removed    0
      = same       0
      Would deliver gen 1
        audiences/000001/added-0001.csv  810 rows  55.1 kB
      Examples
        + CustomerId=1  Audience=vip  Email=customer0001@example.com  Spent=25576.84
      Guards  the result has 810 rows, min_rows is 1 ok
      Nothing was delivered.
    --- stderr, exit 0
    audiences  run RUN-ID-16-LETTER
      ok  describe                                                               0.0 s
      ok  diff       810 rows: +810 ~0 -0                                        0.0 s
      ok  files      1 file, 55.1 kB                                             0.0 s
    "
  `);
});

test("a first run delivers every row", async () => {
  expect(await transcript("run", "--all")).toMatchInlineSnapshot(`
    "audiences  run RUN-ID-16-LETTER · gen 1 · delivered
      + added    810  100.00 %
      ~ changed    0
      - removed    0
      = same       0
      FOLDER/out
        audiences/000001/added-0001.csv  810 rows  55.1 kB
    customers  run RUN-ID-16-LETTER · gen 1 · delivered
      + added    3,000  100.00 %
      ~ changed      0
      - removed      0
      = same         0
      FOLDER/out
        customers/000001/added-0001.csv  3,000 rows  329.1 kB
    Done in 0.0 s: 3,810 rows in 2 files.   Details: sync history
    --- stderr, exit 0
    audiences  run RUN-ID-16-LETTER
      ok  describe                                                               0.0 s
      ok  diff       810 rows: +810 ~0 -0                                        0.0 s
      ok  files      1 file, 55.1 kB                                             0.0 s
      ok  plan                                                                   0.0 s
      ok  deliver    1 file                                                      0.0 s
      ok  manifest                                                               0.0 s
      ok  snapshot                                                               0.0 s
    customers  run RUN-ID-16-LETTER
      ok  describe                                                               0.0 s
      ok  diff       3,000 rows: +3,000 ~0 -0                                    0.0 s
      ok  files      1 file, 329.1 kB                                            0.0 s
      ok  plan                                                                   0.0 s
      ok  deliver    1 file                                                      0.0 s
      ok  manifest                                                               0.0 s
      ok  snapshot                                                               0.0 s
    "
  `);
});

test("the day after, a plan shows what changed", async () => {
  await say(["init", "--next-day"], { cwd: folder.path });
  expect(await transcript("plan", "-m", "customers", "--show", "2", "-q")).toMatchInlineSnapshot(`
    "customers  warehouse (duckdb) -> partner (local)
      base  gen 1 · 2026-11-23 12:00 UTC · 3,000 rows
      + added       39  1.29 %
      ~ changed     28  0.93 %  Email 10 · Company 3 · Tier 10 · Note 6
      - removed     12  0.40 %
      = same     2,960
      Would deliver gen 2
        customers/000002/removed-0001.csv  12 rows  1.4 kB
        customers/000002/changed-0001.csv  28 rows  3.4 kB
        customers/000002/added-0001.csv    39 rows  4.0 kB
      Examples
        + Id=3001  Name=Chloé Le Goff, fille  Email=customer3001@example.com  Company=NULL  Country=FR  Tier=bronze  Credit=0.00  Note=NULL  Partner=acme  UpdatedAt=2026-11-02T09:00:00
        + Id=3002  Name="Tú \\"Anh\\" Nguyễn"  Email=customer3002@example.com  Company=NULL  Country=VN  Tier=bronze  Credit=0.00  Note=NULL  Partner=acme  UpdatedAt=2026-11-02T09:00:00
        ~ Id=3  Company: NULL -> ""
        ~ Id=4  Email: customer0004@example.com -> new.customer0004@example.com  UpdatedAt: 2026-01-01T08:47:08.004 -> 2026-11-02T10:05:00
        - Id=17  Name=Ἰωάννης Ngũgĩ  Email=customer0017@example.com  Company=""  Country=JP  Tier=silver  Credit=1346.23  Note=NULL  Partner=acme  UpdatedAt=2026-01-02T13:20:19.017
        - Id=267  Name=Noor Nguyễn  Email=customer0267@example.com  Company=NULL  Country=BR  Tier=NULL  Credit=1143.67  Note=NULL  Partner=acme  UpdatedAt=2026-01-25T10:26:09.267
      Guards  removed 12 of 3,000 rows (0.4 %), max_removed is 20 % ok
              changed 28 of 3,000 rows (0.9 %), max_changed is 50 % ok
              the result has 3,027 rows, min_rows is 1 ok
      Nothing was delivered.
    --- stderr, exit 0
    "
  `);
  const { exit } = await say(["plan", "-m", "customers", "-q", "--detailed-exitcode"], { cwd: folder.path });
  expect(exit).toBe(10);
});

test("the second run delivers the change, and a third has nothing to tell", async () => {
  expect(await transcript("run", "-m", "customers", "-q")).toMatchInlineSnapshot(`
    "customers  run RUN-ID-16-LETTER · gen 2 · delivered
      + added       39  1.29 %
      ~ changed     28  0.93 %  Email 10 · Company 3 · Tier 10 · Note 6
      - removed     12  0.40 %
      = same     2,960
      FOLDER/out
        customers/000002/removed-0001.csv  12 rows  1.4 kB
        customers/000002/changed-0001.csv  28 rows  3.4 kB
        customers/000002/added-0001.csv    39 rows  4.0 kB
    Done in 0.0 s: 79 rows in 3 files.   Details: sync show RUN-ID-16-LETTER
    --- stderr, exit 0
    "
  `);
  expect(await transcript("run", "-m", "customers", "-q")).toMatchInlineSnapshot(`
    "customers  run RUN-ID-16-LETTER · unchanged
      3,027 rows looked at, nothing to tell
    Done in 0.0 s: 0 rows in 0 files.   Details: sync show RUN-ID-16-LETTER
    --- stderr, exit 0
    "
  `);
  const { exit } = await say(["plan", "-m", "customers", "-q", "--detailed-exitcode"], { cwd: folder.path });
  expect(exit).toBe(0);
});

test("status and history look back", async () => {
  expect(await transcript("status")).toMatchInlineSnapshot(`
    "STREAM     STATE  LAST DELIVERY     ADDED  CHANGED  REMOVED  LAST RUN
    audiences  ok     gen 1 · just now    810        0        0  delivered · just now
    customers  ok     gen 2 · just now     39       28       12  unchanged · just now
    --- stderr, exit 0
    "
  `);
  expect(await transcript("history", "--limit", "3")).toMatchInlineSnapshot(`
    "RUN               STREAM     GEN  STARTED (UTC)     RESULT      ROWS  ADDED  CHANGED  REMOVED  FILES   TIME
    RUN-ID-16-LETTER  customers    -  2026-11-23 12:00  unchanged  3,027      0        0        0      0  0.0 s
    RUN-ID-16-LETTER  customers    2  2026-11-23 12:00  delivered  3,027     39       28       12      3  0.0 s
    RUN-ID-16-LETTER  customers    1  2026-11-23 12:00  delivered  3,000  3,000        0        0      1  0.0 s
    --- stderr, exit 0
    "
  `);
});

test("a kept plan is delivered as it was shown, once", async () => {
  expect(await transcript("plan", "-m", "audiences", "--show", "0", "--out", "next.plan", "-q")).toMatchInlineSnapshot(`
    "audiences  warehouse (duckdb) -> partner (local)
      base  gen 1 · 2026-11-23 12:00 UTC · 810 rows
      + added      5  0.63 %
      ~ changed    0
      - removed   21  2.64 %
      = same     789
      Would deliver gen 2
        audiences/000002/removed-0001.csv  21 rows  1.5 kB
        audiences/000002/added-0001.csv     5 rows   359 B
      Guards  removed 21 of 810 rows (2.6 %), max_removed is 20 % ok
              changed 0 of 810 rows (0.0 %), max_changed is 50 % ok
              the result has 794 rows, min_rows is 1 ok
      Nothing was delivered.

    Deliver exactly this:  sync run --plan next.plan
    --- stderr, exit 0
    "
  `);
  expect(await transcript("run", "--plan", "next.plan", "-q")).toMatchInlineSnapshot(`
    "audiences  run RUN-ID-16-LETTER · gen 2 · delivered
      + added      5  0.63 %
      ~ changed    0
      - removed   21  2.64 %
      = same     789
      FOLDER/out
        audiences/000002/removed-0001.csv  21 rows  1.5 kB
        audiences/000002/added-0001.csv     5 rows   359 B
    Done in 0.0 s: 26 rows in 2 files.   Details: sync show RUN-ID-16-LETTER
    --- stderr, exit 0
    "
  `);
  expect(await transcript("run", "--plan", "next.plan", "-q")).toMatchInlineSnapshot(`
    "audiences  run RUN-ID-16-LETTER · failed · PLAN_STALE
    Done in 0.0 s: 0 rows in 0 files.   Details: sync show RUN-ID-16-LETTER
    --- stderr, exit 3
    PLAN_STALE  audiences has moved on since the plan of generation 2 was made. Nothing was sent.
      Make a new plan: \`sync plan -m audiences --out FILE\`.
      About this code: sync explain PLAN_STALE
    "
  `);
});

test("a run that does not exist is an error with a next step", async () => {
  expect(await transcript("show", "ZZZ")).toMatchInlineSnapshot(`
    "--- stderr, exit 2
    RUN_NOT_FOUND  No run begins with ZZZ.
      \`sync history\` lists the runs.
      About this code: sync explain RUN_NOT_FOUND
    "
  `);
});

test("state commands ask first, and do nothing where nobody can answer", async () => {
  expect(await transcript("state", "reset", "-m", "audiences")).toMatchInlineSnapshot(`
    "--- stderr, exit 2
    USAGE  The next run of audiences states every row again, and a delivery under way is given up. Generations go on counting. This asks first, and nobody can answer.
      Add --yes to go on.
    "
  `);
  const wrong = await say(["state", "reset", "-m", "audiences"], { cwd: folder.path, ask: () => Promise.resolve("no") });
  expect(wrong).toMatchObject({ exit: 2, stdout: "" });
  const noInput = await say(["state", "reset", "-m", "audiences", "--no-input"], {
    cwd: folder.path,
    ask: () => Promise.resolve("audiences"),
  });
  expect(noInput).toMatchObject({ exit: 2, stdout: "" });
  const right = await say(["state", "reset", "-m", "audiences"], { cwd: folder.path, ask: () => Promise.resolve("audiences") });
  expect(right).toMatchObject({ exit: 0, stdout: expect.stringContaining("reset") });
});

test("a stream that is switched off is left out, and said to be", async () => {
  await folder.write(
    "models/off.yaml",
    "source: warehouse\ndestination: partner\ntable: orders\nprimary_key: [order_id]\nenabled: false\n",
  );
  for (const command of ["plan", "run"]) {
    const { exit, stderr } = await say([command, "-m", "off"], { cwd: folder.path });
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: "warning  off is switched off (enabled: false), so it was left out.\n" });
  }
});

test("more jobs than threads are said to wait", async () => {
  const { exit, stderr } = await say(["run", "-m", "customers", "--jobs", "9", "-q"], { cwd: folder.path });
  expect(exit).toBe(0);
  expect(stderr).toContain("3 streams run at a time. For 9, set UV_THREADPOOL_SIZE=10");
});

test.each(["yesterday", "2026-11-23T06:00:00", "2026-13-01T00:00:00Z"])("--slot %s is refused", async (slot) => {
  const { exit, stderr } = await say(["run", "-m", "customers", "--slot", slot], { cwd: folder.path });
  expect(exit).toBe(2);
  expect(stderr).toContain(`--slot ${slot} is no instant.`);
});

test("json logs are one object a line, with the level and the phase", async () => {
  const { stderr } = await say(["run", "-m", "customers", "--log-format", "json"], { cwd: folder.path });
  const lines = stderr
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  expect(lines.length).toBeGreaterThan(4);
  for (const line of lines) {
    expect(line).toMatchObject({
      level: "info",
      event: expect.stringMatching(/^(?:run|phase)\.\w+$/),
      stream: "customers",
      model: "customers",
      run: lines[0]?.["run"],
      generation: expect.any(Number),
      time: expect.any(String),
    });
  }
  expect(lines[0]).toMatchObject({ event: "run.began" });
  expect(lines[1]).toMatchObject({ event: "phase.started", phase: expect.any(String) });
  expect(lines.at(-1)).toMatchObject({ event: "run.ended", status: expect.any(String), ms: expect.any(Number) });
});
