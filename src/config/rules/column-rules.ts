import { METADATA_FIELDS, PREVIOUS_PREFIX } from "../../core/types.ts";
import { parseColumnTemplate } from "../column-template.ts";
import { columnNames, isMetadataField, outputValue, REST } from "../compile-columns.ts";
import { primaryKey } from "../compile-stream.ts";
import { suggestName } from "../suggest.ts";
import type { ModelRule } from "./model-rule.ts";

const WAYS = ["from", "value", "template"] as const;

/** A column written as a mapping says one thing to put in. */
export const columnsSayOneThing: ModelRule = ({ model, written }) => {
  for (const [name, column] of Object.entries(written.columns ?? {})) {
    if (column === null || typeof column === "string") continue;
    const path = ["columns", name];
    const given = WAYS.filter((way) => model.file.at([...path, way]) !== null);
    if (given.length === 0)
      model.file.report(
        "CONFIG_INVALID",
        { path, at: "key" },
        `the column "${name}" does not say what goes in`,
        `add one of ${WAYS.join(", ")}`,
      );
    for (const way of given.slice(1)) {
      model.file.report(
        "CONFIG_INVALID",
        { path: [...path, way], at: "key" },
        `"${way}" and "${given[0]}" exclude each other`,
        "keep one of them",
      );
    }
  }
};

/** Templates are well formed and use columns of the result. */
export const templatesAreValid: ModelRule = ({ model, written }) => {
  for (const [name, column] of Object.entries(written.columns ?? {})) {
    if (column === null || typeof column === "string" || column.template === undefined) continue;
    const path = ["columns", name, "template"];
    const { parts, problem } = parseColumnTemplate(column.template);
    if (problem !== null) model.file.report("CONFIG_INVALID", { path }, problem);
    for (const part of parts) {
      if (!("column" in part) || !isFactName(part.column)) continue;
      const mark = { path, piece: `{${part.column}}` };
      model.file.report(
        "CONFIG_INVALID",
        mark,
        `{${part.column}} is a fact of the run, which no template can hold`,
        `give it a column of its own: {from: ${part.column}}`,
      );
    }
  }
};

function isFactName(name: string): boolean {
  return isMetadataField(name) || name.startsWith(PREVIOUS_PREFIX);
}

/** A mapping leaves at least one column, and one that is compared. */
export const columnsAreLeft: ModelRule = ({ model, written }) => {
  if (written.columns === undefined) return;
  const values = Object.values(written.columns).map(outputValue);
  if (values.length < (model.file.at(["columns"])?.children.size ?? 0)) return;
  if (values.every((value) => value === null || value.from === "metadata" || value.from === "previous")) {
    model.file.report(
      "CONFIG_INVALID",
      { path: ["columns"], at: "key" },
      "no column of the result is delivered",
      "name at least one, or take `columns` away to deliver all",
    );
  }
};

/** `_member` says something about audiences only; other names with an underscore are slips. */
export const metadataFits: ModelRule = ({ model, written }) => {
  for (const [name, column] of Object.entries(written.columns ?? {})) {
    const from = typeof column === "string" ? column : column?.from;
    if (from === undefined) continue;
    const path = typeof column === "string" ? ["columns", name] : ["columns", name, "from"];
    if (from === "_member" && written.audiences === undefined) {
      model.file.report("CONFIG_INVALID", { path }, "_member exists in audience models only", "use _change, or take the column away");
    } else if (from.startsWith("_") && !isFactName(from)) {
      const nearest = suggestName(from, METADATA_FIELDS);
      if (nearest?.startsWith("did") === true) model.file.warn({ path }, `${from} is read as a column of the result`, nearest);
    }
  }
};

/** Header names that differ only by case are one name to many readers. */
export const columnNamesDiffer: ModelRule = ({ model, written }) => {
  const seen = new Map<string, string>();
  for (const name of columnNames(model, written.columns ?? {})) {
    const twin = seen.get(name.toLowerCase());
    if (twin !== undefined)
      model.file.warn(
        { path: ["columns", name], at: "key" },
        `the columns "${twin}" and "${name}" differ only by case`,
        "many readers take them for one",
      );
    seen.set(name.toLowerCase(), name);
  }
};

/** What is ignored is an output that would otherwise be compared. */
export const ignoredColumnsExist: ModelRule = ({ model, written }) => {
  if (written.columns === undefined) return;
  const columns = written.columns;
  // What the rest of the columns are called is not known before the source is asked.
  if (Object.hasOwn(columns, REST)) return;
  const names = [...(model.file.at(["columns"])?.children.keys() ?? [])].filter((name) => columns[name] !== null);
  for (const [index, name] of written.ignore_changes_in.entries()) {
    const path = ["ignore_changes_in", index];
    if (!names.includes(name)) {
      model.file.report("CONFIG_UNKNOWN_NAME", { path }, `there is no output column "${name}"`, suggestName(name, names));
    } else if (["metadata", "previous"].includes(outputValue(columns[name] ?? null)?.from ?? "")) {
      model.file.warn({ path }, `"${name}" is a fact of the run and never compared`, "it need not stand here");
    }
  }
};

/** Without its key a partner cannot tell which row a line is about. */
export const keyIsDelivered: ModelRule = ({ model, written }) => {
  if (written.columns === undefined || Object.hasOwn(written.columns, REST)) return;
  const read = new Set<string>();
  for (const value of Object.values(written.columns).map(outputValue)) {
    if (value?.from === "column") read.add(value.column);
    if (value?.from === "template") for (const part of value.parts) if ("column" in part) read.add(part.column);
  }
  const missing = primaryKey(written).filter((column) => !read.has(column));
  if (missing.length > 0)
    model.file.warn(
      { path: ["columns"], at: "key" },
      `no output column holds the key column ${missing.join(", ")}`,
      "whoever reads the files cannot tell which row changed",
    );
};
