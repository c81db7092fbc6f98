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

test("help costs less than 100 ms of processor time above Node's own start", async () => {
  // Processor time, not the clock's: other tests run at the same time.
  const tell = `data:text/javascript,process.on("exit",()=>{const{user,system}=process.cpuUsage();console.error("cpu "+(user+system))})`;
  const least = async (args: readonly string[]): Promise<number> => {
    const times: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const { stderr } = await execute(process.execPath, ["--import", tell, ...args]);
      times.push(Number(/cpu (\d+)/.exec(stderr)?.[1]) / 1000);
    }
    return Math.min(...times);
  };
  const bare = await least(["-e", "0"]);
  expect(bare).toBeGreaterThan(0);
  expect((await least([BUILT_CLI, "--help"])) - bare).toBeLessThan(100);
});
