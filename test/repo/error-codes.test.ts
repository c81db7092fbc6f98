import { describe, expect, test } from "vitest";
import { ERROR_CODES } from "../../src/core/error-codes.ts";
import { filesMatching, read } from "./source-tree.ts";

const textOf = (pattern: RegExp, except: RegExp): string =>
  filesMatching(pattern)
    .filter((file) => !except.test(file))
    .map(read)
    .join("\n");

const source = textOf(/^src\/.*\.ts$/, /^src\/core\/error-codes\.ts$/);
const tests = textOf(/^test\/.*\.ts$/, /^test\/repo\//);
const page = read("docs/errors.md");
const codes = Object.keys(ERROR_CODES);

describe("every error code", () => {
  test.each(codes)("%s has a heading of its own in docs/errors.md", (code) => {
    expect(page).toMatch(new RegExp(`^#+ \`?${code}\`?$`, "m"));
  });

  test.each(codes)("%s can be met: src names it", (code) => {
    expect(source).toContain(`"${code}"`);
  });

  test.each(codes)("%s is reached by a test", (code) => {
    expect(tests).toMatch(new RegExp(`\\b${code}\\b`));
  });

  test.each(Object.entries(ERROR_CODES))("%s tells what it means and what to do", (code, entry) => {
    expect(code).toMatch(/^[A-Z][A-Z0-9_]+$/);
    expect(entry.meaning).toMatch(/^\p{Lu}.*\.$/u);
    expect(entry.action).toMatch(/\.$/);
  });
});

test("the codes stand in alphabetical order", () => {
  expect(codes).toEqual(codes.toSorted());
});

test("docs/errors.md describes no code that does not exist", () => {
  const described = [...page.matchAll(/^#+ `?([A-Z][A-Z0-9_]+)`?$/gm)].map((match) => match[1]);
  expect(described.filter((code) => code !== undefined && !codes.includes(code))).toEqual([]);
});
