import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { BUILT_CLI, execute, executeCli } from "../support/execute.ts";
import { say } from "../support/fake-host.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const CONFIG = "version: 1\nsources: {files: {type: duckdb}}\ndestinations: {out: {type: local, path: out}}\n";
// Long enough that a signal always comes first.
const ENDLESS = "SELECT sum(a.range * b.range)::VARCHAR AS id FROM range(10000000) AS a, range(1000000) AS b";

async function project(query: string): Promise<TempFolder> {
  const folder = await tempFolder();
  await folder.write("config.yaml", CONFIG);
  await folder.write("models/numbers.yaml", `source: files\ndestination: out\nquery: ${query}\nprimary_key: [id]\n`);
  return folder;
}

const FEW = "SELECT range AS id FROM range(3)";

test.each([
  ["2 for a command line that is none", ["rum"], FEW, 2],
  ["0 when done", ["run", "-m", "numbers"], FEW, 0],
  ["7 when a key comes twice", ["run", "-m", "numbers"], "SELECT 1 AS id FROM range(2)", 7],
])("exits with %s", async (_name, args, query, code) => {
  await using folder = await project(query);
  const done = await executeCli(args, { cwd: folder.path });
  expect(done).toMatchObject({ code, signal: null });
});

test.each([
  ["5 when the source refuses the query", ["run", "-m", "numbers"], "SELECT nothing AS id FROM nowhere", 5],
  ["7 when a key is NULL", ["run", "-m", "numbers"], "SELECT NULL::INTEGER AS id", 7],
  ["10 when a plan has changes and was asked to tell", ["plan", "-m", "numbers", "--detailed-exitcode"], FEW, 10],
])("comes to %s", async (_name, args, query, code) => {
  await using folder = await project(query);
  expect(await say(args, { cwd: folder.path })).toMatchObject({ exit: code });
});

test("data goes to stdout and talk to stderr", async () => {
  await using folder = await project(FEW);
  const { stdout, stderr } = await executeCli(["run", "-m", "numbers"], { cwd: folder.path });
  expect(stdout).toContain("+ added");
  expect(stdout).not.toContain("ok  deliver");
  expect(stderr).toContain("ok  deliver");
});

test("colours come with FORCE_COLOR and go with --no-color", async () => {
  await using folder = await project(FEW);
  const env = { NO_COLOR: undefined, FORCE_COLOR: "1" };
  expect((await executeCli(["ls"], { cwd: folder.path, env })).stdout).toContain("\u001b[");
  expect((await executeCli(["ls", "--no-color"], { cwd: folder.path, env })).stdout).not.toContain("\u001b[");
  expect((await executeCli(["ls"], { cwd: folder.path })).stdout).not.toContain("\u001b[");
});

test("a reader that leaves early is no error", async () => {
  const script = `set -o pipefail; "${process.execPath}" "${BUILT_CLI}" explain | head -1`;
  const { code, stdout, stderr } = await execute("bash", ["-c", script]);
  expect({ code, stderr, lines: stdout.trimEnd().split("\n").length }).toEqual({ code: 0, stderr: "", lines: 1 });
});

test("a delivery goes on when nobody reads what it says", async () => {
  await using folder = await project(FEW);
  const script = `"${process.execPath}" "${BUILT_CLI}" run -m numbers 2>&1 | true`;
  await execute("bash", ["-c", script], { cwd: folder.path });
  const { stdout } = await executeCli(["status", "--json"], { cwd: folder.path });
  expect(JSON.parse(stdout)).toMatchObject({ data: { streams: [{ state: "ok", generation: 1 }] } });
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("S19: the first %s stops cleanly and says so", async (signal, code) => {
  await using folder = await project(ENDLESS);
  const child = spawn(process.execPath, [BUILT_CLI, "run", "-m", "numbers"], { cwd: folder.path, stdio: "pipe" });
  const closed = new Promise<number | null>((resolve) => child.on("close", resolve));
  const stdout = text(child.stdout);
  let stderr = "";
  for await (const chunk of child.stderr.setEncoding("utf8")) {
    stderr += String(chunk);
    if (stderr.includes("ok  describe") && !stderr.includes("Stopping")) child.kill(signal);
  }
  expect(await closed).toBe(code);
  expect(stderr).toContain("Stopping cleanly");
  expect(stderr).toContain(`INTERRUPTED  ${signal} stopped the command.`);
  expect(await stdout).toContain("interrupted");
});

test("a second signal ends the program at once, in the middle of a query too", async () => {
  await using folder = await project(ENDLESS);
  const child = spawn(process.execPath, [BUILT_CLI, "run", "-m", "numbers"], { cwd: folder.path, stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on("close", (_code, signal) => resolve(signal)));
  let stderr = "";
  let sent = false;
  for await (const chunk of child.stderr.setEncoding("utf8")) {
    stderr += String(chunk);
    if (sent || !stderr.includes("ok  describe")) continue;
    sent = true;
    // Both wait for a stopped process, so that it sees them together however busy the machine is.
    for (const signal of ["SIGSTOP", "SIGINT", "SIGTERM", "SIGCONT"] as const) child.kill(signal);
  }
  // A shell shows 130 and 143 for these.
  expect(["SIGINT", "SIGTERM"]).toContain(await ended);
  expect(stderr).toContain("Stopping cleanly");
  expect(stderr).not.toContain("INTERRUPTED");
});

test("a failpoint of the environment kills the program there, and the same command then finishes the delivery", async () => {
  await using folder = await project(FEW);
  const killed = await executeCli(["run", "-m", "numbers"], { cwd: folder.path, env: { SPILLWAY_FAILPOINT: "plan.created=kill" } });
  expect(killed.signal).toBe("SIGKILL");
  const again = await executeCli(["run", "-m", "numbers", "--json"], { cwd: folder.path });
  expect(again).toMatchObject({ code: 0 });
  expect(await readFile(folder.at("out/_spillway/numbers/000001.json"), "utf8")).toContain('"generation": 1');
});

test("a failpoint that does not read as one is refused", async () => {
  const { code, stderr } = await executeCli(["version"], { env: { SPILLWAY_FAILPOINT: "nowhere" } });
  expect(code).toBe(2);
  expect(stderr).toContain("SPILLWAY_FAILPOINT");
});
