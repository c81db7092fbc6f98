import { readdir, readFile, writeFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { expect, test } from "vitest";
import { cliProject, type CliProject } from "../support/cli-project.ts";
import { consume } from "../support/consumer.ts";
import { say, type Said } from "../support/fake-host.ts";

// Names that mean something to JavaScript, SQL, CSV or a shell are columns like any other.

const NAMES = [
  "__proto__",
  "constructor",
  "toString",
  'say "cheese"',
  "it's",
  '"; DROP TABLE users; --',
  "a,b",
  "two\nlines",
  "${HOME}",
  "{generation}",
  "$(id)",
  "_change",
  "a b",
  "ünï",
];

/** Values that would do harm where a text is taken for a program. */
const VALUES = [
  "'); DROP TABLE users; --",
  '"; DROP SCHEMA main; --',
  "${HOME}",
  "{stream}",
  "../../etc/passwd",
  "=1+1",
  "\\N",
  "__proto__",
];

async function project(): Promise<CliProject> {
  const at = await cliProject();
  await at.folder.write(
    "models/users.yaml",
    "source: files\ndestination: out\nquery: SELECT * FROM read_csv('users.csv', header = true, all_varchar = true, null_padding = false)\nprimary_key: [id]\nguards: off\nfile: {quote: all}\n",
  );
  return at;
}

async function set(at: CliProject, rows: readonly (readonly string[])[]): Promise<void> {
  await writeFile(at.folder.at("users.csv"), stringify([["id", ...NAMES], ...rows], { quoted: true }));
}

const row = (id: string, turn: number): readonly string[] => [id, ...NAMES.map((_, at) => VALUES[(at + turn) % VALUES.length] ?? "")];

async function sync(at: CliProject, ...args: readonly string[]): Promise<Said> {
  const said = await say(args, { cwd: at.folder.path });
  expect(`${said.exit} ${said.stderr}`).toMatch(/^(?:0|10) /);
  return said;
}

test("S28: hostile names of columns and hostile values are compared, delivered and told as they are", async () => {
  await using at = await project();
  await set(at, [row("1", 0), row("2", 1)]);
  await sync(at, "run", "-q");
  const [file] = (await readdir(at.folder.at("out"))).filter((name) => name.endsWith(".csv"));
  const bytes = await readFile(at.folder.at("out", file ?? ""), "utf8");
  expect(parse(bytes)).toEqual([["id", ...NAMES], row("1", 0), row("2", 1)]);

  await set(at, [row("1", 3), row("3", 1)]);
  const plan = JSON.stringify(JSON.parse((await sync(at, "plan", "--json")).stdout));
  for (const name of ["__proto__", "constructor"]) expect(plan).toContain(JSON.stringify(name));
  await sync(at, "run", "-q");
  const held = await consume(at.folder.at("out"), "users");
  expect([...held].map(([key, columns]) => [key, ...columns])).toEqual([row("1", 3), row("3", 1)]);
  expect((await sync(at, "run", "--json")).stdout).toContain('"status": "unchanged"');

  const told = (await sync(at, "row", "-m", "users", "--key", "id=1", "--json")).stdout;
  expect(told).toContain('"__proto__"');
  await sync(at, "verify");
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  expect(Object.keys(Object.prototype)).toEqual([]);
});
