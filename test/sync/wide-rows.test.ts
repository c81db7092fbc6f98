import { readFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { openEngine } from "../../src/engine/open-engine.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import { harness, testStream } from "../support/sync-harness.ts";
import { tempFolder } from "../support/temp-folder.ts";

const never = new AbortController().signal;
const ONCE = { slot: null, fullResync: false, baseline: false } as const;
const COLUMNS = 1024;
const VALUE = 256 * 1024;
const ROW = 1024 * 1024;
const QUERY = 131_070;

/** A query of 1,024 columns: one value of 256 KiB, the others as long as fills a row of 1 MiB. */
function wideQuery(changed: number): string {
  const each = Math.ceil((ROW - VALUE) / (COLUMNS - 2));
  const columns = Array.from(
    { length: COLUMNS - 2 },
    (_, at) =>
      `repeat(chr(${97 + (at % 26)}), ${each}) || (CASE WHEN id = ${changed} THEN 1 ELSE 0 END) AS column_${String(at).padStart(4, "0")}_of_a_wide_table`,
  );
  const query = `SELECT id, repeat('é', ${VALUE / 2}) AS long, ${columns.join(", ")} FROM range(4) t(id)`;
  return `${query}\n${"-- wide\n".repeat(Math.max(0, Math.ceil((QUERY - query.length) / 8)))}WHERE true`;
}

test("1,024 columns, rows of 1 MiB, a value of 256 KiB and a query of 131,070 characters are delivered, compared and changed", async () => {
  await using folder = await tempFolder();
  const limits = { memoryLimit: "1GB", threads: 2, tempDirectory: folder.at("scratch"), maxTempSize: "2GB" };
  const deps = { ...harness({ root: folder.path }), openEngine: (signal: AbortSignal) => openEngine(limits, signal) };
  expect(wideQuery(-1).length).toBeGreaterThanOrEqual(QUERY);
  const first = await runStream(deps, testStream(folder.path, wideQuery(-1)), ONCE, never);
  expect([first.error, first.record.counts?.added]).toEqual([null, 4]);
  const bytes = await readFile(folder.at("out", first.record.files[0]?.key ?? ""));
  expect(bytes.length).toBeGreaterThan(4 * ROW);
  const rows = parse(bytes, { from: 2 });
  expect(rows.map((row) => [row[0], row.length, Buffer.byteLength(row[1] ?? "")])).toEqual(
    ["0", "1", "2", "3"].map((id) => [id, COLUMNS, VALUE]),
  );
  const second = await runStream(deps, testStream(folder.path, wideQuery(2)), ONCE, never);
  expect([second.error, second.record.counts?.changed, second.record.counts?.unchanged]).toEqual([null, 1, 3]);
}, 120_000);
