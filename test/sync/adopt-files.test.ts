import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createGunzip } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { FileFormat, Stream } from "../../src/core/types.ts";
import { sqlText } from "../../src/engine/sql-literal.ts";
import { createUnzstd } from "../../src/files/unzstd.ts";
import type { HeldFile } from "../../src/sync/adopt-files.ts";
import { adoptStream } from "../../src/sync/run-many.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import type { SyncDeps } from "../../src/sync/sync-deps.ts";
import { DELIMITERS, dialects, type Row, table } from "../files/any-table.ts";
import { PLAIN_CSV } from "../support/plain-csv.ts";
import { harness, testStream } from "../support/sync-harness.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const signal = AbortSignal.timeout(240_000);
const run = { slot: null, fullResync: false, baseline: false };
const RUNS = Number(process.env["TABLE_RUNS"] ?? 12);

let root: TempFolder;
beforeEach(async () => {
  root = await tempFolder();
});
afterEach(() => root[Symbol.asyncDispose]());

/** A program with a state root and a destination of its own. */
function place(name: string): {
  readonly deps: SyncDeps;
  readonly stream: (sql: string, changes?: Partial<Stream>) => Stream;
  readonly out: string;
} {
  const path = root.at(name);
  return { deps: harness({ root: path }), stream: (sql, changes) => testStream(path, sql, changes), out: join(path, "out") };
}

/** The files of a destination, as `state baseline --from` opens them. */
async function filesBelow(folder: string): Promise<readonly HeldFile[]> {
  const names = (await readdir(join(folder, "users"))).toSorted();
  return names.map((name) => ({
    name,
    open: async () => {
      const file = createReadStream(join(folder, "users", name));
      return name.endsWith(".gz") ? file.pipe(createGunzip()) : name.endsWith(".zst") ? file.pipe(await createUnzstd()) : file;
    },
  }));
}

async function written(name: string, text: string | Buffer): Promise<HeldFile> {
  const path = await root.write(name, text);
  return { name, open: () => Promise.resolve(createReadStream(path)) };
}

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
      const [first, second] = [place(`a${worlds}`), place(`b${worlds}`)];
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

const NOW = "SELECT * FROM (VALUES (1, 'a', '1'), (2, 'b', '2'), (3, NULL, '3'), (4, 'd', '4')) AS t(id, name, seen)";

test("only what differs from a file is sent, removed rows with the values of the file", async () => {
  const { deps, stream, out } = place("one");
  const users = stream(NOW, { ignoreChangesIn: ["seen"] });
  const file = await written("held.csv", 'id,name,seen\n1,a,9\n2,B,2\n3,"",3\n9,"gone, since",8\n');
  const { error, record } = await adoptStream(deps, users, [file], signal);
  expect({ error, record }).toMatchObject({
    error: null,
    record: { status: "baselined", counts: { snapshotAfter: 4, unchanged: 1, current: 4 } },
  });
  const next = await runStream(deps, users, run, signal);
  expect(next).toMatchObject({ error: null, record: { generation: 1, counts: { added: 1, changed: 2, removed: 1 } } });
  const [removed] = await filesBelow(out).then((files) => files.filter(({ name }) => name.includes("removed")));
  const bytes = await removed?.open(signal);
  expect(Buffer.concat((await bytes?.toArray()) as Buffer[]).toString()).toBe('id,name,seen\n9,"gone, since",8\n');
  expect(await adoptStream(deps, users, [file], signal)).toMatchObject({ error: { code: "BASELINE_REFUSED" } });
});

test("several files are one table, line ends and a missing last one are taken as they are", async () => {
  const { deps, stream } = place("one");
  const files = [await written("1.csv", "\ufeffid,name,seen\r\n1,a,1\r\n2,b,2\r\n"), await written("2.csv", "id,name,seen\n3,,3\n4,d,4")];
  const { error, record } = await adoptStream(deps, stream(NOW), files, signal);
  expect({ error, warnings: record.warnings }).toEqual({ error: null, warnings: [expect.stringContaining("2.csv line 3")] });
  expect((await runStream(deps, stream(NOW), run, signal)).record.status).toBe("unchanged");
});

const UNFIT: readonly (readonly [string, string, string])[] = [
  ["a column is missing", "id,name\n1,a\n", 'u.csv line 1: the header lacks "seen"'],
  ["columns stand in another order", "name,id,seen\na,1,1\n", "u.csv line 1: the columns stand in another order"],
  ["a row has too few fields", "id,name,seen\n1,a,1\n2,b\n", "u.csv line 3: it has 2 fields where there are 3 columns"],
  ["a quote stands in the wrong place", 'id,name,seen\n1,a"b,1\n', "u.csv line 2: a quote stands inside"],
  ["a key is NULL", "id,name,seen\n1,a,1\n,secret,2\n", "u.csv line 3: the primary key is NULL"],
  ["a key stands twice", "id,name,seen\n1,secret,1\n2,b,1\n1,c,1\n", "u.csv line 2: its primary key stands in u.csv line 4 again"],
  ["there is nothing in it", "", "u.csv line 1: the file is empty"],
  [
    "it is no UTF-8",
    Buffer.from([...Buffer.from("id,name,seen\n1,"), 0xff, ...Buffer.from(",1\n")]).toString("latin1"),
    "u.csv line 2: a field holds bytes that are no UTF-8",
  ],
];

test.each(UNFIT)("a file in which %s is refused with its line and no value, and nothing is taken over", async (_, text, message) => {
  const { deps, stream } = place("one");
  const { error, record } = await adoptStream(deps, stream(NOW), [await written("u.csv", Buffer.from(text, "latin1"))], signal);
  expect(error).toMatchObject({ code: "FILE_UNFIT", message: expect.stringContaining(message) });
  expect(JSON.stringify(record)).not.toContain("secret");
  expect((await runStream(deps, stream(NOW), run, signal)).record).toMatchObject({ generation: 1, counts: { added: 4 } });
});

test("a key that files show only hashed is refused", async () => {
  const { deps, stream } = place("one");
  const columns = [{ name: "id", value: { from: "column", column: "id" }, steps: [{ step: "apply", name: "sha256" }] }] as const;
  expect(await adoptStream(deps, stream(NOW, { columns }), [await written("u.csv", "id\nx\n")], signal)).toMatchObject({
    error: { code: "BASELINE_REFUSED" },
  });
});
