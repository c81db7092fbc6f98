import type { SqlExpr } from "../core/types.ts";

/** An aggregate that counts the rows for which a condition holds. Planning `count(*) FILTER (…)` takes time with the square of how many there are. */
export function countWhere(condition: SqlExpr): SqlExpr {
  return `count(CASE WHEN ${condition} THEN 1 END)`;
}
