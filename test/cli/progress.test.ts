import { expect, test } from "vitest";
import { makePaint } from "../../src/cli/paint.ts";
import { makeProgress, type Progress } from "../../src/cli/progress.ts";
import { steppingClock } from "../support/fake-host.ts";

function recorded(live: boolean, columns: number | null = null): { readonly progress: Progress; readonly text: () => string } {
  const written: string[] = [];
  const sink = { write: (text: string) => void written.push(text), isTty: live, columns };
  const progress = makeProgress({ sink, paint: makePaint(false), clock: steppingClock(500), live });
  return { progress, text: () => written.join("") };
}

const extract = { stream: "audiences", model: "audiences", run: "01K9", generation: 1, phase: "extract" } as const;

test("off a terminal each phase is one line, told when it is done", () => {
  const { progress, text } = recorded(false);
  progress.phase({ ...extract, state: "started" });
  progress.phase({ ...extract, state: "progress", done: 5, total: 10 });
  progress.phase({ ...extract, state: "done", detail: "1,212,132 rows" });
  progress.warn("the clock is behind");
  progress.close();
  expect(text()).toBe(
    [
      "audiences  run 01K9",
      "  ok  extract    1,212,132 rows                                              0.5 s",
      "warning  the clock is behind",
      "",
    ].join("\n"),
  );
});

test("where streams take turns, each line stands below the name of its own", () => {
  const { progress, text } = recorded(false);
  const orders = { ...extract, stream: "orders", run: "01KA" };
  progress.phase({ ...extract, state: "started" });
  progress.phase({ ...orders, state: "started" });
  progress.phase({ ...extract, state: "done" });
  progress.phase({ ...orders, state: "done" });
  progress.phase({ ...orders, phase: "diff", state: "started" });
  progress.phase({ ...orders, phase: "diff", state: "done" });
  const starts = text()
    .split("\n")
    .map((line) => line.replace(/ {3,}.*$/, ""));
  expect(starts).toEqual(["audiences  run 01K9", "  ok  extract", "orders  run 01KA", "  ok  extract", "  ok  diff", ""]);
});

test("on a terminal a live line is drawn, redrawn and taken away, and never wider than the terminal", () => {
  const { progress, text } = recorded(true, 40);
  progress.phase({ ...extract, phase: "deliver", state: "progress", done: 1, total: 2, detail: "a very long detail that must be cut" });
  const live = text().split("\n").at(-1) ?? "";
  expect(live).toMatch(/^ {2}>> {2}audiences {2}deliver {2}\[##/);
  expect(live.length).toBeLessThan(40);
  progress.close();
  expect(text().endsWith("\r\u001b[2K\r")).toBe(true);
});
