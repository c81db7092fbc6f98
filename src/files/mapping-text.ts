import { stepsText } from "./column-steps.ts";
import { type StoredColumn, storedMembers, type StoredValue } from "./mapping-values.ts";

/** Raise it when the same mapping over the same canonical texts would give other outputs: every row is then compared anew. */
const MAPPING_VERSION = 1;

/** Only what decides the outputs: renaming a column of facts of the run, or moving it, leaves every row as it was told. */
export function mappingText(stored: readonly StoredColumn[]): string {
  return JSON.stringify({
    version: MAPPING_VERSION,
    outputs: stored.map(columnText),
  });
}

function columnText({ name, value, steps }: StoredColumn): readonly unknown[] {
  return [name, ...valueText(value), ...(steps.length === 0 ? [] : [{ steps: stepsText(steps) }])];
}

function valueText(value: StoredValue): readonly unknown[] {
  switch (value.from) {
    case "column":
      return ["column", value.column];
    case "value":
      return ["value", value.text];
    case "template":
      return ["template", ...value.parts.map((part) => ("column" in part ? { column: part.column } : part.text))];
    case "object":
      return ["object", ...storedMembers(value).map(columnText)];
  }
}
