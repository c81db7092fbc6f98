import { expect, test } from "vitest";
import { ago, duration, minute, share } from "../../../src/cli/render/numbers.ts";

test.each([
  [0, "0.0 s"],
  [41_800, "41.8 s"],
  [59_949, "59.9 s"],
  [60_000, "1m 00s"],
  [131_000, "2m 11s"],
  [3_900_000, "1h 05m"],
])("%d ms read as %s", (value, text) => {
  expect(duration(value)).toBe(text);
});

test("the age of an instant is told in its largest unit", () => {
  const now = new Date("2026-11-23T12:00:00Z");
  expect(ago("2026-11-23T11:59:30Z", now)).toBe("just now");
  expect(ago("2026-11-23T11:54:00Z", now)).toBe("6 min ago");
  expect(ago("2026-11-23T09:00:00Z", now)).toBe("3 h ago");
  expect(ago("2026-11-20T09:00:00Z", now)).toBe("3 d ago");
  expect(minute("2026-11-23T05:00:01.120Z")).toBe("2026-11-23 05:00");
});

test("a share is exact beyond the safe integers and empty where there is no whole", () => {
  expect(share(8412n, 1_204_331n)).toBe("0.70 %");
  expect(share(10n ** 18n, 2n * 10n ** 18n)).toBe("50.00 %");
  expect(share(1n, 0n)).toBe("");
});
