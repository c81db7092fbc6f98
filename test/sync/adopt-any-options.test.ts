import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { FileFormat } from "../../src/core/types.ts";
import { sqlText } from "../../src/engine/sql-literal.ts";
import { adoptStream } from "../../src/sync/run-many.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import { DELIMITERS, dialects, type Row, table } from "../files/any-table.ts";
import { filesBelow, programAt } from "../support/held-files.ts";
import { PLAIN_CSV } from "../support/plain-csv.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const signal = AbortSignal.timeout(240_000);
const run = { slot: null, fullResync: false, baseline: false };
const RUNS = Number(process.env["TABLE_RUNS"] ?? 8);

let root: TempFolder;
beforeEach(async () => {
  root = await tempFolder();
});
afterEach(() => root[Symbol.asyncDispose]());

const EXTENSIONS = { none: "csv", gzip: "csv.gz", zstd: "csv.zst", snappy: "csv" } as const;

function sqlOf(rows: readonly Row[], key: "number" | "text"): string {
  const values = rows.map((row, at) => {
    const texts = row.map((text) => (text === null ? "NULL" : sqlText(text)));
    const id = key === "number" ? String(at) : sqlText(`${row[0] ?? ""}${at}`);
    const instant = `TIMESTAMPTZ '2024-0${(at % 9) + 1}-03 04:05:06.${at}Z'`;
    return `(${id}, ${at % 3 === 0 ? "NULL" : String(at % 2 === 0)}::BOOLEAN, ${instant}, ${instant}::TIMESTAMP, ${texts.join(", ")})`;
  });
  const columns = ["id", "flag", "moment", "local", ...(rows[0] ?? []).map((_, at) => `c${at}`)];
  return `SELECT * FROM (VALUES ${values.join(", ")}) AS t(${columns.join(", ")})`;
}

const options = fc
  .tuple(
    dialects,
    fc.record({
      delimiter: fc.constantFrom(...DELIMITERS.filter((delimiter) => delimiter !== " ")),
      quote: fc.constantFrom("minimal", "non_null", "all", "none"),
      formulaGuard: fc.boolean(),
      unencodable: fc.constantFrom("replace", "strip"),
      timestamp: fc.constantFrom("iso", "epoch", "epoch_ms", "%d.%m.%Y %H:%M"),
      timezone: fc.constantFrom("UTC", "Europe/Berlin"),
      boolean: fc.constantFrom(["true", "false"] as const, ["Y", "N"] as const),
      maxRows: fc.constantFrom(null, 3),
    }),
  )
  .map(([some, more]): FileFormat => ({ ...PLAIN_CSV, folder: "users", ...some, ...more, extension: EXTENSIONS[some.compression] }));

test("whatever a first run delivers under any options, taken as told elsewhere, leaves nothing to send", async () => {
  let worlds = 0;
  await fc.assert(
    fc.asyncProperty(table, options, fc.constantFrom("number", "text"), async (rows, fileFormat, key) => {
      // A key that looks like another one in the files is refused; here none does.
      const sql = sqlOf(rows, fileFormat.quote === "none" || fileFormat.formulaGuard ? "number" : key);
      worlds += 1;
      const [first, second] = [programAt(root.at(`a${worlds}`)), programAt(root.at(`b${worlds}`))];
      const told = await runStream(first.deps, first.stream(sql, { fileFormat }), run, signal);
      expect(told.error).toBeNull();
      const stream = second.stream(sql, { fileFormat });
      const { error, record } = await adoptStream(second.deps, stream, await filesBelow(first.out), signal);
      expect({ error, adopted: record.counts?.snapshotAfter, same: record.counts?.unchanged }).toEqual({
        error: null,
        adopted: rows.length,
        same: rows.length,
      });
      const next = await runStream(second.deps, stream, run, signal);
      expect({ error: next.error, status: next.record.status, counts: next.record.counts }).toMatchObject({
        error: null,
        status: "unchanged",
        counts: { added: 0, changed: 0, removed: 0, refreshed: 0 },
      });
    }),
    { numRuns: RUNS },
  );
});
