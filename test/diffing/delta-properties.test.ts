import fc from "fast-check";
import { expect, test } from "vitest";
import type { ColumnKind } from "../../src/core/types.ts";
import { openEngine } from "../../src/engine/open-engine.ts";
import { relationSource } from "../support/relation-source.ts";
import { columnsOf, markedRowTextSource, rowTextSource, type Text } from "../support/row-text-source.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { sortRows, toldRows, ToldTable } from "../support/told-table.ts";

type Row = readonly Text[];
interface Case {
  readonly kinds: readonly ColumnKind[];
  readonly keyCount: number;
  readonly shape: "row_text" | "marked_row_text" | "relation";
  readonly ignoresLast: boolean;
  readonly tables: readonly (readonly Row[])[];
  readonly foldAfter: number;
}

const oddText = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "\\N",
    "NULL",
    "\\",
    "\\\\n",
    "\t",
    "\n",
    "\r\n",
    "\v",
    "\\v",
    "\uFEFF",
    "é",
    "😀",
    "a,b",
    '"',
    "\u0001",
    "\\?",
    "\u2028",
    "~",
  ),
  fc.string({ unit: "grapheme", maxLength: 6 }),
);
const texts: Partial<Record<ColumnKind, fc.Arbitrary<string>>> = {
  integer: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  decimal: fc
    .tuple(fc.bigInt({ min: -500n, max: 500n }), fc.constantFrom("", ".5", ".50", ".05"))
    .map(([whole, part]) => `${String(whole)}${part}`),
  text: oddText,
};
const kind = fc.constantFrom<ColumnKind>("integer", "decimal", "text", "text");
const valueOf = (of: ColumnKind): fc.Arbitrary<string> => texts[of] ?? oddText;

const SOURCES = { row_text: rowTextSource, marked_row_text: markedRowTextSource, relation: relationSource };

const cases: fc.Arbitrary<Case> = fc
  .record({
    kinds: fc.array(kind, { minLength: 1, maxLength: 5 }),
    keys: fc.integer({ min: 1, max: 2 }),
    shape: fc.constantFrom<Case["shape"]>("row_text", "marked_row_text", "relation"),
    ignoresLast: fc.boolean(),
    foldAfter: fc.integer({ min: 0, max: 3 }),
  })
  .chain(({ kinds, keys, ...rest }) => {
    const keyCount = Math.min(keys, kinds.length);
    const small = kinds.map((of) => fc.array(valueOf(of), { minLength: 3, maxLength: 3 }));
    // A small pool of values makes keys meet again from table to table.
    return fc.tuple(...small).chain((pools) => {
      const row = fc.tuple(
        ...kinds.map((_, at) => {
          const value = fc.constantFrom(...(pools[at] ?? [""]));
          return at < keyCount ? value : fc.option(value, { nil: null, freq: 4 });
        }),
      );
      const keyOf = (values: Row): string => JSON.stringify(values.slice(0, keyCount));
      const table = fc.uniqueArray(row, { maxLength: 8, selector: keyOf });
      return fc.array(table, { minLength: 2, maxLength: 4 }).map((tables) => ({ kinds, keyCount, tables, ...rest }));
    });
  });

function comparedRow(of: Case, row: Row): Row {
  return of.ignoresLast && of.kinds.length > of.keyCount ? row.slice(0, -1) : row;
}

test(
  "for any tables one after the other, deltas fold to the table, counts are exact and a repeat says nothing",
  { timeout: 120_000 },
  async () => {
    await using shared = await tempFolder();
    const limits = { memoryLimit: "500MB", threads: 1, tempDirectory: shared.path, maxTempSize: "1GB" };
    await using engine = await openEngine(limits, new AbortController().signal);
    await fc.assert(
      fc.asyncProperty(cases, async (of) => {
        await using folder = await tempFolder();
        const names = of.kinds.map((_, at) => `c${String(at)}`);
        const columns = columnsOf(Object.fromEntries(of.kinds.map((one, at) => [names[at] ?? "", one])));
        const ignored = of.ignoresLast && of.kinds.length > of.keyCount ? names.slice(-1) : [];
        await using table = await ToldTable.open({ engine, folder: folder.path, keyCount: of.keyCount, ignored });
        const source = (rows: readonly Row[]): ReturnType<typeof rowTextSource> => SOURCES[of.shape](columns, rows);
        const told = new Map<string, Row>();
        for (const [at, rows] of of.tables.entries()) {
          const next = new Map(rows.map((row) => [JSON.stringify(row.slice(0, of.keyCount)), row]));
          const differs = (key: string): boolean =>
            JSON.stringify(comparedRow(of, told.get(key) ?? [])) !== JSON.stringify(comparedRow(of, next.get(key) ?? []));
          const keys = [...next.keys()];
          const expected = {
            added: BigInt(keys.filter((key) => !told.has(key)).length),
            changed: BigInt(keys.filter((key) => told.has(key) && differs(key)).length),
            removed: BigInt([...told.keys()].filter((key) => !next.has(key)).length),
            current: BigInt(rows.length),
            snapshotAfter: BigInt(rows.length),
          };
          const delta = await table.compare(source(rows));
          expect(delta.counts).toMatchObject(expected);
          expect(delta.counts.unchanged).toBe(expected.current - expected.added - expected.changed);
          const again = await table.compare(source([...rows].toReversed()));
          expect(await toldRows(table.engine, again)).toEqual(await toldRows(table.engine, delta));
          table.promote(delta);
          // The consumer's side: fold what the files say into a table.
          const said = await toldRows(table.engine, delta);
          const removed = said.filter((row) => row.op === "removed");
          expect(removed.map((row) => row.before)).toEqual(removed.map((row) => told.get(JSON.stringify(row.key))));
          for (const row of removed) told.delete(JSON.stringify(row.key));
          for (const row of said) if (["added", "changed"].includes(row.op)) told.set(JSON.stringify(row.key), row.after);
          expect(sortRows([...told.values()].map((row) => comparedRow(of, row)))).toEqual(
            sortRows(rows.map((row) => comparedRow(of, row))),
          );
          expect(await table.rows()).toEqual(sortRows([...told.values()]));
          if (at === of.foldAfter) await table.fold();
          expect(await table.rows()).toEqual(sortRows([...told.values()]));
          const silent = await table.compare(source(rows));
          expect(silent.counts).toMatchObject({ added: 0n, changed: 0n, removed: 0n, refreshed: 0n, unchanged: BigInt(rows.length) });
        }
      }),
      { numRuns: 15 },
    );
  },
);
