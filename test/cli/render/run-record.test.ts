import { expect, test } from "vitest";
import { makePaint } from "../../../src/cli/paint.ts";
import { historyTable, runDetails, runSummary } from "../../../src/cli/render/run-record.ts";
import { placeText } from "../../../src/core/readable.ts";
import type { RunRecord } from "../../../src/state/documents.ts";

const paint = makePaint(false);

const delivered: RunRecord = {
  format: "spillway/run/1",
  run: "01K9ZX4T",
  stream: "audiences",
  status: "delivered",
  generation: 42,
  slot: "2026-11-23T05:00:00.000Z",
  startedAt: "2026-11-23T05:00:01.120Z",
  endedAt: "2026-11-23T05:00:51.320Z",
  finishedBy: null,
  phases: [
    { phase: "extract", ms: 41_800 },
    { phase: "deliver", ms: 1200 },
  ],
  counts: {
    added: 8412,
    changed: 1930,
    removed: 611,
    full: 0,
    refreshed: 0,
    unchanged: 1_201_790,
    current: 1_212_132,
    snapshotAfter: 1_212_132,
  },
  changedColumns: [
    { name: "Email", rows: 1502 },
    { name: "Tier", rows: 431 },
  ],
  files: [
    { key: "audiences/000042/added-0001.csv", change: "added", rows: 8412, size: 1_100_000, sha256: "4b".repeat(32) },
    { key: "audiences/000042/removed-0001.csv", change: "removed", rows: 611, size: 11_900, sha256: "4c".repeat(32) },
  ],
  manifest: "_spillway/audiences/000042.json",
  destination: { type: "s3", endpoint: "", bucket: "acme-partner", prefix: "in" },
  warnings: ["the clock is behind"],
  error: null,
};

const failed: RunRecord = {
  ...delivered,
  run: "01K9ZY02",
  stream: "orders",
  status: "failed",
  generation: null,
  endedAt: null,
  counts: null,
  files: [],
  manifest: null,
  error: { code: "SOURCE_NOT_FOUND", message: "No database at demo/warehouse.duckdb.", hint: "Make it: npm run warehouse" },
};

test("a delivered run tells its counts, the columns that changed and its files", () => {
  expect(runSummary(delivered, paint)).toMatchInlineSnapshot(`
    "audiences  run 01K9ZX4T · gen 42 · delivered
      + added        8,412  0.69 %
      ~ changed      1,930  0.16 %  Email 1,502 · Tier 431
      - removed        611  0.05 %
      = same     1,201,790
      s3://acme-partner/in
        audiences/000042/added-0001.csv    8,412 rows   1.1 MB
        audiences/000042/removed-0001.csv    611 rows  11.9 kB"
  `);
});

test("a failed run tells its code, and in detail also the way out", () => {
  expect(runSummary(failed, paint)).toBe("orders  run 01K9ZY02 · failed · SOURCE_NOT_FOUND");
  expect(runDetails(failed, paint)).toMatchInlineSnapshot(`
    "orders  run 01K9ZY02 · failed · SOURCE_NOT_FOUND
      started  2026-11-23T05:00:01.120Z
      slot     2026-11-23T05:00:00.000Z
      warning  the clock is behind
      error    No database at demo/warehouse.duckdb.
               Make it: npm run warehouse
      phases
        extract  41.8 s
        deliver   1.2 s"
  `);
});

test("a run that found nothing says how much it looked at", () => {
  expect(runSummary({ ...delivered, status: "unchanged", files: [] }, paint)).toContain("1,212,132 rows looked at, nothing to tell");
});

test("the details of a run add when, how long and the manifest", () => {
  expect(runDetails(delivered, paint)).toMatchInlineSnapshot(`
    "audiences  run 01K9ZX4T · gen 42 · delivered
      + added        8,412  0.69 %
      ~ changed      1,930  0.16 %  Email 1,502 · Tier 431
      - removed        611  0.05 %
      = same     1,201,790
      s3://acme-partner/in
        audiences/000042/added-0001.csv    8,412 rows   1.1 MB
        audiences/000042/removed-0001.csv    611 rows  11.9 kB
      started   2026-11-23T05:00:01.120Z · took 50.2 s
      slot      2026-11-23T05:00:00.000Z
      manifest  _spillway/audiences/000042.json
      warning   the clock is behind
      phases
        extract  41.8 s
        deliver   1.2 s"
  `);
});

test("history is one aligned line a run", () => {
  expect(historyTable([failed, delivered], paint)).toMatchInlineSnapshot(`
    "RUN       STREAM     GEN  STARTED (UTC)     RESULT          ROWS  ADDED  CHANGED  REMOVED  FILES    TIME
    01K9ZY02  orders       -  2026-11-23 05:00  failed             -      -        -        -      0       -
    01K9ZX4T  audiences   42  2026-11-23 05:00  delivered  1,212,132  8,412    1,930      611      2  50.2 s"
  `);
});

test("a place reads as a path or a URL", () => {
  expect(placeText({ type: "local", endpoint: "", bucket: "", prefix: "/data/out" })).toBe("/data/out");
  expect(placeText({ type: "s3", endpoint: "", bucket: "acme", prefix: "" })).toBe("s3://acme");
});

test("a run that read with others says whose rows or whose moment it shares, unless they are its own", () => {
  const own = delivered.run;
  const shown = (moment: string, extraction: string): string => runSummary({ ...delivered, reading: { moment, extraction } }, paint);
  expect(shown("01K9AAAA", "01K9AAAA")).toContain("\n  shares the rows of run 01K9AAAA\n");
  expect(shown("01K9AAAA", own)).toContain("\n  shares the moment of run 01K9AAAA\n");
  expect(shown(own, own)).toBe(runSummary(delivered, paint));
});
