import { describe, expect, test } from "vitest";
import { filesMatching, read } from "./source-tree.ts";

const TESTS = filesMatching(/^test\/.*\.test\.ts$/)
  .map(read)
  .join("\n");
const ROWS = read("docs/reliability.md")
  .split("\n")
  .filter((line) => line.startsWith("| "))
  .map((line) => line.split("|").map((cell) => cell.trim()));

test("every test that docs/reliability.md names exists", () => {
  const cells = ROWS.map((row) => row[3] ?? "").filter((cell) => cell.includes('"'));
  const named = cells.flatMap((cell) => [...cell.matchAll(/"(?<name>[^"]+)"/g)].map((match) => match.groups?.["name"] ?? ""));
  expect(named.length).toBeGreaterThan(70);
  expect(named.filter((name) => !TESTS.includes(`"${name}"`))).toEqual([]);
});

describe.each([
  ["F", 26],
  ["S", 32],
] as const)("the table of %s01 and what follows", (letter, count) => {
  const numbers = Array.from({ length: count }, (_, at) => letter + String(at + 1).padStart(2, "0"));
  const table = new Map(
    ROWS.filter(([, number]) => numbers.includes(number ?? "")).map(([, number, , cell]) => [number ?? "", cell ?? ""]),
  );

  test("has a row for each number, in their order", () => {
    expect([...table.keys()]).toEqual(numbers);
  });

  test("names a test that begins with the number", () => {
    expect([...table].filter(([number, cell]) => !cell.startsWith(`"${number}: `))).toEqual([]);
  });

  test("knows every test that has a number", () => {
    const used = [...TESTS.matchAll(/"(?<number>[FS]\d\d): /g)].map((match) => match.groups?.["number"] ?? "");
    expect([...new Set(used.filter((number) => number.startsWith(letter)))].toSorted()).toEqual(numbers);
  });
});
