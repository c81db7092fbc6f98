import { expect, test } from "vitest";
import { say } from "../support/fake-host.ts";
import { memoryFolder, tempFolder, type TempFolder } from "../support/temp-folder.ts";

const HEAD = "source: files\ndestination: out\n";

/** A project whose one model is given, over two small tables in files. */
async function projectOf(name: string, model: string): Promise<TempFolder> {
  const folder = await tempFolder(await memoryFolder());
  await folder.write(
    "config.yaml",
    "version: 1\nstate: state\nmodels: models\nsources: {files: {type: duckdb}}\ndestinations: {out: {type: local, path: out}}\n",
  );
  await folder.write("people.csv", "id,ltv\n1,10\n2,1500\n3,2000\n");
  await folder.write("events.csv", "id,at\n1,2026-11-20 08:00:00\n2,2026-11-23 11:30:00\n");
  await folder.write(`models/${name}.yaml`, HEAD + model);
  return folder;
}

const AUDIENCES = `audiences:
  entity: {query: "SELECT * FROM read_csv('people.csv')", key: id}
  members: {vip: ltv >= 1000, rich: ltv >= 1800}
`;

test("ls shows the members of each audience as delivered last, and plan which audience is new or gone", async () => {
  await using folder = await projectOf("growth", AUDIENCES);
  const at = { cwd: folder.path };
  expect((await say(["ls"], at)).stdout).toContain("STREAM  AUDIENCE  MEMBERS\ngrowth  vip             -\ngrowth  rich            -\n");
  expect((await say(["run", "--all", "-q"], at)).exit).toBe(0);
  await folder.write("models/growth.yaml", HEAD + AUDIENCES.replace("rich: ltv >= 1800", "small: ltv < 1000"));
  expect((await say(["ls"], at)).stdout).toContain(
    "growth  vip                                  2\ngrowth  small                                -\ngrowth  rich (no longer in the model)        1\n",
  );
  const plan = await say(["plan", "-m", "growth"], at);
  expect(plan.stdout).toContain("  new audience small: 1 member enters\n  audience rich is gone from the model: 1 member leaves\n");
  const listed = JSON.parse((await say(["ls", "--json"], at)).stdout) as { data: { streams: { audiences: unknown }[] } };
  expect(listed.data.streams[0]?.audiences).toEqual([
    { audience: "vip", members: 2, configured: true },
    { audience: "small", members: null, configured: true },
    { audience: "rich", members: 1, configured: false },
  ]);
});

test("ls lists the streams when the state cannot be read, and says why members are not known", async () => {
  await using folder = await projectOf("growth", AUDIENCES);
  await folder.write("state/growth/current/00000000.json", "torn");
  const { exit, stdout, stderr } = await say(["ls"], { cwd: folder.path });
  expect({ exit, listed: stdout.includes("growth  files (duckdb)") }).toEqual({ exit: 0, listed: true });
  expect(stderr).toContain("The members of audiences are not known:");
});

test("plan and status show how far an event table was read", async () => {
  const model = "query: SELECT * FROM read_csv('events.csv')\nprimary_key: id\nmode: append\ncursor: {column: at, lag: 1h}\n";
  await using folder = await projectOf("events", model);
  const at = { cwd: folder.path };
  expect((await say(["plan", "-m", "events"], at)).stdout).toMatch(
    /base {2}nothing delivered yet\n {2}reads from the beginning to 2026-11-23 11:00:\d\d UTC\n/,
  );
  expect((await say(["run", "--all", "-q"], at)).exit).toBe(0);
  expect((await say(["status"], at)).stdout).toMatch(/READ UP TO\n.* 2026-11-23 11:00:\d\d UTC\n/);
  const later = await say(["plan", "-m", "events"], at);
  expect(later.stdout).toMatch(/ · 0 rows remembered · read up to 2026-11-23 11:00:\d\d UTC\n {2}reads 2026-11-23 10:00:\d\d UTC to /);
  const status = JSON.parse((await say(["status", "--json"], at)).stdout) as { data: { streams: { watermark: { up_to: string } }[] } };
  expect(status.data.streams[0]?.watermark.up_to).toMatch(/^2026-11-23T11:00:/);
});
