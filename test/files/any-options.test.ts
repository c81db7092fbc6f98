import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SyncError } from "../../src/core/errors.ts";
import { type Engine, openEngine } from "../../src/engine/open-engine.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";
import { DELIMITERS, type Dialect, dialects, table, throughCsvParse, throughDuckdb, throughPapaParse, writeRows } from "./any-table.ts";

const signal = AbortSignal.timeout(240_000);
const RUNS = Number(process.env["TABLE_RUNS"] ?? 30);
let root: TempFolder;
let engine: Engine;
beforeAll(async () => {
  root = await tempFolder();
  engine = await openEngine({ memoryLimit: "300MB", threads: 2, tempDirectory: root.at("spill"), maxTempSize: "1GB" }, signal);
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await root[Symbol.asyncDispose]();
});

interface Options extends Dialect {
  readonly formulaGuard: boolean;
  readonly unencodable: "fail" | "replace" | "strip";
}

const options = fc
  .tuple(
    dialects,
    fc.record({
      delimiter: fc.constantFrom(...DELIMITERS.filter((delimiter) => delimiter !== " ")),
      quote: fc.constantFrom("minimal", "non_null", "all", "none"),
      formulaGuard: fc.boolean(),
      unencodable: fc.constantFrom("fail", "replace", "strip"),
    }),
  )
  .map(([some, more]): Options => ({ ...some, ...more }));

/** Tables in which a text may also hold a NUL. */
const withNul = fc
  .tuple(table, fc.array(fc.nat(), { maxLength: 3 }))
  .map(([rows, places]) =>
    rows.map((row, y) => row.map((text, x) => (text !== null && places.some((place) => place % 40 === y * 4 + x) ? `a\0${text}` : text))),
  );

/** Reads back, in three readers, what the options make of any table; or the table is refused by the names of its columns. */
function readsBack(some: fc.Arbitrary<Options>): fc.IAsyncProperty<unknown> {
  return fc.asyncProperty(withNul, some, async (rows, given) => {
    const show = (text: string, at: number): string => guarded(cleaned(text, given, at === 0), given);
    const shown = rows.map((row) => row.map((text, at) => (text === null ? null : show(text, at))));
    const names = (rows[0] ?? []).map((_, at) => `c${at}`);
    const bad = names.filter((_, at) => shown.some((row) => cannotCarry(row[at] ?? null, given, at === 0)));
    const path = await writeRows({ engine, below: root.path }, rows, given, names).catch((error: unknown) => error);
    expect(path instanceof SyncError ? [path.code, path.context["columns"]] : "").toEqual(bad.length > 0 ? ["DATA_UNENCODABLE", bad] : "");
    if (typeof path !== "string") return;
    const bare = shown.map((row) => row.map((text) => text ?? given.nullText));
    // Under `all` and `none` a reader cannot tell NULL from its text.
    const isTold = given.quote === "minimal" || given.quote === "non_null";
    const told = isTold ? shown : bare.map((row) => row.map((text) => (text === given.nullText ? null : text)));
    expect(await throughPapaParse(path, given)).toEqual(bare);
    expect((await throughCsvParse(path, given)).map((row) => row.map((text) => text ?? given.nullText))).toEqual(bare);
    expect(isTold ? await throughCsvParse(path, given) : told).toEqual(told);
    expect(given.quote === "none" ? told : await throughDuckdb(engine, path, names.length, given)).toEqual(told);
  });
}

test("F16: any table under quote all reads back as it was, but that NULL and its text are one", async () => {
  await expect(fc.assert(readsBack(options.map((some) => ({ ...some, quote: "all" }))), { numRuns: RUNS / 3 })).resolves.toBeUndefined();
});

test("S22: any table under any options reads back in three readers as the options say, or is refused by the names of its columns", async () => {
  await expect(fc.assert(readsBack(options), { numRuns: RUNS })).resolves.toBeUndefined();
});

function special({ quote, delimiter }: Options): readonly string[] {
  return quote === "none" ? ["\r", "\n", "\0", delimiter] : ["\0"];
}

/** At the start of a file without byte order mark, one in a text would be taken for it. */
function misread(text: string, given: Options, isFirst: boolean): boolean {
  return isFirst && given.quote === "none" && !given.header && !given.bom && text.startsWith("\ufeff");
}

function cleaned(text: string, given: Options, isFirst: boolean): string {
  if (given.unencodable === "fail") return text;
  const by = given.unencodable === "replace" ? "\ufffd" : "";
  let clean = [...text].map((character) => (special(given).includes(character) ? by : character)).join("");
  while (misread(clean, given, isFirst)) clean = by + clean.slice(1);
  return given.quote === "none" && given.nullText !== "" && clean === given.nullText ? by : clean;
}

/** Behind whatever some reader trims off, the signs that a spreadsheet calculates by. */
function guarded(text: string, { formulaGuard }: Options): string {
  const isFormula =
    /^(?:[\t\r\n]|[\0-\u0020\u007f\u0085\s]*[=+@＝＋－＠-])/u.test(text) && !/^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/iu.test(text);
  return formulaGuard && isFormula ? `'${text}` : text;
}

function cannotCarry(text: string | null, given: Options, isFirst: boolean): boolean {
  if (text === null) return false;
  if (misread(text, given, isFirst)) return true;
  const isNullText = given.quote === "none" && given.nullText !== "" && text === given.nullText;
  return isNullText || special(given).some((character) => text.includes(character));
}
