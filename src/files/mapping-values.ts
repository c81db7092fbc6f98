import type { ColumnStep, OutputValue, SqlExpr, Stream } from "../core/types.ts";
import { sqlText } from "../engine/sql-literal.ts";

/** What is made of a row and stored, in contrast to facts of the run. */
export type StoredValue = Exclude<OutputValue, FactValue>;

type FactValue = Extract<OutputValue, { readonly from: "metadata" | "previous" | "rest" }>;

/** Whether a value is no matter of the row as it is now. */
export function isFact(value: OutputValue): value is FactValue {
  return value.from === "metadata" || value.from === "previous" || value.from === "rest";
}

/** An output that is made of a row. */
export interface StoredColumn {
  readonly name: string;
  readonly value: StoredValue;
  readonly steps: readonly ColumnStep[];
}

/** What a mapping needs to know of its stream. */
export type MappedStream = Pick<Stream, "name" | "file" | "primaryKey" | "ignoreChangesIn" | "columns" | "cursor" | "removedColumns"> & {
  readonly fileFormat?: Pick<Stream["fileFormat"], "splitBy">;
};

/** Columns of a JSON object that are made of the row; facts have no place in one. */
export function storedMembers({ members }: Extract<OutputValue, { readonly from: "object" }>): readonly StoredColumn[] {
  return members.flatMap(({ name, value, steps = [] }) => (isFact(value) ? [] : [{ name, value, steps }]));
}

/** Columns of the result that an output reads. */
export function sourcesOf(value: OutputValue): readonly string[] {
  switch (value.from) {
    case "column":
      return [value.column];
    case "template":
      return [...new Set(value.parts.flatMap((part) => ("column" in part ? [part.column] : [])))];
    case "object":
      return [...new Set(value.members.flatMap((member) => sourcesOf(member.value)))];
    case "value":
    case "metadata":
    case "previous":
    case "rest":
      return [];
  }
}

/** SQL of a value; `concat` reads NULL as the empty text: a template always yields text, with a gap where a value is missing. */
export function expressionOf(value: Exclude<StoredValue, { readonly from: "object" }>, column: (name: string) => SqlExpr): SqlExpr {
  switch (value.from) {
    case "column":
      return column(value.column);
    case "value":
      return sqlText(value.text);
    case "template":
      return `concat(${["''", ...value.parts.map((part) => ("column" in part ? column(part.column) : sqlText(part.text)))].join(", ")})`;
  }
}
