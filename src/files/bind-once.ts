import type { SqlExpr } from "../core/types.ts";

/**
 * SQL of `body` over the value of an expression that stands in it under a name, so that a body which reads its input several
 * times neither repeats it nor doubles the statement with every step.
 */
export function bindOnce(value: SqlExpr, name: string, body: SqlExpr): SqlExpr {
  return `list_transform([${value}], lambda ${name}: ${body})[1]`;
}
