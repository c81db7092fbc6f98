import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Source } from "../../src/core/ports.ts";
import type { ColumnKind } from "../../src/core/types.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import type { SyncDeps } from "../../src/sync/sync-deps.ts";
import { consume, objectHashes } from "../support/consumer.ts";
import { relationSource } from "../support/relation-source.ts";
import { columnsOf, rowTextSource, type Text } from "../support/row-text-source.ts";
import { harness, testStream } from "../support/sync-harness.ts";
import { tempFolder } from "../support/temp-folder.ts";

const never = new AbortController().signal;
const NULL_TEXT = "<null>";

type Row = readonly Text[];

const text = fc.oneof(
  fc.constantFrom("", " a", "x,y", '"', "\r\n", "\t", "\\N", "\uFEFF", "NULL", "é😀"),
  fc.string({ unit: "grapheme", maxLength: 4 }),
);
const values: Partial<Record<ColumnKind, fc.Arbitrary<string>>> = {
  integer: fc.bigInt({ min: -20n, max: 20n }).map(String),
  decimal: fc.constantFrom("1.0", "1.00", "-0.5", "10", "9.99"),
  text,
};

const byKey = ([left]: readonly [string, ...unknown[]], [right]: readonly [string, ...unknown[]]): number => (left < right ? -1 : 1);

const histories = fc
  .record({
    kinds: fc.array(fc.constantFrom<ColumnKind>("integer", "decimal", "text"), { minLength: 2, maxLength: 4 }),
    keyCount: fc.integer({ min: 1, max: 2 }),
    shape: fc.constantFrom("row_text", "relation"),
  })
  .chain(({ kinds, keyCount, shape }) => {
    const cell = (kind: ColumnKind, at: number): fc.Arbitrary<Text> =>
      at < keyCount ? (values[kind] ?? text) : fc.option(values[kind] ?? text, { nil: null });
    const row: fc.Arbitrary<Row> = fc.tuple(...kinds.map(cell));
    const table = fc.uniqueArray(row, { maxLength: 7, selector: (one) => JSON.stringify(one.slice(0, keyCount)) });
    return fc.array(table, { minLength: 2, maxLength: 4 }).map((tables) => ({ kinds, keyCount, shape, tables }));
  });

test(
  "whatever tables follow each other, the files of all generations fold to the last, and order at the source changes no byte",
  { timeout: 90_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(histories, async ({ kinds, keyCount, shape, tables }) => {
        await using folder = await tempFolder();
        const names = kinds.map((_, at) => `c${String(at)}`);
        const columns = columnsOf(Object.fromEntries(kinds.map((kind, at) => [names[at] ?? "", kind])));
        const delivered = async (root: string, order: (rows: readonly Row[]) => readonly Row[]): Promise<unknown> => {
          const now: { rows: readonly Row[] } = { rows: [] };
          const source = (): Source => (shape === "relation" ? relationSource(columns, now.rows) : rowTextSource(columns, now.rows));
          const deps: SyncDeps = { ...harness({ root }), openSource: async () => await Promise.resolve(source()) };
          const stream = testStream(root, "SELECT 1", { primaryKey: names.slice(0, keyCount) });
          const plain = { ...stream, fileFormat: { ...stream.fileFormat, nullText: NULL_TEXT } };
          for (const rows of tables) {
            now.rows = order(rows);
            const { error } = await runStream(deps, plain, { slot: null, fullResync: false, baseline: false }, never);
            expect(error).toBeNull();
          }
          return [...(await consume(join(root, "out"), "users", keyCount))].toSorted(byKey);
        };
        const last = tables.at(-1) ?? [];
        const expected = last
          .map((row) => [row.slice(0, keyCount).join("\u0000"), row.slice(keyCount).map((value) => value ?? NULL_TEXT)] as const)
          .toSorted(byKey);
        expect(await delivered(folder.at("one"), (rows) => rows)).toEqual(expected);
        expect(await delivered(folder.at("two"), (rows) => rows.toReversed())).toEqual(expected);
        const files = await objectHashes(folder.at("one", "out", "users"));
        expect(await objectHashes(folder.at("two", "out", "users"))).toEqual(files);
      }),
      { numRuns: 4 },
    );
  },
);
