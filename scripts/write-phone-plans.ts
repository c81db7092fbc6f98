// Writes src/files/phone-plans.ts from the numbering plans of libphonenumber: `npx tsx scripts/write-phone-plans.ts`.
// Run it on purpose only: another plan can turn a number that was delivered into another one.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { getCountries, Metadata, type NumberingPlan } from "libphonenumber-js/min";

/** What the library knows of a country beyond its published types. */
interface Plan {
  callingCode(): string;
  nationalPrefix(): string | null | undefined;
  nationalPrefixForParsing(): string | null | undefined;
  IDDPrefix(): string;
  possibleLengths(): readonly number[];
}

const metadata = new Metadata();
const lines = getCountries()
  .toSorted()
  .map((country) => {
    metadata.selectNumberingPlan(country);
    const plan = metadata.numberingPlan as NumberingPlan & Plan;
    const abroad = plan.IDDPrefix().replaceAll(/\((?!\?)/g, "(?:");
    // The whole number has at most 15 digits, whatever a plan says.
    const lengths = plan.possibleLengths().filter((length) => length + plan.callingCode().length <= 15);
    const trunk = plan.nationalPrefixForParsing() || "-";
    // Patterns with groups move digits about; then the plain prefix is all that can be told.
    return [country, plan.callingCode(), trunk.includes("(") ? plan.nationalPrefix() || "-" : trunk, abroad, lengths.join(",")].join(" ");
  });

const text = `/**
 * Numbering plans, one country a line: country, calling code, trunk prefix of national numbers (- for none), pattern of the prefix
 * of calls abroad, possible lengths of national numbers without trunk prefix. Written by scripts/write-phone-plans.ts.
 */
export const PHONE_PLANS = \`
${lines.join("\n").replaceAll("\\", "\\\\")}
\`;
`;
await writeFile(join(import.meta.dirname, "../src/files/phone-plans.ts"), text);
