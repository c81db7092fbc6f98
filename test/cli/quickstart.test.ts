import { cp, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { execute } from "../support/execute.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SHIPPED = ["package.json", "config.example.yaml", "models", "schema", "demo", "scripts", "src"];

/** Commands of a page's shell blocks, in order. */
async function commandsOf(page: string): Promise<readonly string[]> {
  const text = await readFile(join(ROOT, page), "utf8");
  const blocks = [...text.matchAll(/^```sh\n(?<lines>[^`]+)```/gm)].map((match) => match.groups?.["lines"] ?? "");
  return blocks.flatMap((block) => block.split("\n")).filter((line) => line !== "");
}

/** A folder that looks like a clone after `npm install`, with no state of its own. */
async function freshClone(): Promise<TempFolder> {
  const folder = await tempFolder();
  for (const name of SHIPPED) await cp(join(ROOT, name), folder.at(name), { recursive: true });
  for (const name of ["node_modules", "dist"]) await symlink(join(ROOT, name), folder.at(name));
  return folder;
}

// npx itself would install the clone into its own cache each time; that it finds the program is held by test/repo/bins.test.ts.
const NPX = `npx() { local name=$1; shift; npm_command=exec "${ROOT}node_modules/.bin/$name" "$@"; }`;

/** Runs the lines one after the other in one shell, as somebody who pastes them. */
async function paste(commands: readonly string[], cwd: string): Promise<{ readonly code: number | null; readonly said: string }> {
  const script = ["set -euo pipefail", NPX, ...commands].join("\n");
  const { code, stdout, stderr } = await execute("bash", ["-c", script], { cwd, env: { NO_COLOR: "1" }, timeoutMs: 90_000 });
  return { code, said: stdout + stderr };
}

test("the commands of the README run as they stand", { timeout: 120_000 }, async () => {
  const commands = await commandsOf("README.md");
  expect(commands.slice(0, 3)).toEqual(["npm install", "npm run demo", "npm test"]);
  await using clone = await freshClone();
  const { demo } = (JSON.parse(await readFile(clone.at("package.json"), "utf8")) as { scripts: Record<string, string> }).scripts;
  // Built once for all tests already: building again here would pull dist/ away from under the others.
  expect(demo).toMatch(/^npm run build && /);
  const demoScript = demo?.replace("npm run build && ", "npx ") ?? "";
  const { code, said } = await paste(["npm run --silent warehouse", demoScript, ...commands.slice(3)], clone.path);
  expect({ code, said }).toEqual({ code: 0, said: expect.any(String) });
  expect(said).toContain("customers/000002/removed-0001.csv");
  expect(said).toMatch(/audiences {2}run \w+ · gen 1 · delivered/);
});

test("the commands of the first steps run as they stand, in an empty folder", { timeout: 120_000 }, async () => {
  const commands = await commandsOf("docs/getting-started.md");
  expect(commands.length).toBeGreaterThan(10);
  await using folder = await tempFolder();
  const { code, said } = await paste(commands, folder.path);
  expect({ code, said }).toEqual({ code: 0, said: expect.any(String) });
  expect(await readFile(folder.at("my-project/out/customers/000002/changed-0001.csv"), "utf8")).toContain("changed");
});
