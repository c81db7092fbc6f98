import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { filesMatching, read } from "./source-tree.ts";

/** Rules that no lint rule knows. */
const sources = filesMatching(/^src\/.*\.ts$/);
const everywhere = filesMatching(/^(src|test|bench|scripts)\/.*\.ts$/);

/** `file:line: text` of each line that matches. */
function lines(files: readonly string[], pattern: RegExp): readonly string[] {
  return files.flatMap((file) =>
    read(file)
      .split("\n")
      .map((text, at) => ({ text, place: `${file}:${at + 1}` }))
      .filter(({ text }) => pattern.test(text))
      .map(({ text, place }) => `${place}: ${text.trim()}`),
  );
}

test.each(["src", "test", "bench", "scripts"])("no file of %s/ has more than 300 lines", (folder) => {
  const long = everywhere.filter((file) => file.startsWith(`${folder}/`) && read(file).trimEnd().split("\n").length > 300);
  expect(long).toEqual([]);
});

test("file names are kebab-case", () => {
  expect(everywhere.filter((file) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.ts$/.test(basename(file)))).toEqual([]);
});

describe("src", () => {
  const elsewhere = sources.filter((file) => file !== "src/core/clock.ts");

  test("asks nobody but the clock for the time of day", () => {
    expect(lines(elsewhere, /\bnew Date\(\s*\)|\bDate\.now\(/)).toEqual([]);
    expect(lines(["src/core/clock.ts"], /\bnew Date\(\s*\)|\bDate\.now\(/)).not.toEqual([]);
  });

  test("forces no type through unknown and silences no compiler error", () => {
    expect(lines(sources, /\bas unknown as\b|@ts-(ignore|expect-error|nocheck)/)).toEqual([]);
  });

  test("throws only SyncError where it throws an error of its own", () => {
    const kinds = sources.flatMap((file) => [...read(file).matchAll(/\bclass (\w+) extends SyncError\b/g)].map((found) => found[1]));
    // commander wants its own class from a parser of arguments; an adapter's …Failure becomes a SyncError before it leaves the folder.
    const allowed = ["SyncError", ...kinds, "InvalidArgumentError", "\\w+Failure"].join("|");
    expect(lines(sources, new RegExp(`\\bthrow new (?!(${allowed})\\b)\\w+`))).toEqual([]);
  });

  test("switches a lint rule off only with a reason beside it", () => {
    expect(lines(everywhere, /(oxlint|eslint)-disable(?!.* -- \S)/).filter((line) => !line.includes("source-rules"))).toEqual([]);
  });
});

test("no test is focused, skipped or left for later", () => {
  expect(lines(filesMatching(/^test\/.*\.test\.ts$/), /\b(test|it|describe)\.(only|skip|todo|skipIf|runIf|fails)\b/)).toEqual([]);
});

describe("what is written in the repository", () => {
  const written = filesMatching(/\.(ts|md|json|jsonc|yaml|yml|sql|sh|py|mjs)$|^\.ci\/|^LICENSE$/).filter(
    (file) => file !== "package-lock.json",
  );

  test("names no folder of the machine it was written on", () => {
    expect(lines(written, /(^|[\s"'`(=:])\/(work|root|Users|home\/(?!user\b|you\b|spillway\b|node\b)\w+)\//)).toEqual([]);
  });

  test("holds no marks of an unfinished merge and no notes to self", () => {
    expect(lines(written, /^(<{7}|>{7}) |\b(FIXME|XXX|HACK)\b(?!\W*\()/).filter((line) => !line.includes("source-rules"))).toEqual([]);
  });
});
