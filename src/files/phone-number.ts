import type { SqlExpr } from "../core/types.ts";
import { sqlText } from "../engine/sql-literal.ts";
import { bindOnce } from "./bind-once.ts";
import { PHONE_PLANS } from "./phone-plans.ts";

interface PhonePlan {
  readonly callingCode: string;
  readonly trunk: string;
  readonly abroad: string;
  readonly lengths: readonly string[];
}

/** Countries whose numbers can be read, by their two letters. */
export function phoneCountries(): readonly string[] {
  return [...plans().keys()];
}

/** What decides how numbers of a country are read, as text; equal texts read equal numbers alike. */
export function phoneRules(country: string): string {
  const rewriting = country === "AR" ? [ARGENTINE_MOBILE, ARGENTINE_NUMBER] : [];
  return [nationalPattern(planOf(country)), planOf(country).abroad, abroadPattern(), ...rewriting].join("\n");
}

/**
 * SQL of a telephone number in E.164 (`+4930123456`), given one as people of `country` write it, or an international one.
 * NULL for what cannot be a number: other characters than digits, `+`, blanks and `( ) . / -`, a calling code that does not exist,
 * or a length that the numbering plan does not have.
 */
export function e164Sql(text: SqlExpr, country: string): SqlExpr {
  const plan = planOf(country);
  const start = `(?:\\+|${plan.abroad})`;
  const withoutTrunk = `regexp_replace(t, ${sqlText(`^([^0-9]*${start}.*?)\\(0\\)`)}, '\\1')`;
  const digits = `regexp_replace(${withoutTrunk}, '[^0-9+]', '', 'g')`;
  const abroad = `regexp_extract(p, ${sqlText(`^${start}([1-9][0-9]*)$`)}, 1)`;
  const significant = (number: SqlExpr): SqlExpr =>
    country === "AR" ? `regexp_replace(${number}, ${sqlText(ARGENTINE_MOBILE)}, ${sqlText(ARGENTINE_NUMBER)})` : number;
  const inland = (number: SqlExpr): SqlExpr =>
    `${sqlText(`+${plan.callingCode}`)} || nullif(regexp_extract(${significant(number)}, ${sqlText(nationalPattern(plan))}, 1), '')`;
  const international = [
    `CASE WHEN starts_with(i, ${sqlText(plan.callingCode)}) THEN ${inland(`substr(i, ${String(plan.callingCode.length + 1)})`)}`,
    `WHEN regexp_full_match(i, ${sqlText(abroadPattern())}) THEN '+' || i END`,
  ].join(" ");
  const read = bindOnce(abroad, "i", `CASE WHEN i <> '' THEN ${international} ELSE ${inland("p")} END`);
  return bindOnce(text, "t", `CASE WHEN regexp_full_match(t, ${sqlText(WRITTEN)}) THEN ${bindOnce(digits, "p", read)} END`);
}

/**
 * At home, a mobile number of Argentina has 15 behind its area code, from abroad 9 before it. Twelve digits in one of these shapes fit no
 * other: an area code of four digits has a 1 where one of three has the 5.
 */
const ARGENTINE_MOBILE = "^0?(?:(11)15([0-9]{8})|([23][0-9]{2})15([0-9]{7})|([23][0-9]{3})15([0-9]{6}))$";
const ARGENTINE_NUMBER = "9\\1\\2\\3\\4\\5\\6";

/** Characters that a number may be written with; dashes and blanks in all their forms. */
const WRITTEN = "[0-9+().\\/\\s\\x{a0}\\x{2000}-\\x{200a}\\x{2010}-\\x{2015}\\x{202f}\\x{3000}-]*";

/** Prefers to read a trunk prefix as one; a number that only fits with it keeps it. */
function nationalPattern(plan: PhonePlan): string {
  return `^${plan.trunk === "" ? "" : `(?:${plan.trunk})?`}(${digitsOf(plan.lengths)})$`;
}

/** Numbers of every calling code, in the lengths that one of its countries has. */
function abroadPattern(): string {
  const lengths = new Map<string, Set<string>>();
  for (const plan of plans().values()) {
    const known = lengths.get(plan.callingCode) ?? new Set();
    for (const length of plan.lengths) known.add(length);
    lengths.set(plan.callingCode, known);
  }
  return [...lengths].map(([code, known]) => `${code}(?:${digitsOf([...known])})`).join("|");
}

function digitsOf(lengths: readonly string[]): string {
  return lengths.map((length) => `[0-9]{${length}}`).join("|");
}

function planOf(country: string): PhonePlan {
  return plans().get(country) ?? { callingCode: "", trunk: "", abroad: "\\+", lengths: ["0"] };
}

let parsed: ReadonlyMap<string, PhonePlan> | null = null;

function plans(): ReadonlyMap<string, PhonePlan> {
  parsed ??= new Map(
    PHONE_PLANS.trim()
      .split("\n")
      .map((line) => {
        const [country = "", callingCode = "", trunk = "", abroad = "", lengths = ""] = line.split(" ");
        return [country, { callingCode, trunk: trunk === "-" ? "" : trunk, abroad, lengths: lengths.split(",") }];
      }),
  );
  return parsed;
}
