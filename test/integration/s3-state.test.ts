import { readdir, rm } from "node:fs/promises";
import { expect, test } from "vitest";
import { type Executed, executeCli } from "../support/execute.ts";
import { BUCKET } from "../support/s3/s3-fixture.ts";
import { type S3Project, s3Project, STATE_BUCKET } from "../support/s3/s3-project.ts";

// Hosts that share nothing but two buckets: the state's, and the partner's, reached through a role that may only put objects.

async function deliver(project: S3Project, host: string, table: Readonly<Record<string, string>>): Promise<void> {
  await project.set(table);
  expect(await project.say(host, ["run", "-q"])).toMatchObject({ exit: 0, stderr: "" });
  expect(await project.consumed()).toEqual(table);
}

/** The built program on a host, stopped at a failpoint where one is named. */
async function execute(project: S3Project, host: string, failpoint?: string): Promise<Executed> {
  return await executeCli(["run", "-q"], { cwd: await project.host(host), env: { SPILLWAY_FAILPOINT: failpoint } });
}

function expectEachOnce(project: S3Project): void {
  const commits = project.commits();
  expect(commits.toSorted()).toEqual([...new Set(commits)].toSorted());
}

test("hosts take turns on a state in a bucket, and sessions name the stream and its generation", { timeout: 60_000 }, async () => {
  await using project = await s3Project();
  for (let turn = 1; turn <= 4; turn += 1) await deliver(project, turn % 2 === 0 ? "a" : "b", { k: String(turn), [`n${turn}`]: "x" });
  expectEachOnce(project);
  const sessions = project.server.buckets.commits.filter(({ bucket, key }) => bucket === BUCKET && key.includes("users-00000"));
  for (const { key, principal } of sessions)
    expect(principal).toBe(`arn:aws:sts::444455556666:assumed-role/acme-in/spillway-users-00000${/users-00000(\d)/.exec(key)?.[1] ?? ""}`);
  expect(sessions.length).toBeGreaterThan(4);
  // Nothing of a host is needed: its scratch holds copies at most.
  await rm(project.folder.at("a", "tmp"), { recursive: true });
  await deliver(project, "a", { k: "5" });
  expect(await readdir(project.folder.at("a", "tmp"))).toEqual(["cache"]);
});

test("a host does not fetch back what it has just put into the state", { timeout: 60_000 }, async () => {
  await using project = await s3Project();
  for (let turn = 1; turn <= 3; turn += 1) await deliver(project, "a", { k: String(turn), [`n${turn}`]: "x" });
  const fetched = project.server.requests.filter(({ operation, key }) => operation === "GetObject" && /\/files\/|\.parquet$/.test(key));
  // The delta of an open plan is checked where it lies before it is promoted.
  expect(fetched.filter(({ key }) => !key.includes("/log/"))).toEqual([]);
});

test("a host that is killed after its plan leaves bytes that another one delivers, the same and once", { timeout: 60_000 }, async () => {
  await using project = await s3Project();
  await deliver(project, "a", { a: "1", b: "1" });
  await project.set({ a: "2", c: "1" });
  expect((await execute(project, "a", "deliver.after-put=kill")).signal).toBe("SIGKILL");
  const planned = [...project.server.buckets.get(STATE_BUCKET).objects.keys()].filter((key) => key.includes("/plans/000002"));
  expect(planned).toContain("prod/users/plans/000002.json");
  await rm(project.folder.at("a"), { recursive: true });

  // The table has moved on; what was planned is delivered first, as it was planned, by a host that never saw it.
  await project.set({ a: "3", c: "1" });
  const said = await execute(project, "b");
  expect(`${said.code} ${said.stderr}`).toBe("0 ");
  expect(await project.consumed()).toEqual({ a: "3", c: "1" });
  expect(project.server.buckets.get(BUCKET).objects.get("in/users-000002-changed-0001.csv")?.bytes.toString()).toBe("id,name\na,2\n");
  expectEachOnce(project);
});

test("every command reads a state in a bucket, and a plan made on one host is run on another", { timeout: 60_000 }, async () => {
  await using project = await s3Project();
  await deliver(project, "a", { a: "1" });
  await project.set({ a: "2", b: "1" });
  const plan = project.folder.at("next.plan");
  expect(await project.say("a", ["plan", "-q", "--out", plan])).toMatchObject({ exit: 0, stderr: "" });
  await rm(project.folder.at("a", "tmp"), { recursive: true });
  await project.set({ a: "9" });
  expect(await project.say("b", ["run", "-q", "--plan", plan])).toMatchObject({ exit: 0, stderr: "" });
  expect(await project.consumed()).toEqual({ a: "2", b: "1" });
  expect((await project.say("a", ["status"])).stdout).toContain("gen 2");
  const history = (await project.say("a", ["history"])).stdout;
  expect(history.split("\n").filter((line) => line.includes("delivered"))).toHaveLength(2);
  const [run = ""] = /01[0-9A-Z]{14}/.exec(history) ?? [];
  expect((await project.say("b", ["show", run])).stdout).toContain(run);
  expect(await project.say("b", ["state", "reset", "--yes"])).toMatchObject({ exit: 0 });
  await deliver(project, "a", { a: "9" });
  await project.set({ a: "10" });
  expect(await project.say("b", ["state", "baseline", "--yes"])).toMatchObject({ exit: 0 });
  expect((await project.say("a", ["run", "-q"])).stdout).toContain("nothing to tell");
  expect((await project.say("a", ["verify"])).stdout).toContain("as written");
});

test("a state root that ignores conditions is refused by every command before anything is done", async () => {
  await using project = await s3Project({ server: { conditionalWrites: "ignored" } });
  await project.set({ a: "1" });
  for (const args of [["run"], ["plan"], ["status"], ["state", "reset", "--yes"]]) {
    const { exit, stderr } = await project.say("a", args);
    expect({ args, exit, stderr }).toEqual({ args, exit: 9, stderr: expect.stringContaining("STATE_CONDITIONS_IGNORED") });
  }
  expect(project.commits()).toEqual([]);
});

test("what keeps the state's bucket from answering is told as the state's, and nothing is sent", async () => {
  await using project = await s3Project({ state: { url: "s3://acme-stat/prod" } });
  await project.set({ a: "1" });
  const { exit, stderr } = await project.say("a", ["run", "-q"]);
  expect({ exit, stderr }).toEqual({ exit: 9, stderr: expect.stringContaining("STATE_UNAVAILABLE") });
  expect(stderr).toContain("acme-stat");
  expect(stderr).not.toContain("destination");
  expect(project.commits()).toEqual([]);
});
