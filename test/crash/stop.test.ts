import { spawn } from "node:child_process";
import { readdir, readFile, rm } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { type Failpoint, FAILPOINTS } from "../../src/core/failpoint.ts";
import { cliProject, type CliProject } from "../support/cli-project.ts";
import { BUILT_CLI, executeCli } from "../support/execute.ts";
import { say } from "../support/fake-host.ts";

// Two processes on one state root: one is stopped at a point (a laptop lid, a paused machine), its lease is lost, the other one runs
// whole over a changed table, and the first goes on as if nothing had happened.

/** Points that only a first run passes; they have tests of their own below. */
const FIRST_RUN = ["opened", "claim.put", "claim.confirmed"] as const satisfies readonly Failpoint[];
/** Those of a baseline, a held run and a copied state are no run's of this test. */
const APART: ReadonlySet<Failpoint> = new Set([...FIRST_RUN, "refresh.swapped", "hold.before-held", "copy.marked"]);
const POINTS = FAILPOINTS.filter((point) => !APART.has(point));

const RUN: readonly string[] = ["run", "-m", "users"];

async function stopAndGoOn(project: CliProject, point: Failpoint, meanwhile: () => Promise<void>, args = RUN): Promise<void> {
  const child = spawn(process.execPath, [BUILT_CLI, ...args], {
    cwd: project.folder.path,
    env: { ...process.env, SPILLWAY_FAILPOINT: `${point}=stop` },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const said = text(child.stderr);
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  try {
    await untilStopped(child.pid ?? 0);
    await meanwhile();
  } finally {
    child.kill("SIGCONT");
  }
  // Done, or too late to do anything: both are right, a crash or a damaged state is not.
  expect(`${point} ${await ended}: ${await said}`).toMatch(/^\S+ [04]: /);
}

/** Waits until the kernel says that the process is stopped. */
async function untilStopped(pid: number): Promise<void> {
  for (let look = 0; look < 400; look += 1) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    if (/\) T /.test(stat)) return;
    await wait(25);
  }
  throw new Error(`process ${pid} was not stopped`);
}

test.concurrent.each([0, 1])(
  "S11: a process that is stopped while another one runs neither loses nor doubles anything (half %i)",
  async (half) => {
    await using project = await cliProject();
    await project.set({ a: "0", b: "0" });
    await project.run();
    for (const [at, point] of POINTS.entries()) {
      if (at % 2 !== half) continue;
      await project.set({ a: `${at}.5`, [`n${at}`]: "x" });
      const table = { a: `${at + 1}`, [`m${at}`]: "y" };
      await stopAndGoOn(project, point, async () => {
        await rm(project.folder.at("state", "users", "lease"), { recursive: true });
        await project.set(table);
        await project.run();
        await project.checkHistory();
      });
      await project.checkHistory();
      await project.run();
      expect(await project.consumed()).toEqual(table);
    }
  },
  150_000,
);

test.concurrent.each(FIRST_RUN)(
  "a first run that is stopped at %s while another one runs neither loses nor doubles anything",
  async (point) => {
    await using project = await cliProject();
    await project.set({ a: "0", b: "0" });
    await stopAndGoOn(project, point, async () => {
      await rm(project.folder.at("state", "users", "lease"), { recursive: true, force: true });
      await project.set({ a: "1", c: "0" });
      await project.run();
      await project.checkHistory();
    });
    await project.checkHistory();
    await project.run();
    expect(await project.consumed()).toEqual({ a: "1", c: "0" });
  },
  60_000,
);

test("a baseline that is stopped after its swap while another process runs changes nothing that was told since", async () => {
  await using project = await cliProject();
  await project.set({ a: "0", b: "0" });
  await project.run();
  await project.set({ a: "0", b: "1" });
  const baseline = ["state", "baseline", "-m", "users", "--yes"];
  await stopAndGoOn(
    project,
    "refresh.swapped",
    async () => {
      await rm(project.folder.at("state", "users", "lease"), { recursive: true, force: true });
      await project.set({ a: "1", b: "1" });
      await project.run();
      await project.checkHistory();
    },
    baseline,
  );
  await project.run();
  await project.checkHistory();
  // The baseline took b = 1 as told without telling it.
  expect(await project.consumed()).toEqual({ a: "1", b: "0" });
}, 60_000);

test("a run that is stopped before it is held, while another process delivers, holds nothing any more", async () => {
  await using project = await cliProject();
  const table = Object.fromEntries(Array.from({ length: 120 }, (_, id) => [String(id), "0"]));
  await project.set(table);
  await project.run();
  await project.set({ 0: "0" });
  await stopAndGoOn(project, "hold.before-held", async () => {
    await rm(project.folder.at("state", "users", "lease"), { recursive: true });
    await project.set({ ...table, 0: "1" });
    await project.run();
  });
  expect(await readdir(project.folder.at("state", "users", "staging")).catch(() => [])).toEqual([]);
  const status = await say(["status"], { cwd: project.folder.path });
  expect(status.stdout).not.toContain("held");
  expect(await project.consumed()).toEqual({ ...table, 0: "1" });
}, 60_000);

test("a second process leaves a stream alone that a living one holds, and says so", async () => {
  await using project = await cliProject();
  await project.set({ a: "0" });
  await stopAndGoOn(project, "lease.taken", async () => {
    const busy = await executeCli(["run", "-m", "users"], { cwd: project.folder.path });
    expect(busy.code).toBe(4);
    expect(busy.stderr).toContain("STREAM_BUSY");
  });
  expect(await project.consumed()).toEqual({ a: "0" });
});
