import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { ROOT, read } from "./source-tree.ts";

const PAGES = [
  "README.md",
  "CHANGELOG.md",
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
];

test.each(PAGES)("links of %s lead to files that are there", (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:|#)(?<path>[^)#\s]+)/g)].map((match) => match.groups?.["path"] ?? "");
  expect(links.filter((link) => !existsSync(join(ROOT, dirname(page), link)))).toEqual([]);
});

test("the index of docs/ leads to every page", () => {
  const index = read("docs/README.md");
  const pages = PAGES.filter((page) => page.startsWith("docs/") && page !== "docs/README.md").map((page) => page.slice("docs/".length));
  expect(pages.filter((page) => !index.includes(`(${page})`))).toEqual([]);
});
