import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { demoProject } from "../support/demo-project.ts";
import { say } from "../support/fake-host.ts";
import { BUCKET, PUT_ONLY, s3Fixture, type S3Fixture } from "../support/s3/s3-fixture.ts";
import type { TempFolder } from "../support/temp-folder.ts";

let folder: TempFolder;
let s3: S3Fixture;

beforeEach(async () => {
  [folder, s3] = await Promise.all([demoProject(), s3Fixture({ grants: PUT_ONLY })]);
  const written = await readFile(folder.at("config.yaml"), "utf8");
  const { access_key_id, secret_access_key } = credentials();
  await folder.write(
    "s3.yaml",
    written
      .replace("state: .sync ", "state: .sync-s3 ")
      .replace(
        / {4}type: local\n {4}path: out\n/,
        `    type: s3\n    bucket: ${BUCKET}\n    prefix: in\n    region: ${s3.server.region}\n    endpoint: ${s3.server.endpoint}\n    path_style: true\n    credentials: {access_key_id: ${access_key_id}, secret_access_key: ${secret_access_key}}\n`,
      ),
  );
});
afterEach(async () => {
  await s3[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** Keys of a user that may put objects below the prefix and nothing else. */
function credentials(): { readonly access_key_id: string; readonly secret_access_key: string } {
  const keys = s3.server.accounts.addUser("cli", PUT_ONLY);
  return { access_key_id: keys.accessKeyId, secret_access_key: keys.secretAccessKey };
}

async function run(config: string): Promise<{ readonly exit: number; readonly stdout: string; readonly stderr: string }> {
  return await say(["run", "-m", "customers", "-c", config, "-q"], { cwd: folder.path });
}

const objects = (): ReadonlyMap<string, { readonly bytes: Buffer }> => s3.server.buckets.get(BUCKET).objects;

test("with s3:PutObject alone two generations arrive, byte for byte as they would in a folder", { timeout: 60_000 }, async () => {
  for (const day of [1, 2]) {
    if (day === 2) await say(["init", "--next-day"], { cwd: folder.path });
    for (const config of ["config.yaml", "s3.yaml"]) expect(await run(config)).toMatchObject({ exit: 0, stderr: "" });
  }
  const csv = [...objects().keys()].filter((key) => key.endsWith(".csv")).toSorted();
  expect(csv).toEqual([
    "in/customers/000001/added-0001.csv",
    "in/customers/000002/added-0001.csv",
    "in/customers/000002/changed-0001.csv",
    "in/customers/000002/removed-0001.csv",
  ]);
  for (const key of csv) expect(objects().get(key)?.bytes).toEqual(await readFile(folder.at("out", key.slice("in/".length))));
  expect(objects().has("in/_spillway/customers/000002.json")).toBe(true);
  // Each object was written once, the manifest last.
  const commits = s3.server.buckets.commits.map((commit) => commit.key);
  expect(new Set(commits).size).toBe(commits.length);
  expect(commits.at(-1)).toBe("in/_spillway/customers/000002.json");
});

test("a delivery that breaks off in the middle is finished by the same command, with the same bytes", { timeout: 60_000 }, async () => {
  await run("s3.yaml");
  await say(["init", "--next-day"], { cwd: folder.path });
  const broken = { kind: "status", status: 403, code: "AccessDenied" } as const;
  s3.server.faults.add({ operation: "PutObject", key: "in/customers/000002/changed-0001.csv", fault: broken, times: 100 });
  const first = await run("s3.yaml");
  expect(first.exit).toBe(6);
  expect(first.stderr).toContain("DESTINATION_ACCESS_DENIED");
  expect(first.stderr).toContain("s3:PutObject");
  const status = await say(["status", "-m", "customers", "-c", "s3.yaml"], { cwd: folder.path });
  expect(status.stdout).toContain("unfinished gen 2");

  s3.server.faults.clear();
  const before = new Map(objects());
  expect(await run("s3.yaml")).toMatchObject({ exit: 0 });
  expect(objects().has("in/_spillway/customers/000002.json")).toBe(true);
  for (const [key, object] of before) expect(objects().get(key)?.bytes).toEqual(object.bytes);
});

test("F07: lost state is never a first run", { timeout: 60_000 }, async () => {
  await run("s3.yaml");
  await rename(folder.at(".sync-s3"), join(folder.path, ".lost"));
  const second = await run("s3.yaml");
  expect(second.exit).toBe(9);
  expect(second.stderr).toContain("STATE_MISMATCH");
});
