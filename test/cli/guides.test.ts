import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { demoProject } from "../support/demo-project.ts";
import { firstMissing, followGuide, guideSteps } from "../support/guide-page.ts";

/*
 * Every page of docs/guides is followed as a reader would, from top to bottom, in a demo project of its own (`sync init`: config.yaml,
 * models/audiences.yaml, models/customers.yaml, demo/warehouse.duckdb, nothing delivered yet). How a page is written: see guideSteps.
 */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const GUIDES = join(ROOT, "docs/guides");

// npx itself would install the clone into its own cache each time; that it finds the program is held by test/repo/bins.test.ts.
const NPX = `npx() { local name=$1; shift; npm_command=exec "${ROOT}node_modules/.bin/$name" "$@"; }; export -f npx`;

const pages = (await readdir(GUIDES)).filter((name) => name.endsWith(".md"));

test.each(pages)("docs/guides/%s goes as it says", { timeout: 180_000 }, async (page) => {
  await using folder = await demoProject();
  expect(await followGuide(join(GUIDES, page), folder, NPX)).toEqual([]);
});

test("a page gives its files, commands, exit codes and the lines that it shows", () => {
  const page = [
    "<!-- setup\nexport DAY=1\n-->",
    "Some `config.yaml`:\n\n<!-- file a/b.yaml -->\n```yaml\nversion: 1\n```",
    "<!-- exit 2 -->\n```sh\nfalse\n```\nsays\n```text\nERROR X\n\n  hint\n```",
    "```yaml\nonly: shown\n```",
  ].join("\n\n");
  expect(guideSteps(page)).toEqual([
    { kind: "commands", commands: "export DAY=1\n", line: 1, exit: 0, shown: [] },
    { kind: "file", path: "a/b.yaml", content: "version: 1\n", line: 8 },
    { kind: "commands", commands: "false\n", line: 13, exit: 2, shown: ["ERROR X", "  hint"] },
  ]);
});

test("a line that a page shows and the answer lacks is found", () => {
  const said = "users  run 01K9 · gen 2\n  + added  3\n";
  expect(firstMissing(said, ["users run … · gen 2", "+ added 3"])).toBeNull();
  expect(firstMissing(said, ["users run … · gen 3"])).toBe("users run … · gen 3");
  expect(firstMissing(said, ["+ added 3", "users run … · gen 2"])).toBe("users run … · gen 2");
});

test("a page that is wrong is told with its line", async () => {
  await using folder = await demoProject();
  const page = await folder.write("page.md", "# Wrong\n\n```sh\nexport A=1\nexit 3\n```\n\n```sh\necho $A\n```\n```text\n2\n```\n");
  expect(await followGuide(page, folder, "")).toEqual([
    expect.stringMatching(/^line 3: ended with 3, not 0/),
    expect.stringMatching(/^line 8: does not say "2":\n1/),
  ]);
});
