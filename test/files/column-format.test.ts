import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ColumnKind, ColumnStep } from "../../src/core/types.ts";
import { type Engine, openEngine } from "../../src/engine/open-engine.ts";
import { sqlText } from "../../src/engine/sql-literal.ts";
import { parseColumnFormat } from "../../src/files/column-format.ts";
import { stepsSql } from "../../src/files/column-steps.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const signal = AbortSignal.timeout(120_000);
let folder: TempFolder;
let engine: Engine;
beforeAll(async () => {
  folder = await tempFolder();
  engine = await openEngine({ memoryLimit: "300MB", threads: 1, tempDirectory: folder.at("spill"), maxTempSize: "1GB" }, signal);
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function made(texts: readonly string[], step: ColumnStep, kind: ColumnKind): Promise<readonly (string | null)[]> {
  const values = texts.map((text, n) => `(${String(n)}, ${sqlText(text)})`).join(", ");
  const rows = await engine.rows(`SELECT ${stepsSql("v", [step], kind)} FROM (VALUES ${values}) AS t(n, v) ORDER BY n`, signal);
  return rows.map(([value]) => value ?? null);
}

const formatted = async (format: string, texts: readonly string[], kind: ColumnKind = "decimal") =>
  await made(texts, { step: "format", format }, kind);

test.each<[format: string, text: string, expected: string]>([
  ["0.00", "1", "1.00"],
  ["0.00", "2.675", "2.68"],
  ["0.00", "-2.675", "-2.68"],
  ["0.00", "-0.004", "0.00"],
  ["0.00", "99.995", "100.00"],
  ["0.00", "123456789012345678901234567890123456789012.345", "123456789012345678901234567890123456789012.35"],
  ["0.00", "1e+21", "1000000000000000000000.00"],
  ["0.00", "1.5e-3", "0.00"],
  ["0.0000", "1.5e-3", "0.0015"],
  ["0.00", "NaN", "NaN"],
  ["0.00", "-Infinity", "-Infinity"],
  ["0", "0.5", "1"],
  ["0", "-0.4", "0"],
  ["00000", "42", "00042"],
  ["00000", "1234567", "1234567"],
  ["0.##", "1.50", "1.5"],
  ["0.##", "1.00", "1"],
  ["0.0##", "1.0004", "1.0"],
  ["#,##0.00", "1234567.5", "1,234,567.50"],
  ["#,##0", "-123", "-123"],
  ["#,##0", "999999.5", "1,000,000"],
])("a number as %s: %s is %s", async (format, text, expected) => {
  expect(await formatted(format, [text])).toEqual([expected]);
});

test("decimals of any length are rounded as whole numbers of any size would be", async () => {
  const number = fc
    .tuple(fc.boolean(), fc.stringMatching(/^\d{1,60}$/u), fc.stringMatching(/^[0-9]{0,8}$/u))
    .map(([negative, whole, fraction]) => `${negative ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`);
  const texts = fc.sample(number, { numRuns: 1000, seed: 6 });
  for (const places of [0, 1, 2, 5]) {
    const format = places === 0 ? "0" : `0.${"0".repeat(places)}`;
    expect(await formatted(format, texts)).toEqual(texts.map((text) => rounded(text, places)));
  }
});

/** Rounds half away from zero by BigInt. */
function rounded(text: string, places: number): string {
  const [whole = "", fraction = ""] = text.replace("-", "").split(".");
  const scaled = BigInt(whole + fraction.padEnd(9, "0"));
  const unit = 10n ** BigInt(9 - places);
  const digits = String((scaled + unit / 2n) / unit).padStart(places + 1, "0");
  const shown = places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
  return text.startsWith("-") && /[1-9]/u.test(shown) ? `-${shown}` : shown;
}

test.each<[format: string, kind: ColumnKind, text: string, expected: string]>([
  ["%Y-%m-%d", "timestamp_tz", "2024-01-02T01:04:05.123456Z", "2024-01-02"],
  ["%d.%m.%y %H:%M", "timestamp", "2024-01-02T13:04:05", "02.01.24 13:04"],
  ["%-d/%-m/%Y", "date", "2024-01-02", "2/1/2024"],
  ["%I:%M %p", "time", "13:04:05.5", "01:04 PM"],
  ["%f", "timestamp", "2024-01-02T13:04:05.123456789", "123456"],
  ["100%%", "date", "2024-01-02", "100%"],
  ["%Y", "timestamp", "infinity", "infinity"],
  ["%Y", "text", "2024-03-01", "2024"],
  ["%Y", "text", "soon", "soon"],
  ["epoch", "timestamp_tz", "2024-01-02T01:04:05.9Z", "1704157445"],
  ["epoch", "timestamp", "1969-12-31T23:59:59.5", "-1"],
  ["epoch_ms", "timestamp_tz", "2024-01-02T01:04:05.1239Z", "1704157445123"],
  ["epoch", "date", "1970-01-02", "86400"],
])("a date as %s: %s %s is %s", async (format, kind, text, expected) => {
  expect(await formatted(format, [text], kind)).toEqual([expected]);
});

test.each(["", "1.5", "0.", "0,00", "#.##0", "#,##00", "0.0#0", "%Q", "%Y-%", "%-", "abc", "0.00 EUR"])("%j is no format", (format) => {
  expect(parseColumnFormat(format)).toMatchObject({ of: "nothing" });
});

const DOCUMENT =
  '{"plan": "pro", "n": 1.10, "big": 12345678901234567890.5, "neg": -0.0, "e": 1E5, "t": true, "z": null, "": "empty", "a.b": {"c d": [1.0, "x\\"1.50\\"", {"k": "\\u00e9\\n"}]}, "0": "zero", "list": [[], {}]}';

test.each<[path: string, expected: string | null]>([
  ["$.plan", "pro"],
  ["$.n", "1.10"],
  ["$.big", "12345678901234567890.5"],
  ["$.neg", "-0.0"],
  ["$.e", "1E5"],
  ["$.t", "true"],
  ["$.z", null],
  ["$.missing", null],
  ["$.plan.deeper", null],
  ['$."a.b"["c d"][0]', "1.0"],
  ["$['a.b']['c d'][1]", 'x"1.50"'],
  ['$."a.b"."c d"[2].k', "é\n"],
  ['$."a.b"', '{"c d":[1.0,"x\\"1.50\\"",{"k":"é\\n"}]}'],
  ["$.0", "zero"],
  ["$.list", "[[],{}]"],
  ["$.list[0]", "[]"],
  ["$.list[2]", null],
])("the value at %s is %j", async (path, expected) => {
  expect(await made([DOCUMENT], { step: "path", path }, "json")).toEqual([expected]);
});

test("a text that is no JSON has nothing at any path, and JSON that is one value has it at $", async () => {
  expect(await made(["{", "", "plain"], { step: "path", path: "$.a" }, "text")).toEqual([null, null, null]);
  expect(await made(['"ann"', "1.50", "null", "[1.50]"], { step: "path", path: "$" }, "json")).toEqual(["ann", "1.50", null, "[1.50]"]);
});

test("any JSON comes out as it went in, numbers digit by digit", async () => {
  const values = fc.sample(fc.jsonValue({ maxDepth: 4, noUnicodeString: false }), { numRuns: 400, seed: 6 });
  const documents = values.map((value) => JSON.stringify({ key: [value] }).replaceAll("\\u0000", ""));
  const found = await made(documents, { step: "path", path: "$.key" }, "json");
  expect(found.map((text) => JSON.parse(text ?? ""))).toEqual(documents.map((text) => JSON.parse(text).key));
  const digits = (text: string): readonly string[] => text.match(/(?<=[[,:])-?\d[\d.eE+-]*(?=[\],}])/gu) ?? [];
  expect(found.map((text) => digits(text ?? ""))).toEqual(documents.map((text) => digits(text)));
});
