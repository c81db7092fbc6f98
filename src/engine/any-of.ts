import type { SqlExpr } from "../core/types.ts";

/** SQL that is true when one of the conditions is; a tree of them, since the engine refuses a chain as deep as a table is wide. */
export function anyOf(conditions: readonly SqlExpr[]): SqlExpr {
  const [first, second] = conditions;
  if (first === undefined) return "false";
  if (second === undefined) return first;
  const half = Math.ceil(conditions.length / 2);
  return `(${anyOf(conditions.slice(0, half))} OR ${anyOf(conditions.slice(half))})`;
}
