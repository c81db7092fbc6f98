import { readdir, truncate } from "node:fs/promises";
import { expect, test } from "vitest";
import type { Grant } from "../support/s3/accounts.ts";
import { BUCKET, PUT_ONLY } from "../support/s3/s3-fixture.ts";
import { EXTERNAL_ID, type S3Project, s3Project } from "../support/s3/s3-project.ts";

const READER: readonly Grant[] = [...PUT_ONLY, { actions: ["s3:GetObject", "s3:ListBucket"], resources: ["*"] }];
const readable = { role: { grants: READER, externalId: EXTERNAL_ID }, state: "folder" } as const;

interface Verified {
  readonly exit: number;
  readonly error: { readonly code: string } | null;
  readonly objects: Readonly<Record<string, string>>;
  readonly skipped: readonly number[];
}

async function verified(project: S3Project, ...args: readonly string[]): Promise<Verified> {
  const { exit, stdout } = await project.say("a", ["verify", "--json", ...args]);
  const { data, error } = JSON.parse(stdout) as {
    data: { streams: readonly { objects: readonly { key: string; status: string }[]; skipped: readonly number[] }[] };
    error: Verified["error"];
  };
  const [stream] = data.streams;
  return {
    exit,
    error,
    skipped: stream?.skipped ?? [],
    objects: Object.fromEntries((stream?.objects ?? []).map(({ key, status }) => [key, status])),
  };
}

async function delivered(project: S3Project): Promise<void> {
  for (const table of [{ a: "1", b: "1" }, { a: "2" }] as const) {
    await project.set(table);
    expect(await project.say("a", ["run", "-q"])).toMatchObject({ exit: 0, stderr: "" });
  }
}

test("a stream that was never opened has nothing to compare", async () => {
  await using project = await s3Project(readable);
  await project.set({ a: "1" });
  expect(await project.say("a", ["verify"])).toMatchObject({ exit: 0, stdout: "users  nothing delivered yet\n" });
});

test("what is as it was delivered is said to be, and what a consumer took is no failure", async () => {
  await using project = await s3Project(readable);
  await delivered(project);
  const { exit, stdout } = await project.say("a", ["verify"]);
  expect({ exit, stdout: stdout.replaceAll(/\([\d.]+ k?B\)/g, "(SIZE)") }).toMatchInlineSnapshot(`
    {
      "exit": 0,
      "stdout": "users  gen 2
      ok  state    1 file (SIZE) as written
      ok  fold     gen 1 and 1 delta after it give the snapshot
      ok  objects  5 objects (SIZE) hold the bytes delivered
      ok  deltas   gen 1, 2 as stored give the very files that were delivered
    ",
    }
  `);
  project.server.buckets.get(BUCKET).objects.delete("in/users-000001-added-0001.csv");
  expect(await verified(project)).toMatchObject({
    exit: 0,
    error: null,
    objects: { "users-000001-added-0001.csv": "missing", "_spillway/users/000002.json": "ok" },
  });
  const one = await verified(project, "--generation", "2");
  expect(Object.keys(one.objects).toSorted()).toEqual([
    "_spillway/users/000002.json",
    "users-000002-changed-0001.csv",
    "users-000002-removed-0001.csv",
  ]);
  expect(Object.keys((await verified(project, "--last", "1")).objects)).toEqual(Object.keys(one.objects));
  expect((await verified(project, "--generation", "9")).skipped).toEqual([9]);
});

test("an object that holds other bytes of the same length is found, and named", async () => {
  await using project = await s3Project(readable);
  await delivered(project);
  const { objects } = project.server.buckets.get(BUCKET);
  const key = "in/users-000002-changed-0001.csv";
  const object = objects.get(key);
  if (object === undefined) throw new Error("nothing was delivered");
  objects.set(key, { ...object, bytes: Buffer.from(object.bytes.toString().replace("2", "3")) });
  expect(await verified(project)).toMatchObject({
    exit: 6,
    error: { code: "OBJECT_CHANGED" },
    objects: { "users-000002-changed-0001.csv": "changed" },
  });
  expect((await project.say("a", ["verify"])).stdout).toMatch(/FAIL {2}gen 2 {2}users-000002-changed-0001.csv {2}OTHER BYTES/);
});

test("where nothing may be read, that is said plainly, and nothing is claimed", async () => {
  await using project = await s3Project({ state: "folder" });
  await delivered(project);
  const { exit, stdout } = await project.say("a", ["verify"]);
  expect(exit).toBe(0);
  expect(stdout).toContain("5 objects not checked: no right to read");
  expect(stdout).not.toContain("hold the bytes delivered");
});

test("a file of the state that was changed is damage", async () => {
  await using project = await s3Project(readable);
  await delivered(project);
  const [base] = await readdir(project.folder.at("a", "state", "users", "base")).catch(() => []);
  const [log] = await readdir(project.folder.at("a", "state", "users", "log"));
  await truncate(
    base === undefined
      ? project.folder.at("a", "state", "users", "log", log ?? "")
      : project.folder.at("a", "state", "users", "base", base),
    9,
  );
  expect(await verified(project)).toMatchObject({ exit: 9, error: { code: "STATE_DAMAGED" } });
});
