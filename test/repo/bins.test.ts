import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BUILT_CLI, execute } from "../support/execute.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { ROOT, read } from "./source-tree.ts";

const names = Object.keys((JSON.parse(read("package.json")) as { readonly bin: object }).bin);

// npm does not link a package's own programs, and `npx sync` would run coreutils' sync.
test.each(["sync", "spillway"])("npx %s runs this clone from any folder", async (name) => {
  await using elsewhere = await tempFolder();
  const link = join(ROOT, "node_modules/.bin", name);
  const version = await execute(link, ["version"], { cwd: elsewhere.path });
  expect(names).toContain(name);
  expect(await realpath(link)).toBe(await realpath(BUILT_CLI));
  expect(version).toMatchObject({ code: 0, stdout: expect.stringMatching(/^spillway \d/) });
});
