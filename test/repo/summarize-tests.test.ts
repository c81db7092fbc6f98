import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { execute } from "../support/execute.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { ROOT } from "./source-tree.ts";

interface File {
  readonly status: string;
  readonly tests: readonly string[];
}

async function summary(
  success: boolean,
  files: readonly File[],
  ...besides: readonly string[]
): Promise<{ last: string; code: number | null }> {
  await using folder = await tempFolder();
  const testResults = files.map(({ status, tests }, at) => ({
    name: `file-${at}.test.ts`,
    status,
    assertionResults: tests.map((one) => ({ fullName: "a test", status: one })),
  }));
  const report = await folder.write("report.json", JSON.stringify({ success, testResults }));
  const done = await execute(process.execPath, ["--import", "tsx", "scripts/summarize-tests.ts", report, ...besides], { cwd: join(ROOT) });
  return { last: done.stdout.trimEnd().split("\n").at(-1) ?? "", code: done.code };
}

describe("the last line of .ci/run", () => {
  test("counts what passed", async () => {
    expect(await summary(true, [{ status: "passed", tests: ["passed", "passed"] }])).toEqual({
      last: "2 passed, 0 failed, 0 skipped",
      code: 0,
    });
  });

  test.each([
    ["a failed test", false, [{ status: "failed", tests: ["passed", "failed"] }], "1 passed, 1 failed, 0 skipped"],
    ["a file that broke outside its tests", false, [{ status: "failed", tests: ["passed"] }], "1 passed, 1 failed, 0 skipped"],
    ["a skipped test", true, [{ status: "passed", tests: ["passed", "skipped"] }], "1 passed, 0 failed, 1 skipped"],
    ["a test left for later", true, [{ status: "passed", tests: ["passed", "todo"] }], "1 passed, 0 failed, 1 skipped"],
    ["an error that belongs to no file", false, [{ status: "passed", tests: ["passed"] }], "1 passed, 1 failed, 0 skipped"],
    ["no test at all", true, [], "0 passed, 1 failed, 0 skipped"],
  ])("fails the build on %s", async (_name, success, files, last) => {
    expect(await summary(success, files)).toEqual({ last, code: 1 });
  });

  test("counts several reports together, and fails on one in which nothing ran", async () => {
    await using folder = await tempFolder();
    const report = async (name: string, tests: readonly string[]): Promise<string> => {
      const testResults = tests.map((status) => ({ name, status, assertionResults: [{ fullName: name, status }] }));
      return await folder.write(name, JSON.stringify({ success: true, testResults }));
    };
    const [one, two, none] = [await report("one.json", ["passed"]), await report("two.json", ["passed"]), await report("none.json", [])];
    const run = async (...paths: readonly string[]) =>
      await execute(process.execPath, ["--import", "tsx", "scripts/summarize-tests.ts", ...paths], { cwd: ROOT });
    expect(await run(one, two)).toMatchObject({ code: 0, stdout: "2 passed, 0 failed, 0 skipped\n" });
    expect(await run(one, none)).toMatchObject({ code: 1, stdout: "1 passed, 1 failed, 0 skipped\n" });
  });

  test("counts what ran beside the report as one, when it failed", async () => {
    const files = [{ status: "passed", tests: ["passed"] }];
    expect(await summary(true, files, "passed")).toEqual({ last: "1 passed, 0 failed, 0 skipped", code: 0 });
    expect(await summary(true, files, "failed")).toEqual({ last: "1 passed, 1 failed, 0 skipped", code: 1 });
  });
});
