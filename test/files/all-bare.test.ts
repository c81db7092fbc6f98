import fc from "fast-check";
import { expect, test } from "vitest";
import { openEngine } from "../../src/engine/open-engine.ts";
import { sqlText } from "../../src/engine/sql-literal.ts";
import { areAllBare, encodeField, type FieldFormat } from "../../src/files/encode-field.ts";
import { tempFolder } from "../support/temp-folder.ts";

const never = new AbortController().signal;
const format = (delimiter: string, nullText: string): FieldFormat => ({
  delimiter,
  nullText,
  quote: "minimal",
  formulaGuard: false,
  unencodable: "fail",
});
const piece = fc.constantFrom("a", "é", "x", " ", "\u00a0", "\x01", "\x02", ",", ";", '"', "\n", "\r", "\t", "NULL", "\ufeff", "10.5", "");
const text = fc.option(
  fc.array(piece, { maxLength: 3 }).map((pieces) => pieces.join("")),
  { nil: null, freq: 5 },
);
const row = fc.array(text, { minLength: 3, maxLength: 3 });

test("rows that are taken as bare at one look have no field that would be quoted, and plain rows are taken so", async () => {
  await using folder = await tempFolder();
  await using engine = await openEngine({ memoryLimit: "200MB", threads: 1, tempDirectory: folder.path, maxTempSize: "1GB" }, never);
  const columns = ["f0", "f1", "f2"];
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 40, maxLength: 80 }),
      fc.constantFrom(",", ";", "\t", "\x01", "x"),
      fc.constantFrom("", "NULL", "x", "a", "\\N"),
      async (rows, delimiter, nullText) => {
        const as = format(delimiter, nullText);
        const values = rows.map((texts) => `(${texts.map((each) => (each === null ? "NULL" : literal(each))).join(", ")})`).join(", ");
        const asItIs = columns.map((name) => `${encodeField(name, as)} = coalesce(${name}, ${sqlText(nullText)})`).join(" AND ");
        const [counts] = await engine.rows(
          `SELECT count(*) FILTER (bare AND NOT same), count(*) FILTER (bare), count(*) FILTER (plain AND NOT bare) FROM (SELECT ${areAllBare(columns, as)} AS bare, ${asItIs} AS same, f0 = 'aé' AND f1 = '10.5' AND f2 IS NULL AS plain FROM (VALUES ${values}, ('aé', '10.5', NULL)) AS v(f0, f1, f2))`,
          never,
        );
        expect(counts?.[0]).toBe("0");
        // Where `x` is special, the stand-in for NULL is, too.
        const isUsual = nullText !== "x" && delimiter !== "x";
        expect(isUsual ? counts?.[2] : "0").toBe("0");
        expect(Number(counts?.[1])).toBeGreaterThanOrEqual(isUsual ? 1 : 0);
      },
    ),
    { numRuns: 40 },
  );
});

/** With control characters by their codes: the driver ends a statement at some of them. */
function literal(value: string): string {
  return value === "" ? "''" : `concat(${[...value].map((each) => `chr(${each.codePointAt(0) ?? 0})`).join(", ")})`;
}
