import { createHash, createHmac } from "node:crypto";
import fc from "fast-check";
import { parsePhoneNumberFromString } from "libphonenumber-js/min";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Secret } from "../../src/core/secret.ts";
import type { ColumnKind, ColumnStep, PlainFunction } from "../../src/core/types.ts";
import { type Engine, openEngine } from "../../src/engine/open-engine.ts";
import { sqlText } from "../../src/engine/sql-literal.ts";
import { stepsSql } from "../../src/files/column-steps.ts";
import { phoneCountries } from "../../src/files/phone-number.ts";
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

type Text = string | null;

const MANY = 400;

/** Steps over many texts at once, as they run over the rows of a table. */
async function apply(texts: readonly Text[], steps: readonly ColumnStep[], kind: ColumnKind = "text"): Promise<readonly Text[]> {
  const values = texts.map((text, at) => `(${String(at)}, ${text === null ? "NULL" : sqlText(text)})`);
  const table = `(VALUES (-1, ''), ${values.join(", ")}) AS t(n, v)`;
  // A text that begins with a byte order mark would lose it on the way into JavaScript.
  const rows = await engine.rows(`SELECT 'x' || ${stepsSql("v", steps, kind)} FROM ${table} WHERE n >= 0 ORDER BY n`, signal);
  return rows.map(([value]) => value?.slice(1) ?? null);
}

const plain = (name: PlainFunction): ColumnStep => ({ step: "apply", name });
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.stringMatching(/^[\s\u00a0\u3000\ufeff]{0,3}[ -~äÖßé@+.0-9]{0,12}[\s\u2009]{0,3}$/u),
);
const texts = fc.array(text, { minLength: MANY, maxLength: MANY }).map((all) => all.map((one) => one.replaceAll("\0", "")));
const sample = (): readonly string[] => fc.sample(texts, { numRuns: 1, seed: 6 })[0] ?? [];
const letters = (value: string): string[] => [...value];

describe("functions of columns equal what Node makes of the same text", () => {
  test.each<[string, ColumnStep, (value: string) => Text]>([
    ["trim", plain("trim"), (value) => value.trim()],
    ["digits", plain("digits"), (value) => value.replaceAll(/[^0-9]/g, "")],
    ["sha256", plain("sha256"), (value) => createHash("sha256").update(value).digest("hex")],
    ["sha1", plain("sha1"), (value) => createHash("sha1").update(value).digest("hex")],
    ["md5", plain("md5"), (value) => createHash("md5").update(value).digest("hex")],
    ["base64", plain("base64"), (value) => Buffer.from(value).toString("base64")],
    ["left", { step: "apply", name: "left", count: 3 }, (value) => letters(value).slice(0, 3).join("")],
    ["right", { step: "apply", name: "right", count: 3 }, (value) => letters(value).slice(-3).join("")],
    ["right of nothing", { step: "apply", name: "right", count: 0 }, () => ""],
    [
      "mask",
      { step: "apply", name: "mask", count: 4 },
      (value) =>
        letters(value)
          .map((letter, at, all) => (all.length <= 4 || at < all.length - 4 ? "*" : letter))
          .join(""),
    ],
    ["null_if", { step: "apply", name: "null_if", text: "" }, (value) => (value === "" ? null : value)],
    ["map", { step: "map", entries: [["", "none"]] }, (value) => (value === "" ? "none" : value)],
    ["map with a default", { step: "map", entries: [["", null]], otherwise: "x" }, (value) => (value === "" ? null : "x")],
    ...["k", "key".repeat(30), "schlüssel"].map((key): [string, ColumnStep, (value: string) => Text] => [
      `hmac_sha256 with a key of ${key.length} characters`,
      { step: "apply", name: "hmac_sha256", secret: new Secret(key) },
      (value) => createHmac("sha256", key).update(value).digest("hex"),
    ]),
  ])("%s", async (_, step, oracle) => {
    const values = ["", ...sample()];
    expect(await apply(values, [step])).toEqual(values.map(oracle));
  });

  test("lower and upper go letter by letter, so that nothing depends on what stands beside it", async () => {
    const values = sample().map((value) =>
      letters(value)
        .filter((letter) => letter.toUpperCase().length === 1 && letter < "\u0250")
        .join(""),
    );
    expect(await apply(values, [plain("lower")])).toEqual(values.map((value) => value.toLowerCase()));
    expect(await apply(values, [plain("upper")])).toEqual(values.map((value) => value.toUpperCase()));
    expect(await apply(["ß", "ΟΔΟΣ"], [plain("upper")])).toEqual(["ẞ", "ΟΔΟΣ"]);
    expect(await apply(["ΟΔΟΣ"], [plain("lower")])).toEqual(["οδοσ"]);
  });

  test("a chain does one after the other", async () => {
    const values = sample();
    const chain = [plain("trim"), plain("digits"), plain("sha256"), { step: "apply", name: "left", count: 8 }] as const;
    const oracle = (value: string): string =>
      createHash("sha256")
        .update(value.replaceAll(/[^0-9]/g, ""))
        .digest("hex")
        .slice(0, 8);
    expect(await apply(values, chain)).toEqual(values.map(oracle));
  });
});

test("F10: NULL stays NULL, but for coalesce and a map with a default", async () => {
  const steps: readonly ColumnStep[] = [
    ...(["trim", "lower", "upper", "digits", "sha256", "sha1", "md5", "base64"] as const).map(plain),
    { step: "apply", name: "left", count: 1 },
    { step: "apply", name: "right", count: 1 },
    { step: "apply", name: "mask", count: 1 },
    { step: "apply", name: "null_if", text: "" },
    { step: "apply", name: "e164", country: "DE" },
    { step: "apply", name: "email", rules: "gmail" },
    { step: "apply", name: "hmac_sha256", secret: new Secret("k") },
    { step: "path", path: "$.a" },
    { step: "format", format: "0.00" },
    { step: "format", format: "%Y" },
    { step: "format", format: "epoch" },
    { step: "map", entries: [["a", "b"]] },
  ];
  for (const step of steps) expect(await apply([null], [step])).toEqual([null]);
  expect(await apply([null], [{ step: "apply", name: "coalesce", text: "none" }])).toEqual(["none"]);
  expect(await apply([null, "a"], [{ step: "map", entries: [], otherwise: "none" }])).toEqual(["none", "a"]);
  expect(await apply([null, "a", "c"], [{ step: "map", entries: [["a", "b"]], otherwise: "none" }])).toEqual(["none", "b", "none"]);
});

test("e-mail addresses are trimmed, lowered and composed; Gmail's own rules apply only when asked for", async () => {
  const values = [" Ann.Lee+x@Example.COM ", "A.n.n+tag@GoogleMail.com", "rene\u0301@example.com", "x@y@gmail.com", ""];
  const email = (rules: "plain" | "gmail"): readonly ColumnStep[] => [{ step: "apply", name: "email", rules }];
  const lowered = ["ann.lee+x@example.com", "a.n.n+tag@googlemail.com", "ren\u00e9@example.com", "x@y@gmail.com", ""];
  expect(await apply(values, email("plain"))).toEqual(lowered);
  expect(await apply(values, email("gmail"))).toEqual(lowered.with(1, "ann@gmail.com"));
});

describe("telephone numbers", () => {
  const e164 = (country: string): readonly ColumnStep[] => [{ step: "apply", name: "e164", country }];

  test.each<[string, string, Text]>([
    ["DE", "030 123456", "+4930123456"],
    ["DE", "+49 (0)30 12 34-56", "+4930123456"],
    ["DE", "0049 30/123456", "+4930123456"],
    ["DE", "+1 (415) 555-2671", "+14155552671"],
    ["DE", "\u00a0030\u2011123456 ", "+4930123456"],
    ["US", "(415) 555-2671", "+14155552671"],
    ["US", "1-415-555-2671", "+14155552671"],
    ["US", "011 49 30 123456", "+4930123456"],
    ["IT", "06 6982 1234", "+390669821234"],
    ["RU", "8 (912) 345-67-89", "+79123456789"],
    ["HU", "06 1 234 5678", "+3612345678"],
    ["DE", "030 123456 ext. 7", null],
    ["DE", "+999 123456", null],
    ["FR", "01 23", null],
    ["DE", "call me", null],
    ["AR", "011 15-2345-6789", "+5491123456789"],
    ["AR", "11 15 2345 6789", "+5491123456789"],
    ["AR", "0221 15-456-7890", "+5492214567890"],
    ["AR", "02966 15-41-2345", "+5492966412345"],
    ["AR", "+54 11 15 2345 6789", "+5491123456789"],
    ["AR", "+54 9 11 2345 6789", "+5491123456789"],
    ["AR", "011 2345-6789", "+541123456789"],
    ["AR", "0221 15-456-78901", null],
    ["CL", "011 15-2345-6789", null],
    ["DE", "+", null],
    ["DE", "", null],
  ])("in %s, %s is %s", async (country, written, expected) => {
    expect(await apply([written], e164(country))).toEqual([expected]);
  });

  test("of every country, as libphonenumber prints them for people at home and abroad, come back as they were", async () => {
    const { default: examples } = await import("libphonenumber-js/mobile/examples");
    const wrong: string[] = [];
    for (const country of phoneCountries()) {
      const national: string | undefined = examples[country as keyof typeof examples];
      const number = national === undefined ? undefined : parsePhoneNumberFromString(national, country as keyof typeof examples);
      if (number === undefined || !number.isPossible()) continue;
      const written = [number.formatNational(), number.formatInternational(), number.number];
      const read = await apply(written, e164(country));
      read.forEach(
        (value, at) => value === number.number || wrong.push(`${country} ${written[at] ?? ""} ${value ?? "NULL"} ${number.number}`),
      );
    }
    expect(wrong).toEqual([]);
  });
});
