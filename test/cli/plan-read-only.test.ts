import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cliProject } from "../support/cli-project.ts";
import { say } from "../support/fake-host.ts";
import { STATE_BUCKET, s3Project } from "../support/s3/s3-project.ts";

const READ = [
  { actions: ["s3:GetObject"], resources: [`arn:aws:s3:::${STATE_BUCKET}/prod/*`] },
  { actions: ["s3:ListBucket"], resources: [`arn:aws:s3:::${STATE_BUCKET}`] },
];

async function tree(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    return [path, entry.isFile() ? await readFile(path, "base64") : "folder"] as const;
  });
  return Object.fromEntries(await Promise.all(files));
}

test("a plan against a bucket needs rights to read and no others, and asks nothing of the destination", { timeout: 120_000 }, async () => {
  await using project = await s3Project();
  await project.set({ a: "1", b: "1" });
  expect(await project.say("a", ["run", "-q"])).toMatchObject({ exit: 0 });
  await project.set({ a: "2", c: "1" });

  const reader = project.server.accounts.addUser("pull-requests", READ);
  const nobody = project.server.accounts.addUser("nobody", []);
  const keys = (user: typeof reader): object => ({ access_key_id: user.accessKeyId, secret_access_key: user.secretAccessKey });
  const cwd = await project.host("pr", { credentials: keys(nobody) });
  const written = JSON.parse(await readFile(join(cwd, "config.yaml"), "utf8")) as { state: object };
  await project.folder.write("pr/config.yaml", JSON.stringify({ ...written, state: { ...written.state, credentials: keys(reader) } }));
  const before = project.server.requests.length;
  const args = ["plan", "--all", "--format", "markdown", "--read-only", "--state", `s3://${STATE_BUCKET}/prod`];
  const planned = await say(args, { cwd });
  expect(planned).toMatchObject({ exit: 0, stderr: expect.not.stringContaining("knows of no delivery") });
  expect(planned.stdout).toContain("| `users` | `partner` | 1 (50.00 %) | 1 (50.00 %) | 1 (50.00 %) | 2 | delivers |");
  const requests = project.server.requests.slice(before);
  expect(requests.length).toBeGreaterThan(3);
  expect([...new Set(requests.map(({ operation }) => operation))].toSorted()).toEqual(["GetObject", "HeadObject", "ListObjectsV2"]);
  expect(requests.filter(({ key }) => key !== "" && !key.startsWith("prod/"))).toEqual([]);
  expect(await readdir(join(cwd, "tmp"))).toEqual([]);

  const written2 = await say(["plan", "--all"], { cwd });
  expect(written2.exit).toBe(9);
  expect(written2.stderr).toContain("STATE_UNAVAILABLE");
});

test("a plan that only reads leaves every file of the project as it was, and says the same each time", { timeout: 120_000 }, async () => {
  await using project = await cliProject();
  const { path, at } = project.folder;
  await project.set({ a: "1", b: "1" });
  await project.run();
  await project.set({ a: "2" });
  const before = await tree(path);
  const plan = async (...more: readonly string[]): Promise<string> => {
    const { exit, stdout } = await say(["plan", "--all", "--format", "markdown", "--read-only", ...more], { cwd: path });
    expect(exit).toBe(0);
    return stdout;
  };
  const first = await plan();
  expect(await plan("--state", "state")).toBe(first);
  expect(await plan("--state", at("state"), "--show", "1")).toContain("! id=a  name: 1 -> 2");
  expect(first).not.toContain("Examples");
  const after = await tree(path);
  expect(Object.keys(after).filter((file) => !(file in before) && !file.startsWith(at("tmp")))).toEqual([]);
  expect(Object.entries(before).filter(([file, bytes]) => after[file] !== bytes)).toEqual([]);
  // A later run finds nothing in its way.
  await project.run();
  expect(await project.consumed()).toEqual({ a: "2" });
});

test("a stream that cannot be planned is told in the comment, beside the others, and the command fails", { timeout: 120_000 }, async () => {
  await using project = await cliProject();
  await project.set({ a: "1" });
  await project.folder.write(
    "models/broken.yaml",
    "source: files\ndestination: out\nquery: SELECT nothing FROM read_csv('users.csv')\nprimary_key: [id]\n",
  );
  const { exit, stdout, stderr } = await say(["plan", "--all", "--format", "markdown", "--read-only"], { cwd: project.folder.path });
  expect(exit).toBe(8);
  expect(stdout).toContain("| `broken` | `out` |  |  |  |  | :x: `SOURCE_QUERY_FAILED` |");
  expect(stdout).toContain("| `users` | `out` | 1 |");
  expect(stderr).toContain("1 of 2 streams cannot be planned: broken (SOURCE_QUERY_FAILED).");
});

test("what does not go together is refused, and a state root without deliveries is doubted", { timeout: 120_000 }, async () => {
  await using project = await cliProject();
  await project.set({ a: "1" });
  const plan = async (...args: readonly string[]): Promise<string> =>
    (await say(["plan", "--all", ...args], { cwd: project.folder.path })).stderr;
  expect(await plan("--state", "state")).toContain("Add --read-only.");
  expect(await plan("--read-only", "--out", "x.plan")).toContain("which --read-only leaves alone");
  expect(await plan("--read-only", "--state", "ftp://x/y")).toMatch(/USAGE {2}--state ftp/);
  expect(await plan("--read-only", "--state", "stat")).toContain("stat knows of no delivery of what was planned");
});
