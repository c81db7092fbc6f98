import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { execute } from "../support/execute.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

// No time is asserted: what a busy machine measures proves nothing. The benchmark itself refuses wrong row counts.
test("the benchmark measures every piece of work, and each yields the rows that it should", { timeout: 120_000 }, async () => {
  const done = await execute(
    process.execPath,
    [
      "--import",
      "tsx",
      "bench/main.ts",
      "--rows",
      "5000",
      "--limits",
      "150MB",
      "--megabytes",
      "70",
      "--rounds",
      "1",
      "--driver-rows",
      "5000",
      "--json",
    ],
    {
      cwd: ROOT,
      timeoutMs: 110_000,
    },
  );
  expect(done.stderr).toBe("");
  const report = JSON.parse(done.stdout) as {
    entries: { work: string; ratio: number; rows: number; peakBytes: number | null }[];
    startup: { command: string; seconds: number }[];
    drivers: { driver: string; rows: number; seconds: number }[];
    uploads: { work: string; bytes: number; seconds: number }[];
  };
  expect(report.entries.map(({ work, rows }) => [work, rows])).toEqual([
    ["psql COPY … csv > /dev/null, before the parts", 5000],
    ["extract only > nowhere", 5000],
    ["pg-cursor + csv-stringify > /dev/null", 5000],
    ["psql COPY | sort | comm (unchanged)", 5000],
    ["psql COPY … csv > /dev/null, after the parts", 5000],
    ["psql COPY … csv > /dev/null, before engine 150MB", 5000],
    ["first run, engine 150MB", 5000],
    ["run without changes, engine 150MB", 0],
    ["run with 1.4 % changed, engine 150MB", 70],
    ["psql COPY … csv > /dev/null, after engine 150MB", 5000],
  ]);
  expect(report.uploads.map(({ work, bytes }) => [work, bytes])).toEqual([
    ["one object to S3, as delivered", 70_000_000],
    ["the same through @aws-sdk/lib-storage", 70_000_000],
  ]);
  expect(report.drivers.map(({ driver, rows }) => [driver, rows])).toEqual([
    ["@google-cloud/bigquery", 5000],
    ["snowflake-sdk", 5000],
  ]);
  expect(report.startup.map(({ command }) => command)).toEqual(["sync --help", "sync status, 10,000 runs"]);
  for (const { seconds } of report.startup) expect(seconds).toBeGreaterThan(0);
  for (const { seconds } of report.drivers) expect(seconds).toBeGreaterThan(0);
  for (const { seconds } of report.uploads) expect(seconds).toBeGreaterThan(0);
  for (const { ratio } of report.entries) expect(ratio).toBeGreaterThan(0);
});

test("one part of the benchmark runs by itself, and prints for people", { timeout: 120_000 }, async () => {
  const args = ["--import", "tsx", "bench/main.ts", "--only", "drivers", "--driver-rows", "2000"];
  const done = await execute(process.execPath, args, { cwd: ROOT, timeoutMs: 110_000 });
  expect(done.stdout).toContain("| snowflake-sdk ");
  expect(done.stdout).not.toContain("upload");
  const wrong = await execute(process.execPath, [...args.slice(0, 3), "--only", "everything"], { cwd: ROOT, timeoutMs: 110_000 });
  expect(wrong.stderr).toContain("--only names parts of it");
});
