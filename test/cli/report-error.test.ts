import { expect, test } from "vitest";
import { echoName } from "../../src/cli/report-error.ts";
import { demoProject } from "../support/demo-project.ts";
import { say } from "../support/fake-host.ts";

test.each([
  ["`sync validate` checks them", "`spillway validate` checks them"],
  ["sync --help", "spillway --help"],
  ["Next: sync run -m users", "Next: spillway run -m users"],
  ["keys are in sync with it, async work", "keys are in sync with it, async work"],
])("hints repeat the name that was called: %s", (hint, echoed) => {
  expect(echoName(hint, "spillway")).toBe(echoed);
});

test("an unknown command is a usage error that suggests the nearest", async () => {
  const { exit, stdout, stderr } = await say(["validat"]);
  expect({ exit, stdout }).toEqual({ exit: 2, stdout: "" });
  expect(stderr).toBe("USAGE  Unknown command 'validat'.\n  Did you mean validate? See sync --help.\n");
});

test("an unknown option is a usage error that suggests the nearest", async () => {
  const { exit, stderr } = await say(["run", "--full-resink"]);
  expect(exit).toBe(2);
  expect(stderr).toBe("USAGE  Unknown option '--full-resink'.\n  Did you mean --full-resync? See sync --help.\n");
});

test.each([
  [["preview", "--limit", "many"], "It takes a whole number."],
  [["schema", "nothing"], "config, model, manifest"],
  [["show"], "missing required argument 'run'"],
  [["run", "--log-format", "xml"], "pretty, json"],
  [["state"], "subcommand"],
])("%j is refused with a sentence", async (args, part) => {
  const { exit, stderr } = await say(args);
  expect(exit).toBe(2);
  expect(stderr.toLowerCase()).toContain(part.toLowerCase());
});

test("usage errors are a JSON document under --json", async () => {
  const { exit, stdout, stderr } = await say(["rum", "--json"], { name: "spillway" });
  expect(exit).toBe(2);
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual({
    schema: 1,
    ok: false,
    command: null,
    data: null,
    warnings: [],
    error: {
      code: "USAGE",
      message: "Unknown command 'rum'.",
      hint: "Did you mean run? See spillway --help.",
      docs: "docs/errors.md#usage",
      exit: 2,
      context: [],
      issues: [],
    },
  });
});

test("a name that is spelled out already is left as it is", () => {
  expect(echoName("Next: npx sync run --all", "npx sync")).toBe("Next: npx sync run --all");
});

test("what is no error of ours is a bug: it shows where it happened and in which version", async () => {
  await using folder = await demoProject();
  const ask = (): Promise<string> => Promise.reject(new TypeError("boom"));
  const { exit, stdout, stderr } = await say(["state", "reset", "-m", "audiences"], { cwd: folder.path, ask });
  expect({ exit, stdout }).toEqual({ exit: 1, stdout: "" });
  expect(stderr).toContain("INTERNAL  TypeError: boom");
  expect(stderr).toMatch(/at .*report-error\.test\.ts/);
  expect(stderr).toContain(`spillway 0.1.0, node ${process.version}`);
});

test("debug shows where an error of ours came from, and nothing else does", async () => {
  await using folder = await demoProject();
  const quiet = await say(["show", "ZZZ"], { cwd: folder.path });
  expect(quiet.stderr).not.toContain("    at ");
  const debug = await say(["show", "ZZZ", "--log-level", "debug"], { cwd: folder.path });
  expect(debug.stderr).toContain("    at ");
});
