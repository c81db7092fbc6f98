import { expect, test } from "vitest";
import { say } from "../support/fake-host.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const CONFIG = `version: 1
sources:
  warehouse: {type: postgres, host: db, user: sync, password: pa55word, database: prod}
destinations:
  partner: {type: local, path: out}
defaults:
  guards: {max_removed: 10%}
targets:
  dev: {sources: {warehouse: {database: dev}}}
`;
const MODEL = `source: warehouse
destination: partner
query: |
  SELECT id
  FROM users
primary_key: [id]
guards: {min_rows: 3}
columns:
  Id: id
  Hash: {from: id, apply: [lower, {hmac_sha256: t0p-secret}]}
  Sealed: {from: id, apply: [{hmac_sha256: {file: keys/hmac}}]}
`;

async function project(): Promise<TempFolder> {
  const folder = await tempFolder();
  await folder.write("config.yaml", CONFIG);
  await folder.write("models/users.yaml", MODEL);
  return folder;
}

test("every value in effect is shown with the place it comes from, secrets hidden", async () => {
  await using folder = await project();
  const { exit, stdout } = await say(["config", "show", "--origin", "--target", "dev"], { cwd: folder.path });
  expect(exit).toBe(0);
  const lines = stdout.split("\n").map((line) => line.replace(/ {2,}/g, " | ").trim());
  expect(lines).toEqual(
    expect.arrayContaining([
      "config.yaml",
      "| sources.warehouse.database | dev | config.yaml:9",
      "| sources.warehouse.user | sync | config.yaml:3",
      "| sources.warehouse.password | [hidden] | config.yaml:3",
      "| engine.threads | 2 | default",
      "users",
      "| columns.Hash.apply.0 | lower | models/users.yaml:10",
      "| columns.Hash.apply.1.hmac_sha256 | [hidden] | models/users.yaml:10",
      "| columns.Sealed.apply.0.hmac_sha256.file | keys/hmac | models/users.yaml:11",
      "| guards.max_removed | 10% | config.yaml:7",
      "| guards.min_rows | 3 | models/users.yaml:7",
      "| guards.max_changed | 50% | default",
      '| query | "SELECT id\\nFROM users\\n" | models/users.yaml:3',
    ]),
  );
  expect(stdout).not.toContain("pa55word");
  expect(stdout).not.toContain("t0p-secret");
});

test("SYNC_TARGET names the target, and --target wins over it", async () => {
  await using folder = await project();
  const env = { SYNC_TARGET: "none" };
  const failed = await say(["config", "show"], { cwd: folder.path, env });
  expect(failed).toMatchObject({ exit: 2 });
  expect(failed.stderr).toContain('there is no target "none"');
  const { stdout } = await say(["config", "show", "--json", "-m", "users", "--origin", "--target", "dev"], { cwd: folder.path, env });
  const { data } = JSON.parse(stdout) as { data: { target: string; settings: { key: string; scope: string; origin: string }[] } };
  expect(data.target).toBe("dev");
  expect(new Set(data.settings.map(({ scope }) => scope))).toEqual(new Set(["users"]));
  expect(data.settings.find(({ key }) => key === "first_run")).toMatchObject({ value: "full", origin: "default" });
});

test("a model that is not there is told by name", async () => {
  await using folder = await project();
  const { exit, stderr } = await say(["config", "show", "-m", "usres"], { cwd: folder.path });
  expect(exit).toBe(2);
  expect(stderr).toContain('No model is called "usres"');
});
