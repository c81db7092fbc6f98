import { SPLIT_VALUE_CHARACTER } from "./split-value.ts";

/**
 * A set of object keys as a chain of symbols: what a template can print. Sets of this kind can be compared exactly: whether two of them share a
 * key is a walk through both at once.
 */
export type KeySymbol =
  /** One of these words; none is empty and none begins another. */
  | { readonly kind: "words"; readonly words: readonly string[] }
  /** Digits, as many as said, or at least that many. */
  | { readonly kind: "digits"; readonly length: number; readonly orMore: boolean }
  /** One or more characters of `RUN_ID_CHARACTER`. */
  | { readonly kind: "run_id" }
  /** One or more characters of `SPLIT_VALUE_CHARACTER`. */
  | { readonly kind: "split" }
  /** Any text, also none. */
  | { readonly kind: "anything" };

/** What the ids of runs are made of: letters and digits. */
const RUN_ID_CHARACTER = /^[0-9A-Za-z]$/u;

type Characters = "digit" | "run_id" | "split" | "any" | { readonly one: string };

interface Edge {
  readonly characters: Characters;
  readonly to: number;
}

/** A nondeterministic automaton: it starts in state 0 and accepts in the last one (each symbol makes its end last). */
type Automaton = readonly (readonly Edge[])[];

/** Whether some key belongs to both sets; case counts for nothing, since it does not on every file system. */
export function languagesMeet(a: readonly KeySymbol[], b: readonly KeySymbol[]): boolean {
  const left = automaton(a);
  const right = automaton(b);
  const open: (readonly [number, number])[] = [[0, 0]];
  const seen = new Set(["0,0"]);
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [i, j] = pair;
    if (i === left.length - 1 && j === right.length - 1) return true;
    for (const from of left[i] ?? []) {
      for (const other of right[j] ?? []) {
        const next = `${from.to},${other.to}`;
        if (seen.has(next) || !charactersMeet(from.characters, other.characters)) continue;
        seen.add(next);
        open.push([from.to, other.to]);
      }
    }
  }
  return false;
}

function automaton(symbols: readonly KeySymbol[]): Automaton {
  const states: Edge[][] = [[]];
  let end = 0;
  const step = (from: number, characters: Characters, to = states.push([]) - 1): number => {
    states[from]?.push({ characters, to });
    return to;
  };
  for (const symbol of symbols) {
    switch (symbol.kind) {
      case "words": {
        const words = symbol.words.map((word) => [...word.toLowerCase()]);
        const lasts = words.map((word) => ({
          last: word.at(-1) ?? "",
          from: word.slice(0, -1).reduce((at, one) => step(at, { one }), end),
        }));
        end = states.push([]) - 1;
        for (const { last, from } of lasts) step(from, { one: last }, end);
        break;
      }
      case "digits":
        for (let count = 0; count < symbol.length; count += 1) end = step(end, "digit");
        if (symbol.orMore) step(end, "digit", end);
        break;
      case "run_id":
      case "split":
        end = step(end, symbol.kind);
        step(end, symbol.kind, end);
        break;
      case "anything":
        step(end, "any", end);
        break;
    }
  }
  return states;
}

function charactersMeet(a: Characters, b: Characters): boolean {
  if (typeof a === "object") return typeof b === "object" ? a.one === b.one : isOneOf(a.one, b);
  return typeof b === "object" ? isOneOf(b.one, a) : true; // digits belong to every class
}

function isOneOf(character: string, characters: Exclude<Characters, object>): boolean {
  switch (characters) {
    case "any":
      return true;
    case "digit":
      return /^\d$/u.test(character);
    case "run_id":
      return RUN_ID_CHARACTER.test(character);
    case "split":
      return SPLIT_VALUE_CHARACTER.test(character);
  }
}
