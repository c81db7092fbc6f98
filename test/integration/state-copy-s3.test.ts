import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { executeCli } from "../support/execute.ts";
import { say, type Said } from "../support/fake-host.ts";
import { ALL_RIGHTS, BUCKET } from "../support/s3/s3-fixture.ts";
import { EXTERNAL_ID, s3Project, STATE_BUCKET } from "../support/s3/s3-project.ts";

interface Config {
  readonly state: unknown;
}

/** What `state` of a project's configuration says, and what it is made to say. */
async function stateOf(folder: string): Promise<unknown> {
  return (JSON.parse(await readFile(join(folder, "config.yaml"), "utf8")) as Config).state;
}

async function setState(folder: string, state: unknown): Promise<void> {
  const config = JSON.parse(await readFile(join(folder, "config.yaml"), "utf8")) as Config;
  await writeFile(join(folder, "config.yaml"), JSON.stringify({ ...config, state }));
}

const on = (folder: string, ...args: readonly string[]): Promise<Said> => say(args, { cwd: folder, clock: systemClock });

test(
  "a state goes from a bucket to another prefix and on into a folder, killed on its way, with a delivery under way, by a role that may only put",
  { timeout: 120_000 },
  async () => {
    await using project = await s3Project();
    const folder = await project.host("a");
    await project.set({ a: "1", b: "1" });
    expect(await on(folder, "run", "-q")).toMatchObject({ exit: 0 });
    await project.set({ a: "2", c: "1" });
    const killed = (args: readonly string[], failpoint: string): Promise<{ readonly signal: NodeJS.Signals | null }> =>
      executeCli(args, { cwd: folder, env: { SPILLWAY_FAILPOINT: failpoint } });
    expect((await killed(["run", "-q"], "deliver.after-put=kill")).signal).toBe("SIGKILL");

    const before = await stateOf(folder);
    const moved = { ...(before as object), url: `s3://${STATE_BUCKET}/moved` };
    const copy = ["state", "copy", "--yes", "-q", "--to", JSON.stringify(moved)] as const;
    expect((await killed(copy, "copy.marked=kill")).signal).toBe("SIGKILL");
    expect(await on(folder, "status")).toMatchObject({ exit: 9, stderr: expect.stringContaining(`STATE_MOVED`) });
    await setState(folder, moved);
    expect(await on(folder, "run")).toMatchObject({ exit: 9, stderr: expect.stringContaining(`STATE_COPY_UNFINISHED`) });
    await setState(folder, before);
    expect(await on(folder, ...copy)).toMatchObject({ exit: 0, stdout: expect.stringContaining("finished by the next run: users") });

    await setState(folder, moved);
    expect(await on(folder, "state", "copy", "--yes", "-q", "--to", "local")).toMatchObject({ exit: 0 });
    await setState(folder, "local");
    expect(await on(folder, "run", "-q")).toMatchObject({ exit: 0, stderr: "" });
    expect(await project.consumed()).toEqual({ a: "2", c: "1" });
    expect(await on(folder, "verify", "-q")).toMatchObject({ exit: 0 });
    const commits = project.commits();
    expect(commits.toSorted()).toEqual([...new Set(commits)].toSorted());
  },
);

test("a file in the destination's bucket is taken as told by the credentials of the destination", { timeout: 60_000 }, async () => {
  await using project = await s3Project({ state: "folder", role: { grants: ALL_RIGHTS, externalId: EXTERNAL_ID } });
  const folder = await project.host("a");
  await project.set({ a: "1", b: "2", c: "3" });
  const objects = project.server.buckets.get(BUCKET).objects;
  expect(await on(folder, "run", "-q")).toMatchObject({ exit: 0 });
  const [key = ""] = [...objects.keys()].filter((each) => each.endsWith(".csv"));
  await setState(folder, "another");
  // Another state at the same place is refused: the claim says who delivers there.
  const from = `s3://${BUCKET}/${key.replace(/[^/]*$/, "*.csv")}`;
  expect(await on(folder, "state", "baseline", "--from", from, "--yes", "-q")).toMatchObject({
    exit: 9,
    stderr: expect.stringContaining("STATE_MISMATCH"),
  });
  const other = JSON.parse(await readFile(join(folder, "config.yaml"), "utf8")) as { readonly destinations: { readonly partner: object } };
  await writeFile(
    join(folder, "config.yaml"),
    JSON.stringify({ ...other, destinations: { partner: { ...other.destinations.partner, prefix: "new" } } }),
  );
  const said = await on(folder, "state", "baseline", "--from", from, "--yes", "-q");
  expect(said).toMatchObject({ exit: 0, stdout: expect.stringContaining("3 rows of the files as told; 3 of them") });
  expect((await on(folder, "plan", "-q")).stdout).toContain("Nothing to deliver");
  expect(await on(folder, "state", "baseline", "--from", `s3://${BUCKET}/in/none-*.csv`, "--yes")).toMatchObject({ exit: 2 });
});
