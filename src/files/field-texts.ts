import type { ResolvedMapping } from "../core/delta.ts";
import type { ColumnKind, FileChange, SqlExpr } from "../core/types.ts";
import { sqlText } from "../engine/sql-literal.ts";
import { factSql } from "./mapping-facts.ts";
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
  readonly mapping: Pick<ResolvedMapping, "header" | "outputs" | "keyCount">;
};

/** Every column of the file for rows of the kinds given. Removed rows have only the outputs that were told last. */
export function fieldTexts(request: FactsOf, kinds: readonly FileChange[]): readonly FieldText[] {
  const { header, outputs } = request.mapping;
  const mayBeOlder = kinds.includes("removed");
  return header.map((column) => {
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
  if (first === undefined) return "NULL";
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
