import { afterAll, beforeAll, expect, test } from "vitest";
import { armFailpoints } from "../../src/core/failpoint.ts";
import { cliProject, type CliProject } from "../support/cli-project.ts";
import { consume } from "../support/consumer.ts";
import { settled } from "../support/demo-project.ts";
import { say, type Said, steppingClock } from "../support/fake-host.ts";

// One session: two generations delivered, a third one given up.

let project: CliProject;
const clock = steppingClock(1);

async function spillway(...args: readonly string[]): Promise<Said> {
  return await say(args, { clock, cwd: project.folder.path });
}

beforeAll(async () => {
  project = await cliProject();
  for (const table of [{ a: "1", b: "1" }, { a: "2" }]) {
    await project.set(table);
    await spillway("run", "-m", "users", "-q");
  }
  await project.set({ a: "3" });
  armFailpoints((name) => {
    if (name === "plan.created") throw new Error("stopped here");
  });
  await spillway("run", "-m", "users", "-q");
  armFailpoints(null);
  await spillway("state", "recover", "-m", "users", "--abandon", "3", "--yes", "-q");
});
afterAll(async () => {
  armFailpoints(null);
  await project[Symbol.asyncDispose]();
});

test("a replay tells what it sent and where, generation by generation", async () => {
  const { exit, stdout } = await spillway("replay", "-m", "users", "--generation", "1..3", "--to", "replay/a/");
  expect(settled(stdout, project.folder)).toMatchInlineSnapshot(`
    "users  gen 1 of 2026-11-23 12:00 UTC: 2 objects (1.2 kB) sent, 0 stood there
      replay/a/users-000001-added-0001.csv
      replay/a/_spillway/users/000001.json
    users  gen 2 of 2026-11-23 12:00 UTC: 3 objects (1.7 kB) sent, 0 stood there
      replay/a/users-000002-removed-0001.csv
      replay/a/users-000002-changed-0001.csv
      replay/a/_spillway/users/000002.json
    "
  `);
  expect(exit).toBe(0);
  expect(await consume(project.folder.at("out/replay/a"), "users")).toEqual(new Map([["a", ["2"]]]));
});

test("a replay under the same keys says that nothing had to be sent, and which way sends copies", async () => {
  const { exit, stdout } = await spillway("replay", "--date", "2026-11-23", "--same-keys");
  expect({ exit, stdout }).toEqual({ exit: 0, stdout: expect.stringContaining("Nothing was sent: every object stands where it was.") });
  expect(stdout).toContain("--to PREFIX delivers copies");
});

test("a run is replayed by its id, and --json tells each object", async () => {
  const runs = JSON.parse((await spillway("history", "--json")).stdout) as {
    data: { runs: readonly { run_id: string; generation: number; status: string }[] };
  };
  const second = runs.data.runs.find(({ generation, status }) => generation === 2 && status === "delivered");
  const { exit, stdout } = await spillway("replay", second?.run_id ?? "", "--to", "b", "--json");
  expect(exit).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    command: "replay",
    data: {
      to: "b",
      generations: [
        {
          stream: "users",
          generation: 2,
          run_id: second?.run_id,
          objects: [
            { key: "b/users-000002-removed-0001.csv", from: "delta", status: "sent" },
            { key: "b/users-000002-changed-0001.csv", from: "delta", status: "sent" },
            { key: "b/_spillway/users/000002.json", from: "delta", status: "sent" },
          ],
        },
      ],
    },
  });
  const given = runs.data.runs.find(({ status }) => status === "abandoned");
  expect(await spillway("replay", given?.run_id ?? "", "--to", "b")).toMatchObject({
    exit: 2,
    stderr: expect.stringMatching(/GENERATION_NOT_DELIVERED .*delivered nothing \(abandoned\)/),
  });
});

test.each([
  ["no place", ["-m", "users", "--generation", "1"], "--to PREFIX or --same-keys"],
  ["two places", ["-m", "users", "--generation", "1", "--to", "a", "--same-keys"], "one of the two"],
  ["a place above the prefix", ["-m", "users", "--generation", "1", "--to", "../a"], "cannot be a folder"],
  ["the manifests' own folder", ["-m", "users", "--generation", "1", "--to", "_spillway"], "cannot be a folder"],
  ["nothing to replay", ["-m", "users", "--to", "a"], "in one way"],
  ["a run and a model", ["01K", "-m", "users", "--to", "a"], "in one way"],
  ["a run that does not exist", ["01ZZZ", "--to", "a"], "RUN_NOT_FOUND"],
  ["a range the wrong way round", ["-m", "users", "--generation", "2..1", "--to", "a"], "lower one first"],
  ["a generation that was given up", ["-m", "users", "--generation", "3", "--to", "a"], "generation 3 was given up"],
  ["a generation to come", ["-m", "users", "--generation", "2..9", "--to", "a"], "generation 4 is not delivered: the last one is 3"],
  ["a day without a delivery", ["-m", "users", "--date", "2026-11-22", "--to", "a"], "none of its generations"],
  ["a day that is none", ["-m", "users", "--date", "2026-13-01", "--to", "a"], "is no day"],
])("a replay that names %s is refused before anything is sent", async (_what, args, says) => {
  const before = await project.consumed();
  const { exit, stdout, stderr } = await spillway("replay", ...args);
  expect({ exit, stdout }).toEqual({ exit: 2, stdout: "" });
  expect(stderr).toContain(says);
  expect(await project.consumed()).toEqual(before);
});
