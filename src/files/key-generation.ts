import type { KeySymbol } from "./key-language.ts";
import { symbolsOf } from "./key-symbols.ts";
import { keyParts, type KeyTemplate, type PrintedPart } from "./print-key.ts";

/**
 * The generation of which a template would print a key: a number, `any` where its keys do not tell (they replace each other), or `none` where
 * it cannot print the key, or prints none twice because a run's id stands in it.
 */
export function generationOfKey(template: KeyTemplate, key: string): number | "any" | "none" {
  const parts = keyParts(template);
  if (parts.some((part) => part.kind === "run_id")) return "none";
  // Case counts for nothing, since it does not on every file system.
  const found = new RegExp(`^${parts.map(pattern).join("")}$`, "iu").exec(key);
  if (found === null) return "none";
  const generation = parts.filter((part) => part.kind === "number").findIndex(({ token }) => token === "generation");
  return generation === -1 ? "any" : Number(found[generation + 1]);
}

/** Numbers alone are captured. */
function pattern(part: PrintedPart): string {
  const text = symbolsOf(part).map(symbolPattern).join("");
  return part.kind === "number" ? `(${text})` : text;
}

function symbolPattern(symbol: KeySymbol): string {
  switch (symbol.kind) {
    case "words":
      return `(?:${symbol.words.map((word) => word.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, String.raw`\$&`)).join("|")})`;
    case "digits":
      return String.raw`\d{${symbol.length}${symbol.orMore ? "," : ""}}`;
    case "split":
      return "[0-9A-Z_.~-]+";
    case "run_id":
      return "[0-9A-Z]+";
    case "anything":
      return "[^]*";
  }
}
