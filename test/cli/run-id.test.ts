import { expect, test } from "vitest";
import { newRunId } from "../../src/cli/run-id.ts";
import { steppingClock } from "../support/fake-host.ts";

test("run ids sort by the time at which they were made and never repeat", () => {
  const clock = steppingClock(1);
  const ids = Array.from({ length: 2000 }, () => newRunId(clock));
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => /^[0-9A-HJKMNP-TV-Z]{16}$/.test(id))).toBe(true);
});

test("two ids of one instant differ", () => {
  const clock = { now: () => new Date(0) };
  expect(newRunId(clock)).not.toBe(newRunId(clock));
});
