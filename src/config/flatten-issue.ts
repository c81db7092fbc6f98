import type { z } from "zod";
import type { KeyPath } from "./config-file.ts";

type Issue = z.core.$ZodIssue;

/** A schema's complaint, unions resolved to the branch that was meant. Paths start at the root of the file. */
export type FlatIssue =
  | { readonly kind: "unknown-key"; readonly path: KeyPath; readonly key: string }
  | {
      readonly kind: "type";
      readonly path: KeyPath;
      readonly wanted: readonly string[];
      readonly missing: boolean;
      readonly words: string | null;
    }
  | { readonly kind: "choice"; readonly path: KeyPath; readonly options: readonly string[]; readonly missing: boolean }
  | { readonly kind: "key-name"; readonly path: KeyPath; readonly words: string }
  | { readonly kind: "other"; readonly path: KeyPath; readonly words: string };

/** One complaint of zod as the complaints that a person can act on. `value` is what was checked. */
export function flattenIssue(issue: Issue, base: KeyPath, value: unknown): readonly FlatIssue[] {
  const path = [...base, ...issue.path.map((key) => (typeof key === "symbol" ? String(key) : key))];
  const found = valueAt(value, path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({ kind: "unknown-key", path, key }));
    case "invalid_type":
      return [{ kind: "type", path, wanted: [typeName(issue.expected)], missing: found === undefined, words: null }];
    case "invalid_value":
      return invalidValue(issue.values, path, found);
    case "invalid_union":
      return flattenUnion(issue, path, value);
    case "invalid_key":
      return [{ kind: "key-name", path, words: issue.issues[0]?.message ?? issue.message }];
    case "too_small":
      return [{ kind: "other", path, words: limitWords("at least", issue.minimum, issue.origin) }];
    case "too_big":
      return [{ kind: "other", path, words: limitWords("at most", issue.maximum, issue.origin) }];
    default:
      return [{ kind: "other", path, words: issue.message }];
  }
}

function limitWords(bound: "at least" | "at most", limit: number | bigint, origin: string): string {
  if (origin === "number" || origin === "int" || origin === "bigint") return `${bound} ${limit}`;
  if (bound === "at least" && Number(limit) === 1) return "it must not be empty";
  return `${bound} ${limit} ${origin === "string" ? "characters" : "items"}`;
}

/** A literal of another type than what stands there is a question of type first: `version: ${V}`. */
function invalidValue(values: readonly unknown[], path: KeyPath, found: unknown): readonly FlatIssue[] {
  const options = values.map(String);
  const wanted = [...new Set(values.map((option) => typeof option))];
  if (found !== undefined && !wanted.includes(typeof found) && typeof found !== "object") {
    return [{ kind: "type", path, wanted, missing: false, words: `has to be ${options.join(" or ")}` }];
  }
  return [{ kind: "choice", path, options, missing: found === undefined }];
}

function flattenUnion(issue: Extract<Issue, { code: "invalid_union" }>, path: KeyPath, value: unknown): readonly FlatIssue[] {
  if (issue.errors.length === 0) {
    const options = "options" in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
    return [{ kind: "choice", path, options, missing: valueAt(value, path) === undefined }];
  }
  const branches = issue.errors.map((errors) => errors.flatMap((inner) => flattenIssue(inner, path, value)));
  // A list of words is no branch that keys with values could have meant.
  const isMapping = typeof valueAt(value, path) === "object" && valueAt(value, path) !== null;
  const isHere = (flat: FlatIssue): boolean =>
    (flat.kind === "type" || (flat.kind === "choice" && isMapping)) && flat.path.length === path.length;
  const fitting = branches.filter((branch) => !branch.some(isHere));
  if (fitting.length > 0) return fitting.toSorted((a, b) => weight(a) - weight(b))[0] ?? [];
  const wanted = branches.flat().flatMap((flat) => (flat.kind === "type" && isHere(flat) ? flat.wanted : []));
  return [{ kind: "type", path, wanted: [...new Set(wanted)], missing: valueAt(value, path) === undefined, words: null }];
}

/** How far a value is from a branch: a key that is missing says more than one that is too many. */
function weight(branch: readonly FlatIssue[]): number {
  return branch.reduce((sum, flat) => sum + (flat.kind === "type" && flat.missing ? 2 : 1), 0);
}

function typeName(expected: string): string {
  return expected === "object" || expected === "record" ? "mapping" : expected;
}

function valueAt(value: unknown, path: KeyPath): unknown {
  let here = value;
  for (const key of path) {
    if (typeof here !== "object" || here === null) return undefined;
    here = Reflect.get(here, key);
  }
  return here;
}
