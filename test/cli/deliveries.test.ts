import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { consume } from "../support/consumer.ts";
import { say } from "../support/fake-host.ts";
import { tempFolder } from "../support/temp-folder.ts";

const CONFIG = `version: 1
sources: {files: {type: duckdb}}
destinations:
  acme: {type: local, path: acme}
  beta: {type: local, path: beta}
`;
const MODEL = `source: files
query: SELECT * FROM read_csv('users.csv', header = true, all_varchar = true)
primary_key: [id]
guards: off
deliveries:
  acme: {destination: acme}
  beta: {destination: beta, columns: {id: id, hash: {from: name, apply: [upper]}}}
`;

test("deliveries of one model have snapshots and generations of their own, and are chosen together or one by one", async () => {
  await using folder = await tempFolder();
  await folder.write("config.yaml", CONFIG);
  await folder.write("models/users.yaml", MODEL);
  const set = async (rows: string) => writeFile(folder.at("users.csv"), `id,name\n${rows}`);
  const run = async (model: string) => {
    const { exit, stdout, stderr } = await say(["run", "-m", model, "--json"], { cwd: folder.path });
    expect({ exit, stderr: exit === 0 ? "" : stderr }).toEqual({ exit: 0, stderr: "" });
    const { data } = JSON.parse(stdout) as { data: { runs: { stream: string; generation: number; added: number }[] } };
    return data.runs.map(({ stream, generation, added }) => [stream, generation, added]);
  };
  const held = async (name: string) => Object.fromEntries(await consume(folder.at(name), `users.${name}`));

  await set("1,ann\n2,bob\n");
  expect(await run("users")).toEqual([
    ["users.acme", 1, 2],
    ["users.beta", 1, 2],
  ]);
  await set("1,ann\n2,bob\n3,cid\n");
  expect(await run("users.acme")).toEqual([["users.acme", 2, 1]]);
  expect(await held("beta")).toEqual({ 1: ["ANN"], 2: ["BOB"] });
  await set("1,ann\n3,cid\n4,dot\n");
  expect(await run("users")).toEqual([
    ["users.acme", 3, 1],
    ["users.beta", 2, 2],
  ]);
  expect(await held("acme")).toEqual({ 1: ["ann"], 3: ["cid"], 4: ["dot"] });
  expect(await held("beta")).toEqual({ 1: ["ANN"], 3: ["CID"], 4: ["DOT"] });
});

test("deliveries that run together hold the same rows of a query that answers differently each time", async () => {
  await using folder = await tempFolder();
  await folder.write("config.yaml", CONFIG);
  await folder.write(
    "models/users.yaml",
    MODEL.replace(/query: .*/u, "query: SELECT i AS id, uuid() AS name, random() AS other FROM range(3) AS t(i)"),
  );
  const { exit, stdout } = await say(["run", "-m", "users", "--json"], { cwd: folder.path });
  expect(exit).toBe(0);
  const { data } = JSON.parse(stdout) as { data: { runs: { run_id: string; reading: unknown }[] } };
  const [acme, beta] = data.runs;
  expect(beta?.reading).toEqual(acme?.reading);
  expect([acme?.run_id, beta?.run_id].map((run) => ({ moment: run, extraction: run }))).toContainEqual(acme?.reading);
  const told = Object.entries(Object.fromEntries(await consume(folder.at("acme"), "users.acme"))).map(([id, [name]]) => [
    id,
    [name?.toUpperCase()],
  ]);
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(await consume(folder.at("beta"), "users.beta")));
  const one = await say(["run", "-m", "users.acme", "--json"], { cwd: folder.path });
  expect(JSON.parse(one.stdout)).toMatchObject({ data: { runs: [{ reading: null }] } });
});
