import { expect, test } from "vitest";
import { bytes, count, counted } from "../../src/core/readable.ts";

test("counts are grouped by thousands, however large", () => {
  expect(count(1_204_331)).toBe("1,204,331");
  expect(count(12_345_678_901_234_567_890n)).toBe("12,345,678,901,234,567,890");
  expect(counted(1n, "row")).toBe("1 row");
  expect(counted(0, "file")).toBe("0 files");
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [251_400, "251.4 kB"],
  [999_949, "999.9 kB"],
  [999_960, "1.0 MB"],
  [1_100_000_000, "1.1 GB"],
])("%d bytes read as %s", (value, text) => {
  expect(bytes(value)).toBe(text);
});
