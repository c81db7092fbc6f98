import { SyncError } from "../core/errors.ts";
import type { Dialect } from "../core/ports.ts";
import { trimStatement } from "../core/sql-text.ts";
import type { ModelQuery } from "../core/types.ts";
import { modelQuery } from "./model-query.ts";

/**
 * A source's error with the audience named whose condition it points into; as it came where it points at none. `sent` is the query
 * that the source was given, which holds the model's.
 */
export function audienceFault(error: unknown, query: ModelQuery, dialect: Dialect, sent: string): unknown {
  if (!(error instanceof SyncError) || query.kind !== "audiences") return error;
  const { line } = error.context;
  const start = sent.indexOf(modelQuery(query, dialect));
  if (typeof line !== "number" || start === -1) return error;
  const name = audienceAt(line - linesOf(sent.slice(0, start)) + 1, query, dialect);
  if (name === null) return error;
  const { code, message, hint, retry, context, cause } = error;
  return new SyncError(code, `The condition of the audience "${name}": ${message}`, {
    ...(hint === null ? {} : { hint }),
    retry,
    context: { ...context, audience: name },
    cause,
  });
}

/** Each condition stands on lines of its own, between one that opens it and one that closes it. */
function audienceAt(line: number, query: Extract<ModelQuery, { readonly kind: "audiences" }>, dialect: Dialect): string | null {
  const entity = linesOf(trimStatement(query.entitySql, dialect.lexis));
  let opening = entity + (query.where === undefined ? 4 : 5);
  for (const { name, condition } of query.members) {
    const closing = opening + linesOf(trimStatement(condition, dialect.lexis)) + 1;
    if (line >= opening && line <= closing) return name;
    opening = closing + 1;
  }
  return null;
}

function linesOf(text: string): number {
  return text.split("\n").length;
}
