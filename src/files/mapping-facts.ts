import type { HeaderFact, ResolvedMapping } from "../core/delta.ts";
import type { FileChange, SqlExpr } from "../core/types.ts";
import { sqlText } from "../engine/sql-literal.ts";
import { stepsSql } from "./column-steps.ts";

/** Stands between the names in `_changed_columns`. */
export const CHANGED_SEPARATOR = ",";

/** What facts are told of. */
export interface RunFacts {
  readonly change: FileChange;
  readonly run: string;
  readonly generation: number;
  readonly scheduledAt: Date;
  readonly stream: { readonly name: string };
}

/**
 * SQL of the text of a column that shows a fact, over the rows of one change of a delta file (core/delta.ts: `o…` after, `p…` before;
 * only changed and removed rows are read for what stood there before).
 */
export function factSql(fact: HeaderFact, mapping: Pick<ResolvedMapping, "header" | "outputs" | "keyCount">, facts: RunFacts): SqlExpr {
  const kind = fact.metadata === "_previous" ? mapping.outputs[fact.previous ?? -1]?.kind : undefined;
  return stepsSql(bareFact(fact, mapping, facts), fact.steps ?? [], kind ?? "text");
}

function bareFact(fact: HeaderFact, mapping: Pick<ResolvedMapping, "header" | "outputs" | "keyCount">, facts: RunFacts): SqlExpr {
  const { change } = facts;
  switch (fact.metadata) {
    case "_change":
      return sqlText(change);
    case "_member":
      return sqlText(String(change !== "removed"));
    case "_run_id":
      return sqlText(facts.run);
    case "_generation":
      return sqlText(String(facts.generation));
    case "_scheduled_at":
      return sqlText(facts.scheduledAt.toISOString().replace(/\.?0*Z$/u, "Z"));
    case "_previous":
      return change === "changed" || change === "removed" ? `p${String(fact.previous ?? -1)}` : NO_TEXT;
    case "_message_id":
      return messageId(mapping.keyCount, facts);
    case "_changed_columns":
      return change === "changed" ? changedNames(mapping) : NO_TEXT;
  }
}

/** One for each row of each generation of a stream, and the same on every retry. A JSON list of the key's texts is another for another key. */
function messageId(keyCount: number, { stream, generation }: RunFacts): SqlExpr {
  const keys = Array.from({ length: keyCount }, (_, at) => `k${at}`).join(", ");
  return `md5(concat(${sqlText(`${stream.name}/${generation}/`)}, CAST(to_json([${keys}]) AS VARCHAR)))`;
}

const NO_TEXT = "CAST(NULL AS VARCHAR)";

function changedNames({ header, outputs }: Pick<ResolvedMapping, "header" | "outputs">): SqlExpr {
  const names = header.flatMap((column) => {
    if (!("output" in column) || outputs[column.output]?.ignored === true) return [];
    const at = String(column.output);
    return [`CASE WHEN o${at} IS DISTINCT FROM p${at} THEN ${sqlText(column.name)} END`];
  });
  return names.length === 0 ? "''" : `concat_ws(${sqlText(CHANGED_SEPARATOR)}, ${names.join(", ")})`;
}
