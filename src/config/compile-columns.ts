import { dirname, resolve } from "node:path";
import { METADATA_FIELDS, PLAIN_FUNCTIONS, PREVIOUS_PREFIX } from "../core/types.ts";
import type { ColumnStep, MetadataField, OutputColumn, OutputValue, PlainFunction } from "../core/types.ts";
import { absoluteSecrets } from "./absolute-secrets.ts";
import type { PathBase } from "./adapters.ts";
import type { WrittenColumn, WrittenFunction } from "./column-schema.ts";
import { parseColumnTemplate } from "./column-template.ts";
import type { ModelFile } from "./load-models.ts";
import type { WrittenModel } from "./model-schema.ts";

/** The column that stands for all that are not named, and what it reads. */
export const REST = "*";

/** Output columns in the order of the file; null when the model delivers its result as it is. Rules have checked each of them. */
export function compileColumns(model: ModelFile, columns: WrittenModel["columns"]): readonly OutputColumn[] | null {
  if (columns === undefined) return null;
  const folder = dirname(model.file.path);
  const base = { folder, resolve: (path: string): string => resolve(folder, path) };
  const names = columnNames(model, columns);
  const dropped = names.filter((name) => columns[name] === null);
  return names.flatMap((name): OutputColumn[] => {
    const written = columns[name] ?? null;
    const value = outputValue(written);
    if (value === null) return [];
    if (value.from === "rest") return [{ name, value: { from: "rest", dropped } }];
    const steps = columnSteps(written, base);
    return [{ name, value, ...(steps.length === 0 ? {} : { steps }) }];
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
  if (column === REST) return { from: "rest" };
  if (column.startsWith(PREVIOUS_PREFIX)) return { from: "previous", output: column.slice(PREVIOUS_PREFIX.length) };
  return isMetadataField(column) ? { from: "metadata", field: column } : { from: "column", column };
}

/** Whether a name is that of a fact of the run. */
export function isMetadataField(name: string): name is MetadataField {
  return METADATA_FIELDS.some((field) => field === name);
}

/** What is done to a column's text, in the one order that steps have, however they were written. */
function columnSteps(written: WrittenColumn, base: PathBase): readonly ColumnStep[] {
  if (written === null || typeof written === "string") return [];
  const { path, format, apply = [], map, default: otherwise } = written;
  const steps: ColumnStep[] = [];
  if (path !== undefined) steps.push({ step: "path", path });
  if (format !== undefined) steps.push({ step: "format", format });
  for (const one of apply) steps.push(...applyStep(one, base));
  if (map !== undefined || otherwise !== undefined) {
    steps.push({ step: "map", entries: Object.entries(map ?? {}), ...(otherwise === undefined ? {} : { otherwise }) });
  }
  return steps;
}

function applyStep(written: WrittenFunction, base: PathBase): readonly ColumnStep[] {
  if (typeof written === "string") return bareStep(written);
  const { e164, left, right, mask, null_if: nullIf, coalesce, email, hmac_sha256: secret } = written;
  if (e164 !== undefined) return [{ step: "apply", name: "e164", country: e164 }];
  if (left !== undefined) return [{ step: "apply", name: "left", count: left }];
  if (right !== undefined) return [{ step: "apply", name: "right", count: right }];
  if (mask !== undefined) return [{ step: "apply", name: "mask", count: mask }];
  if (nullIf !== undefined) return [{ step: "apply", name: "null_if", text: nullIf }];
  if (coalesce !== undefined) return [{ step: "apply", name: "coalesce", text: coalesce }];
  if (email !== undefined) return [{ step: "apply", name: "email", rules: email }];
  return secret === undefined ? [] : [{ step: "apply", name: "hmac_sha256", secret: absoluteSecrets(secret, base) }];
}

function bareStep(name: string): readonly ColumnStep[] {
  if (name === "mask") return [{ step: "apply", name, count: 0 }];
  if (name === "email") return [{ step: "apply", name, rules: "plain" }];
  return isPlainFunction(name) ? [{ step: "apply", name }] : [];
}

function isPlainFunction(name: string): name is PlainFunction {
  return PLAIN_FUNCTIONS.some((known) => known === name);
}
