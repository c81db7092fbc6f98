import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { BUILT_CLI, execute } from "../support/execute.ts";
import { tempFolder } from "../support/temp-folder.ts";

const HOOK = `
import { appendFileSync } from "node:fs";
export async function load(url, context, next) {
  appendFileSync(process.env.LOADED_FILE, url + "\\n");
  return next(url, context);
}`;

async function packagesLoadedBy(args: readonly string[]): Promise<readonly string[]> {
  await using folder = await tempFolder();
  await folder.write("hook.mjs", HOOK);
  await folder.write("register.mjs", `import { register } from "node:module"; register("./hook.mjs", import.meta.url);`);
  const loaded = folder.at("loaded.txt");
  const env = { LOADED_FILE: loaded };
  const { code } = await execute(process.execPath, ["--import", folder.at("register.mjs"), BUILT_CLI, ...args], { env });
  expect(code).toBe(0);
  const urls = (await readFile(loaded, "utf8")).split("\n");
  expect(urls.some((url) => url.endsWith("/dist/cli/main.js"))).toBe(true);
  const packages = urls.flatMap((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []);
  return [...new Set(packages)].toSorted();
}

test("help loads commander and nothing else", async () => {
  expect(await packagesLoadedBy(["--help"])).toEqual(["commander"]);
});

test("the help of a command loads no database and no SDK", async () => {
  expect(await packagesLoadedBy(["run", "--help"])).toEqual(["commander"]);
});

test("help comes within 100 ms of Node's own start", async () => {
  const best = async (args: readonly string[]): Promise<number> => {
    let least = Infinity;
    for (let turn = 0; turn < 7; turn += 1) {
      const start = performance.now();
      await execute(process.execPath, args);
      least = Math.min(least, performance.now() - start);
    }
    return least;
  };
  const bare = await best(["-e", "0"]);
  expect((await best([BUILT_CLI, "--help"])) - bare).toBeLessThan(100);
});
