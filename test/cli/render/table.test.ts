import { expect, test } from "vitest";
import { makePaint } from "../../../src/cli/paint.ts";
import { indent, table } from "../../../src/cli/render/table.ts";

test("columns are as wide as their widest cell and lines end without blanks", () => {
  expect(
    table(
      [
        ["NAME", "ROWS", "NOTE"],
        ["a", "1,204", ""],
        ["longer", "7", "x"],
      ],
      ["left", "right"],
    ),
  ).toBe(["NAME     ROWS  NOTE", "a       1,204", "longer      7  x"].join("\n"));
});

test("colours take no room", () => {
  const { good } = makePaint(true);
  const [first, second] = table([
    [good("ok"), "x"],
    ["held", "y"],
  ]).split("\n");
  expect(first).toBe(`${good("ok")}    x`);
  expect(second).toBe("held  y");
});

test("indenting leaves empty lines empty", () => {
  expect(indent("a\n\nb")).toBe("  a\n\n  b");
});
