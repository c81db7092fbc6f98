import { expect, test } from "vitest";
import type { Grant } from "../support/s3/accounts.ts";
import { BUCKET, PUT_ONLY } from "../support/s3/s3-fixture.ts";
import { EXTERNAL_ID, type S3Project, s3Project, type S3ProjectSetup } from "../support/s3/s3-project.ts";

// What goes wrong on the way to the partner, seen from the command line. The state is a folder here.

const REMOTE: S3ProjectSetup = { state: "folder" };
const CHANGED = "in/users-000002-changed-0001.csv";

async function run(project: S3Project): Promise<{ readonly exit: number; readonly stderr: string; readonly stdout: string }> {
  return await project.say("a", ["run", "-q"]);
}

async function opened(setup: S3ProjectSetup = {}): Promise<S3Project> {
  const project = await s3Project({ ...REMOTE, ...setup });
  await project.set({ a: "1", b: "1" });
  expect(await run(project)).toMatchObject({ exit: 0, stderr: "" });
  await project.set({ a: "2", c: "1" });
  return project;
}

async function expectWhole(project: S3Project): Promise<void> {
  expect(await project.consumed()).toEqual({ a: "2", c: "1" });
  const commits = project.commits();
  expect(commits.toSorted()).toEqual([...new Set(commits)].toSorted());
  expect(commits.at(-1)).toBe("in/_spillway/users/000002.json");
}

test("a role that may only put objects, and asks for its ExternalId, is enough for two generations", async () => {
  await using project = await opened();
  expect(await run(project)).toMatchObject({ exit: 0, stderr: "" });
  await expectWhole(project);
  expect(project.server.requests.filter(({ operation }) => operation === "GetObject" || operation === "ListObjectsV2")).toEqual([]);
});

test.each([
  { what: "a wrong", external_id: "sync-other" },
  { what: "a missing", external_id: undefined },
])("with $what ExternalId nothing is sent, and the statement is told", async ({ external_id }) => {
  await using project = await s3Project({ ...REMOTE, destination: { external_id } });
  await project.set({ a: "1" });
  const { exit, stderr } = await run(project);
  expect({ exit, stderr }).toEqual({ exit: 6, stderr: expect.stringContaining("DESTINATION_ROLE_REFUSED") });
  expect(stderr).toContain(external_id === undefined ? "set `external_id`" : `"sts:ExternalId": "sync-other"`);
  expect(project.server.buckets.commits).toEqual([]);
});

test.each([
  { name: "500", fault: { kind: "status", status: 500, code: "InternalError" } },
  { name: "503", fault: { kind: "status", status: 503, code: "SlowDown" } },
  { name: "a broken connection", fault: { kind: "reset" } },
] as const)(
  "an object that only meets $name ends the run with 6; the next run sends what is missing, once",
  { timeout: 60_000 },
  async ({ fault }) => {
    await using project = await opened();
    project.server.faults.add({ operation: "PutObject", key: CHANGED, fault, times: 1000 });
    const first = await run(project);
    expect({ exit: first.exit, stderr: first.stderr }).toEqual({
      exit: 6,
      stderr: expect.stringMatching(/DESTINATION_UNA(?:VAILABLE|NSWERED)/),
    });
    expect((await project.say("a", ["status"])).stdout).toContain("unfinished gen 2");
    expect(project.commits()).not.toContain("in/_spillway/users/000002.json");

    project.server.faults.clear();
    // The table has moved on: what was planned goes first, as it was planned.
    expect(await run(project)).toMatchObject({ exit: 0, stderr: "" });
    await expectWhole(project);
  },
);

test.each(["PutObject", "AssumeRole"] as const)("S03: one %s that fails is tried again within the run", async (operation) => {
  await using project = await opened();
  project.server.faults.add({ operation, fault: { kind: "status", status: 503, code: "SlowDown" } });
  expect(await run(project)).toMatchObject({ exit: 0, stderr: "" });
  await expectWhole(project);
});

test.each(["lost_reply", "done_then_500"] as const)(
  "S04: where nobody may look, a PUT that ends as %s is neither sent twice nor taken for another's",
  async (kind) => {
    await using project = await opened();
    project.server.faults.add({ operation: "PutObject", key: CHANGED, fault: { kind } });
    expect(await run(project)).toMatchObject({ exit: 0, stderr: "" });
    await expectWhole(project);
  },
);

test("S09: a session that ends in the middle of a delivery is renewed, and the delivery goes on", async () => {
  await using project = await opened();
  project.server.faults.add({ operation: "PutObject", key: CHANGED, fault: { kind: "expire_sessions" } });
  expect(await run(project)).toMatchObject({ exit: 0, stderr: "" });
  expect(project.server.count("AssumeRole")).toBeGreaterThan(2);
  await expectWhole(project);
});

test("a session that ends in the middle of an upload in parts is renewed, and the one object is whole", { timeout: 60_000 }, async () => {
  // 34,000 rows of 2 KiB: more than goes in one PUT.
  const query = "SELECT i::VARCHAR AS id, repeat(md5(i::VARCHAR), 64) AS name FROM range(34000) AS numbers(i)";
  await using project = await s3Project({ ...REMOTE, query });
  project.server.faults.add({ operation: "UploadPart", nth: 4, fault: { kind: "expire_sessions" } });
  expect(await run(project)).toMatchObject({ exit: 0, stderr: "" });
  const key = "in/users-000001-added-0001.csv";
  const commit = project.server.buckets.commits.find((each) => each.key === key);
  expect(commit).toMatchObject({ operation: "CompleteMultipartUpload", parts: 9 });
  const manifest = project.server.buckets.get(BUCKET).objects.get("in/_spillway/users/000001.json")?.bytes.toString() ?? "";
  expect(JSON.parse(manifest)).toMatchObject({ objects: [{ size: commit?.size, sha256: commit?.sha256, rows: 34_000 }] });
  expect(project.server.count("AssumeRole")).toBe(2);
});

test("somebody else's object under a planned key stops the run, and is never replaced", async () => {
  const grants: readonly Grant[] = [...PUT_ONLY, { actions: ["s3:GetObject", "s3:ListBucket"], resources: ["*"] }];
  await using project = await opened({ role: { grants, externalId: EXTERNAL_ID } });
  const { objects } = project.server.buckets.get(BUCKET);
  const theirs = { bytes: Buffer.from("theirs"), etag: "x", metadata: {}, headers: {}, tags: "", modified: new Date(0) };
  objects.set(CHANGED, theirs);
  const { exit, stderr } = await run(project);
  expect({ exit, stderr }).toEqual({ exit: 6, stderr: expect.stringContaining("FOREIGN_OBJECT") });
  expect(objects.get(CHANGED)).toBe(theirs);
  objects.delete(CHANGED);
  expect(await run(project)).toMatchObject({ exit: 0 });
  await expectWhole(project);
});

test.each(["ignored", "refused"] as const)(
  "an endpoint where conditions are %s says which promise is weaker, and delivers the same bytes",
  async (conditionalWrites) => {
    const grants: readonly Grant[] = [...PUT_ONLY, { actions: ["s3:GetObject", "s3:ListBucket"], resources: ["*"] }];
    await using project = await s3Project({ ...REMOTE, server: { conditionalWrites }, role: { grants, externalId: EXTERNAL_ID } });
    await project.set({ a: "1", b: "1" });
    const first = await run(project);
    expect(first.exit).toBe(0);
    expect(first.stderr).toContain("another writer is not noticed");
    await project.set({ a: "2", c: "1" });
    project.server.faults.add({ operation: "PutObject", key: CHANGED, fault: { kind: "lost_reply" } });
    expect((await run(project)).exit).toBe(0);
    expect(await project.consumed()).toEqual({ a: "2", c: "1" });
    const versions = new Set(project.server.buckets.commits.map(({ key, sha256 }) => `${key} ${sha256}`));
    expect(versions.size).toBe(new Set(project.server.buckets.commits.map(({ key }) => key)).size);
  },
);
