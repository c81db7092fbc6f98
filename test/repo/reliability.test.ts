import { expect, test } from "vitest";
import { filesMatching, read } from "./source-tree.ts";

test("every test that docs/reliability.md names exists", () => {
  const tests = filesMatching(/^test\/.*\.test\.ts$/)
    .map(read)
    .join("\n");
  const rows = read("docs/reliability.md")
    .split("\n")
    .filter((line) => line.startsWith("| ") && line.includes('"'));
  const named = rows.flatMap((row) =>
    [...(row.split(" | ")[2] ?? "").matchAll(/"(?<name>[^"]+)"/g)].map((match) => match.groups?.["name"] ?? ""),
  );
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((name) => !tests.includes(`"${name}"`))).toEqual([]);
});
