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
  test("has a heading of its own in docs/errors.md", () => {
    expect(codes.filter((code) => !new RegExp(`^#+ \`?${code}\`?$`, "m").test(page))).toEqual([]);
  });

  test("can be met: src names it", () => {
    expect(codes.filter((code) => !source.includes(`"${code}"`))).toEqual([]);
  });

  test("is reached by a test", () => {
    expect(codes.filter((code) => !new RegExp(`\\b${code}\\b`).test(tests))).toEqual([]);
  });

  test("tells in sentences what it means and what to do", () => {
    const vague = Object.entries(ERROR_CODES).filter(
      ([, entry]) => !/^[\p{Lu}`].*\.$/u.test(entry.meaning) || !/\w{2} .*\.$/.test(entry.action),
    );
    expect(vague).toEqual([]);
  });

  test("is written in capitals and stands in its place of the alphabet", () => {
    expect(codes.filter((code) => !/^[A-Z][A-Z0-9_]+$/.test(code))).toEqual([]);
    expect(codes).toEqual(codes.toSorted());
  });
});

test("docs/errors.md describes no code that does not exist", () => {
  const described = [...page.matchAll(/^#+ `?([A-Z][A-Z0-9_]+)`?$/gm)].map((match) => match[1]);
  expect(described.filter((code) => code !== undefined && !codes.includes(code))).toEqual([]);
});
