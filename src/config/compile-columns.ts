import { METADATA_FIELDS } from "../core/types.ts";
import type { MetadataField, OutputColumn, OutputValue } from "../core/types.ts";
import { parseColumnTemplate } from "./column-template.ts";
import type { ModelFile } from "./load-models.ts";
import type { WrittenModel } from "./model-schema.ts";

type WrittenColumn = NonNullable<WrittenModel["columns"]>[string];

/** Output columns in the order of the file; null when the model delivers its result as it is. Rules have checked each of them. */
export function compileColumns(model: ModelFile, columns: WrittenModel["columns"]): readonly OutputColumn[] | null {
  if (columns === undefined) return null;
  return columnNames(model, columns).flatMap((name) => {
    const value = outputValue(columns[name] ?? null);
    return value === null ? [] : [{ name, value }];
  });
}

/** Names of output columns as the file orders them: an object of JavaScript would put names that are numbers first. */
export function columnNames(model: ModelFile, columns: NonNullable<WrittenModel["columns"]>): readonly string[] {
  const written = model.file.at(["columns"])?.children.keys() ?? [];
  return [...written].filter((name) => Object.hasOwn(columns, name));
}

/** What a written column stands for; null for one that is left blank. */
export function outputValue(written: WrittenColumn): OutputValue | null {
  if (written === null) return null;
  if (typeof written === "string") return fromColumn(written);
  if (written.from !== undefined) return fromColumn(written.from);
  if (written.template !== undefined) return { from: "template", parts: parseColumnTemplate(written.template).parts };
  return { from: "value", text: written.value ?? "" };
}

function fromColumn(column: string): OutputValue {
  return isMetadataField(column) ? { from: "metadata", field: column } : { from: "column", column };
}

/** Whether a name is that of a fact of the run. */
export function isMetadataField(name: string): name is MetadataField {
  return METADATA_FIELDS.some((field) => field === name);
}
