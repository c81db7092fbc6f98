import { expect, test } from "vitest";
import { execute, executeCli } from "../support/execute.ts";
import { say } from "../support/fake-host.ts";

test.each([
  ["bash", "complete -F"],
  ["zsh", "#compdef sync"],
  ["fish", "complete -c sync"],
])("the script for %s names the program", async (shell, part) => {
  const { exit, stdout } = await say(["completion", shell]);
  expect(exit).toBe(0);
  expect(stdout).toContain(part);
});

test("the script serves the name that was called", async () => {
  const { stdout } = await say(["completion", "zsh"], { name: "spillway" });
  expect(stdout).toContain("#compdef spillway");
});

test("the script for bash is a script that bash reads", async () => {
  const { stdout } = await say(["completion", "bash"]);
  const { code, stderr } = await execute("bash", ["-n"], { input: stdout });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

test("a shell that asks is told commands and options", async () => {
  const commands = await executeCli(["complete", "--", "st"]);
  expect(commands.stdout.split("\n")).toEqual(
    expect.arrayContaining([expect.stringMatching(/^status\t/), expect.stringMatching(/^state\b/)]),
  );
  const options = await executeCli(["complete", "--", "run", "--full"]);
  expect(options.stdout).toMatch(/^--full-resync\t/);
});
