import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AlertState, NOTHING_TOLD } from "../../../src/serve/alerts/alert-state.ts";
import { isFarFrom, judgeLate, judgeRun, median } from "../../../src/serve/alerts/judge-alerts.ts";
import type { RunStatus } from "../../../src/state/documents.ts";

const counts = (current: number) => ({
  added: 0,
  changed: 0,
  removed: 0,
  full: 0,
  refreshed: 0,
  unchanged: 0,
  current,
  snapshotAfter: current,
});

const HOUR = 3_600_000;
const LAST = "2026-11-23T04:00:00.000Z";
const LATE = { slot: "2026-11-23T05:00:00.000Z", lateMs: HOUR, intervalMs: HOUR };

/** The edges of runs that end one after the other; `late` is told in between. */
function edgesOf(statuses: readonly (RunStatus | "late")[]): readonly (readonly string[])[] {
  let state: AlertState = NOTHING_TOLD;
  return statuses.map((status) => {
    const judged = status === "late" ? judgeLate(state, LATE) : judgeRun(state, { status, counts: null, endedAt: LAST });
    state = judged.state;
    return judged.edges;
  });
}

describe("edges", () => {
  test.each<[string, readonly (RunStatus | "late")[], readonly (readonly string[])[]]>([
    ["a failure is told once, and its end", ["failed", "failed", "delivered", "delivered"], [["failed"], [], ["recovered"], []]],
    ["nothing is told of a stream that always works", ["delivered", "unchanged", "baselined"], [[], [], []]],
    ["held after failed, and failed after held, are news", ["failed", "held", "held", "failed"], [["failed"], ["held"], [], ["failed"]]],
    ["a rejected run ends the wait silently, so that the next one held is told", ["held", "rejected", "held"], [["held"], [], ["held"]]],
    ["an approved run ends the wait", ["held", "delivered"], [["held"], ["recovered"]]],
    [
      "what says nothing about the stream changes nothing",
      ["failed", "busy", "interrupted", "superseded", "failed"],
      [["failed"], [], [], [], []],
    ],
    [
      "late is told once, until there is a success",
      ["late", "late", "failed", "unchanged", "late"],
      [["late"], [], ["failed"], ["recovered"], ["late"]],
    ],
  ])("%s", (_what, statuses, edges) => {
    expect(edgesOf(statuses)).toEqual(edges);
  });

  test("between two edges of one kind there is always another thing to tell, or an answer", () => {
    const status = fc.constantFrom<RunStatus>("failed", "held", "delivered", "unchanged", "busy", "interrupted");
    fc.assert(
      fc.property(fc.array(status, { maxLength: 30 }), (statuses) => {
        const told = edgesOf(statuses).flat();
        expect(told.every((edge, at) => edge !== told[at - 1])).toBe(true);
        expect(told.filter((edge) => edge === "recovered").length).toBeLessThanOrEqual(told.filter((edge) => edge !== "recovered").length);
      }),
      { numRuns: 200 },
    );
  });
});

test.each<[string, string | null, number, boolean]>([
  ["a run that hangs, when the next slot comes due", "2026-11-23T04:01:00.000Z", HOUR, true],
  ["a run that always takes longer than its interval", "2026-11-23T05:20:00.000Z", HOUR, false],
  ["a daily slot that begins an hour late", "2026-11-22T05:00:30.000Z", 24 * HOUR, false],
  ["a stream that never had a success", null, HOUR, true],
])("late: %s", (_what, lastSuccess, intervalMs, isLate) => {
  const { edges } = judgeLate({ ...NOTHING_TOLD, lastSuccess }, { ...LATE, intervalMs });
  expect(edges).toEqual(isLate ? ["late"] : []);
});

describe("the usual number of rows", () => {
  const after = (rows: readonly number[]): readonly (readonly string[])[] => {
    let state: AlertState = NOTHING_TOLD;
    return rows.map((current) => {
      const judged = judgeRun(state, { status: "delivered", counts: counts(current), endedAt: LAST });
      state = judged.state;
      return judged.edges;
    });
  };

  test("half the rows are told once; when they stay, they become the usual", () => {
    expect(after([1000, 1010, 1005, 1000, 500, 500, 500, 500, 500, 500]).flat()).toEqual(["deviation"]);
  });

  test.each<[string, readonly number[], number, boolean]>([
    ["far below", [1000, 1000, 1000, 1000], 690, true],
    ["far above", [1000, 1000, 1000, 1000], 1310, true],
    ["within 30 %", [1000, 1000, 1000, 1000], 1290, false],
    ["as far as it always swings", [1000, 500, 1500, 900, 1100], 1600, false],
    ["too few runs to know", [1000, 1000, 1000], 1, false],
    ["a small table", [10, 10, 10, 10], 99, false],
    ["an empty result of a large table", [1000, 1000, 1000, 1000], 0, true],
  ])("%s", (_what, usual, rows, far) => {
    expect(isFarFrom(usual, rows)).toBe(far);
  });

  test("the median of an even number of runs lies between the two in the middle", () => {
    expect([median([]), median([3]), median([4, 1]), median([9, 1, 2])]).toEqual([0, 3, 2.5, 2]);
  });
});
