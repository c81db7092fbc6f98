import { readFile, rm, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CliProject, cliProject } from "../support/cli-project.ts";
import { say, type Said } from "../support/fake-host.ts";

let at: CliProject;
const sync = (...args: readonly string[]): Promise<Said> => say(args, { cwd: at.folder.path });
beforeAll(async () => {
  at = await cliProject();
  await at.set({ a: "1", b: "1" });
  await at.run();
});
afterAll(() => at[Symbol.asyncDispose]());

test("--to that names no place is a usage error, and nothing is asked without an answer", async () => {
  for (const to of ["", "{url: [", "{url: s3://Bad_Bucket}", "s3://", "{region: x}"]) {
    const { exit, stderr } = await sync("state", "copy", "--to", to, "--yes");
    expect({ to, exit, first: stderr.split("  ")[0] }).toEqual({ to, exit: 2, first: "USAGE" });
  }
  expect(await sync("state", "copy", "--to", "moved")).toMatchObject({ exit: 2, stderr: expect.stringContaining("Add --yes") });
});

test("a state that was copied is told where it went by every command, and the project goes on once it names the new place", async () => {
  const { exit, stdout } = await sync("state", "copy", "--to", "moved", "--yes", "--json");
  expect(exit).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, data: { to: at.folder.at("moved"), streams: ["users"], repeated: false } });
  const commands = [
    ["run", "-m", "users"],
    ["run", "--due"],
    ["plan", "-m", "users"],
    ["approve", "-m", "users"],
    ["reject", "-m", "users"],
    ["status"],
    ["history"],
    ["verify"],
    ["replay", "-m", "users", "--generation", "1", "--to", "again"],
    ["row", "-m", "users", "--key", "id=a"],
    ["pause", "-m", "users"],
    ["resume", "-m", "users"],
    ["serve"],
    ["state", "reset", "-m", "users", "--yes"],
    ["state", "baseline", "-m", "users", "--yes"],
    ["state", "recover", "-m", "users", "--yes"],
    ["state", "repair", "-m", "users", "--yes"],
    ["state", "copy", "--to", "third", "--yes"],
  ];
  for (const command of commands) {
    const said = await sync(...command);
    expect({ command, exit: said.exit }).toEqual({ command, exit: 9 });
    expect(said.stderr).toContain(`STATE_MOVED`);
    expect(said.stderr).toContain(`state: ${at.folder.at("moved")}`);
  }
  expect(await sync("state", "copy", "--to", "moved", "--yes")).toMatchObject({
    exit: 0,
    stdout: expect.stringContaining("nothing was done"),
  });
  const config = await readFile(at.folder.at("config.yaml"), "utf8");
  await writeFile(at.folder.at("config.yaml"), config.replace("state: state", "state: moved"));
  await at.set({ a: "2" });
  await at.run();
  expect(await at.consumed()).toEqual({ a: "2" });
  expect(await sync("verify")).toMatchObject({ exit: 0 });
});

test("a copy that was not finished is no state root", async () => {
  const marks = at.folder.at("moved/_spillway");
  const copied = await readFile(`${marks}/copied.json`, "utf8");
  await rm(`${marks}/copied.json`);
  expect(await sync("run", "-m", "users")).toMatchObject({ exit: 9, stderr: expect.stringContaining("STATE_COPY_UNFINISHED") });
  await writeFile(`${marks}/copied.json`, copied);
  expect(await sync("status")).toMatchObject({ exit: 0 });
});
