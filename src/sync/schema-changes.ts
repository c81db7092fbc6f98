import { z } from "zod";
import type { Layout } from "../core/delta.ts";

/** What of a stream's columns and mapping is not as it was when its rows were told. */
export interface SchemaChanges {
  /** Each difference, for people: names and types, no values. */
  readonly differences: readonly string[];
  /** Whether the files have other columns than before. */
  readonly headerDiffers: boolean;
  /** Places of the outputs that have no counterpart among those told: they are new, or are made in another way or of another type. */
  readonly adopted: readonly number[];
}

const mappingSchema = z.object({ outputs: z.array(z.tuple([z.string()], z.unknown())) });

/** Compares the layout of what was told with that of what is to be told; null when columns and mapping are the same. */
export function schemaChanges(told: Layout, now: Omit<Layout, "salt" | "changes" | "canonicalVersion">): SchemaChanges | null {
  const columns = columnDifferences(told.columns, now.columns);
  const outputs = outputDifferences(told, now);
  const retyped = new Set(columns.retyped);
  const before = mappingParts(told.mapping);
  const after = mappingParts(now.mapping);
  const adopted = now.outputs.flatMap((output, at) => {
    const known = told.outputs.find((each) => each.name === output.name);
    const made = after?.get(output.name);
    const stayed = known?.kind === output.kind && made !== undefined && made === before?.get(output.name) && !readsOne(made, retyped);
    return stayed ? [] : [at];
  });
  const remapped = [...(after?.entries() ?? [])]
    .filter(([name, made]) => before?.has(name) === true && before.get(name) !== made)
    .map(([name]) => `the mapping of ${name} changed`);
  const differences = [...columns.texts, ...outputs.texts, ...remapped];
  return differences.length === 0 ? null : { differences, headerDiffers: outputs.texts.length > 0, adopted };
}

function columnDifferences(
  told: Layout["columns"],
  now: Layout["columns"],
): { readonly texts: readonly string[]; readonly retyped: readonly string[] } {
  const before = new Map(told.map(({ name, type }) => [name, type]));
  const after = new Map(now.map(({ name, type }) => [name, type]));
  const retyped = now.filter(({ name, type }) => before.has(name) && before.get(name) !== type);
  return {
    texts: [
      ...now.filter(({ name }) => !before.has(name)).map(({ name, type }) => `column ${name} (${type}) is new`),
      ...told.filter(({ name }) => !after.has(name)).map(({ name }) => `column ${name} is gone`),
      ...retyped.map(({ name, type }) => `column ${name} is ${type}, was ${before.get(name) ?? ""}`),
    ],
    retyped: retyped.map(({ name }) => name),
  };
}

function outputDifferences(told: Pick<Layout, "outputs">, now: Pick<Layout, "outputs">): { readonly texts: readonly string[] } {
  const before = new Map(told.outputs.map(({ name, kind }) => [name, kind]));
  const after = new Map(now.outputs.map(({ name, kind }) => [name, kind]));
  return {
    texts: [
      ...now.outputs.filter(({ name }) => !before.has(name)).map(({ name }) => `output ${name} is new`),
      ...told.outputs.filter(({ name }) => !after.has(name)).map(({ name }) => `output ${name} is gone`),
    ],
  };
}

/** What each output is made of, as text; null for a mapping that this version does not read. */
function mappingParts(text: string): ReadonlyMap<string, string> | null {
  const parsed = mappingSchema.safeParse(jsonOf(text));
  return parsed.success ? new Map(parsed.data.outputs.map((output) => [output[0], JSON.stringify(output)])) : null;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Whether an output's text names one of the columns, as a column that it reads. */
function readsOne(made: string, names: ReadonlySet<string>): boolean {
  return [...names].some((name) => made.includes(`"column",${JSON.stringify(name)}`) || made.includes(`"column":${JSON.stringify(name)}`));
}
