import { afterAll, beforeAll, expect, test } from "vitest";
import { cliProject, type CliProject } from "../support/cli-project.ts";
import { say, type Said } from "../support/fake-host.ts";
import { type SinkServer, sinkServer } from "../support/sink-server.ts";

const WEBHOOK = "type: webhook, url: ${ALERT_URL}, secret: key";

let project: CliProject;
let sink: SinkServer;

const MODEL =
  "source: files\ndestination: out\nquery: SELECT * FROM read_csv('users.csv', header = true, all_varchar = true)\nprimary_key: [id]\n";

beforeAll(async () => {
  project = await cliProject();
  sink = await sinkServer();
  await project.folder.write("models/users.yaml", `${MODEL}alerts: [ops]\n`);
  await configure(`ops: {${WEBHOOK}, timeout: 60s}`);
});

afterAll(async () => {
  await sink[Symbol.asyncDispose]();
  await project[Symbol.asyncDispose]();
});

async function configure(alert: string): Promise<void> {
  const config = `version: 1\nstate: state\nsources: {files: {type: duckdb}}\ndestinations: {out: {type: local, path: out}}\nalerts:\n  ${alert}\n`;
  await project.folder.write("config.yaml", config);
}

const sync = (...args: readonly string[]): Promise<Said> => say(args, { cwd: project.folder.path, env: { ALERT_URL: sink.url } });

const told = (): readonly string[] => sink.heard.map(({ body }) => (JSON.parse(body) as { readonly title: string }).title);

test("runs by hand tell as well: that one failed, and that the next works again", async () => {
  expect((await sync("run", "-m", "users")).exit).toBe(5);
  await project.set({ 1: "Ada" });
  expect((await sync("run", "-m", "users")).exit).toBe(0);
  expect(told()).toEqual(["users failed: SOURCE_QUERY_FAILED", "users works again"]);
});

test("S32: a sink that never answers changes nothing about a run but a warning", async () => {
  sink.answer = "silence";
  await configure(`ops: {${WEBHOOK}, timeout: 50ms}`);
  await project.set({ 1: "Grace" });
  await project.folder.write("models/users.yaml", `${MODEL}guards: {min_rows: 5}\nalerts: [ops]\n`);
  const { exit, stdout } = await sync("run", "-m", "users", "--json");
  expect(exit).toBe(3);
  const { warnings, error } = JSON.parse(stdout) as { readonly warnings: readonly string[]; readonly error: { readonly code: string } };
  expect(error.code).toBe("GUARD_MIN_ROWS");
  expect(warnings).toEqual([
    expect.stringMatching(/^users is held: GUARD_MIN_ROWS \(ALERT_FAILED: The alert ops \(webhook\) did not arrive/),
  ]);
  sink.answer = 200;
  await configure(`ops: {${WEBHOOK}, timeout: 60s}`);
});

test("an answer ends the wait", async () => {
  const before = told().length;
  await sync("approve", "-m", "users");
  expect(told().slice(before)).toEqual(["users works again"]);
});

test("doctor sends a test when it is asked to, and only then", async () => {
  const before = sink.heard.length;
  const whole = await sync("doctor");
  expect(whole.stdout).toContain("`sync doctor --only alerts` sends a test");
  expect(sink.heard).toHaveLength(before);
  expect(await sync("doctor", "--only", "alerts")).toMatchObject({
    exit: 0,
    stdout: expect.stringMatching(/alerts +ok +ops +webhook +took a test/),
  });
  expect(told().at(-1)).toBe("A test of Spillway's alerts");
  sink.answer = 401;
  const refused = await sync("doctor", "--only", "alerts", "--json");
  expect(refused.exit).toBe(6);
  expect(JSON.parse(refused.stdout)).toMatchObject({
    error: { code: "DOCTOR_ALERTS" },
    data: { checks: [{ area: "alerts", subject: "ops", status: "fail", code: "ALERT_FAILED" }] },
  });
  expect(refused.stdout).not.toContain(sink.url);
});

test("a secret that cannot be had is told by its place", async () => {
  await configure("ops: {type: slack, url: {file: no-such-file}}");
  const { exit, stdout } = await sync("doctor", "--only", "alerts");
  expect(exit).toBe(6);
  expect(stdout).toContain("no-such-file cannot be read: it does not exist");
});
