import { readdir } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import type { Failpoint } from "../../src/core/failpoint.ts";
import { cliProject, type CliProject } from "../support/cli-project.ts";
import { executeCli } from "../support/execute.ts";
import { say } from "../support/fake-host.ts";

// The built program, killed for good at every named point, then started again as a scheduler would.

async function run(project: CliProject, failpoint: string) {
  return await executeCli(["run", "-m", "users"], { cwd: project.folder.path, env: { SPILLWAY_FAILPOINT: failpoint } });
}

async function expectWhole(project: CliProject, table: Readonly<Record<string, string>>): Promise<void> {
  await project.run();
  expect(await project.consumed()).toEqual(table);
  await project.checkHistory();
}

const FIRST_RUN: readonly Failpoint[] = [
  "opened",
  "claim.put",
  "claim.confirmed",
  "lease.taken",
  "plan.created",
  "deliver.after-put",
  "promote.after-swap",
];

test.each(FIRST_RUN)("S01: a first run that is killed at %s is finished by the next one", async (point) => {
  await using project = await cliProject();
  const table = { a: "1", b: "2" };
  await project.set(table);
  expect((await run(project, `${point}=kill`)).signal).toBe("SIGKILL");
  await project.checkHistory();
  await expectWhole(project, table);
});

/** Every point of a later run, with how often a run that adds, changes and removes passes it. */
const LATER_RUN: readonly (readonly [Failpoint, number])[] = [
  ["lease.taken", 1],
  ["extract.done", 1],
  ["stage.files-written", 1],
  ["stage.uploaded", 1],
  ["plan.created", 1],
  ["deliver.before-put", 1],
  ["deliver.before-put", 4],
  ["deliver.after-put", 1],
  ["deliver.after-put", 3],
  ["deliver.marked", 1],
  ["deliver.marked", 2],
  ["manifest.after-put", 1],
  ["manifest.marked", 1],
  ["promote.before-swap", 1],
  ["promote.after-swap", 1],
  ["fold.written", 1],
  ["fold.swapped", 1],
  ["cleanup.done", 1],
];

describe("F05: a later run", () => {
  // Two halves side by side; each keeps its project, so that what one crash leaves behind meets the next.
  test.concurrent.each([0, 1])(
    "that is killed at any point is finished by the next one (half %i)",
    async (half) => {
      await using project = await cliProject();
      await project.set({ a: "0", b: "0" });
      await expectWhole(project, { a: "0", b: "0" });
      for (const [at, [point, nth]] of LATER_RUN.entries()) {
        if (at % 2 !== half) continue;
        const table = { a: `${at + 1}`, [`n${at}`]: "x", ...(at % 4 < 2 ? { b: "0" } : {}) };
        await project.set(table);
        const killed = await run(project, `${point}:${nth}=kill`);
        expect(`${point}:${nth} ${killed.signal}`).toBe(`${point}:${nth} SIGKILL`);
        await project.checkHistory();
        await expectWhole(project, table);
      }
    },
    150_000,
  );
});

test("a run that is killed before it is held has held nothing; the next one is held, and can be approved", async () => {
  await using project = await cliProject();
  const { path } = project.folder;
  await project.set(Object.fromEntries(Array.from({ length: 120 }, (_, id) => [String(id), "0"])));
  expect(await say(["run", "-q"], { cwd: path, clock: systemClock })).toMatchObject({ exit: 0 });
  await project.set({ 0: "0" });
  expect((await run(project, "hold.before-held=kill")).signal).toBe("SIGKILL");
  expect(await say(["approve", "-m", "users"], { cwd: path, clock: systemClock })).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining("RUN_NOT_HELD"),
  });
  expect(await say(["run", "-q"], { cwd: path, clock: systemClock })).toMatchObject({ exit: 3 });
  expect(await say(["approve", "-m", "users", "-q"], { cwd: path, clock: systemClock })).toMatchObject({ exit: 0 });
  expect(await project.consumed()).toEqual({ 0: "0" });
  expect(await readdir(project.folder.at("state", "users", "staging")).catch(() => [])).toEqual([]);
  await project.checkHistory();
});

test("a run that is killed while it finishes another's delivery is finished by the one after it", async () => {
  await using project = await cliProject();
  const table = { a: "1", b: "2" };
  await project.set(table);
  for (const point of [
    "plan.created",
    "deliver.after-put",
    "manifest.after-put",
    "promote.before-swap",
  ] as const satisfies readonly Failpoint[]) {
    expect(`${point} ${(await run(project, `${point}=kill`)).signal}`).toBe(`${point} SIGKILL`);
    await project.checkHistory();
    // Whatever the table has become, the delivery that is open is the one that is finished.
    await project.set({ a: point });
  }
  await project.set(table);
  await expectWhole(project, table);
});

test("a baseline that is killed after its swap is whole", async () => {
  await using project = await cliProject();
  await project.set({ a: "1" });
  await expectWhole(project, { a: "1" });
  const args = ["state", "baseline", "-m", "users", "--yes"];
  const killed = await executeCli(args, { cwd: project.folder.path, env: { SPILLWAY_FAILPOINT: "refresh.swapped=kill" } });
  expect(killed.signal).toBe("SIGKILL");
  await project.set({ a: "2" });
  await expectWhole(project, { a: "2" });
});
