import type { ResolvedMapping } from "../core/delta.ts";
import type { ColumnKind, FileChange, SqlExpr } from "../core/types.ts";
import { sqlText } from "../engine/sql-literal.ts";
import { factSql } from "./mapping-facts.ts";
import { headerOf } from "./removed-columns.ts";
import type { FilesRequest } from "./write-files.ts";

/** A column of the file, before any format: its canonical text in DuckDB SQL over a delta's row. */
export interface FieldText {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly text: SqlExpr;
  /** The text may have been told when the column was of another kind. */
  readonly mayBeOlder: boolean;
}

/** What the text of a fact needs to know. */
type FactsOf = Pick<FilesRequest, "run" | "generation" | "scheduledAt" | "stream"> & {
  readonly mapping: Pick<ResolvedMapping, "header" | "outputs" | "keyCount" | "removed">;
};

/**
 * Every column of the file for rows of the kinds given, of those that the file could have (`declared`). Removed rows have only the outputs that
 * were told last.
 */
export function fieldTexts(request: FactsOf, kinds: readonly FileChange[], declared: readonly FileChange[] = kinds): readonly FieldText[] {
  const { outputs } = request.mapping;
  const mayBeOlder = kinds.includes("removed");
  return headerOf(request.mapping, declared).map((column) => {
    const text = byKind(kinds, (kind) =>
      "output" in column ? outputText(column.output, kind) : factSql(column, request.mapping, { ...request, change: kind }),
    );
    return { name: column.name, kind: columnKind(column, outputs), text, mayBeOlder };
  });
}

/** The text of a stored output in rows of a kind. */
export function outputText(output: number, kind: FileChange): SqlExpr {
  return `${kind === "removed" ? "p" : "o"}${output}`;
}

/** One expression for rows of several kinds, told apart by their `op`. */
export function byKind(kinds: readonly FileChange[], text: (kind: FileChange) => SqlExpr): SqlExpr {
  const texts = kinds.map((kind) => ({ kind, text: text(kind) }));
  const [first] = texts;
  // Typed, so that a Parquet file without rows has the types of one with some.
  if (first === undefined) return "CAST(NULL AS VARCHAR)";
  if (texts.every((each) => each.text === first.text)) return first.text;
  return `CASE op ${texts.map((each) => `WHEN ${sqlText(each.kind)} THEN ${each.text}`).join(" ")} END`;
}

const FACT_KINDS = {
  _change: "text",
  _member: "boolean",
  _run_id: "text",
  _generation: "integer",
  _scheduled_at: "timestamp_tz",
  _changed_columns: "text",
  _message_id: "text",
} as const;

/** The class of a column's texts. What steps make of a fact is text. */
export function columnKind(column: ResolvedMapping["header"][number], outputs: ResolvedMapping["outputs"]): ColumnKind {
  if ("output" in column) return outputs[column.output]?.kind ?? "text";
  if ((column.steps ?? []).length > 0) return "text";
  return column.metadata === "_previous" ? (outputs[column.previous ?? -1]?.kind ?? "text") : FACT_KINDS[column.metadata];
}
