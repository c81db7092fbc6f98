import { z } from "zod";
import { configSchema } from "./config-schema.ts";
import { modelSchema } from "./model-schema.ts";

/** A JSON schema as far as this project reads one. */
export interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly const?: unknown;
  readonly default?: unknown;
}

/** JSON schema (draft 7) of config.yaml, for editors. */
export function configJsonSchema(): Record<string, unknown> {
  return toJsonSchema(configSchema, "Spillway config.yaml");
}

/** JSON schema (draft 7) of a model file, for editors. */
export function modelJsonSchema(): Record<string, unknown> {
  return toJsonSchema(modelSchema, "Spillway model");
}

function toJsonSchema(schema: z.ZodType, title: string): Record<string, unknown> {
  return { title, ...z.toJSONSchema(schema, { io: "input", target: "draft-7" }) };
}

/** The keys that a mapping at this path may have; in a union, those of the branch that `type` picks, else of all. */
export function keysAt(schema: JsonSchema, path: readonly (string | number)[], value: unknown): readonly string[] {
  let schemas: readonly JsonSchema[] = branchesOf(schema, value);
  let here = value;
  for (const key of path) {
    here = typeof here === "object" && here !== null ? Reflect.get(here, key) : undefined;
    schemas = schemas.flatMap((branch) => below(branch, key)).flatMap((branch) => branchesOf(branch, here));
  }
  return [...new Set(schemas.flatMap((branch) => Object.keys(branch.properties ?? {})))];
}

function below(schema: JsonSchema, key: string | number): readonly JsonSchema[] {
  if (typeof key === "number") return schema.items === undefined ? [] : [schema.items];
  const named = schema.properties?.[key];
  if (named !== undefined) return [named];
  return typeof schema.additionalProperties === "object" ? [schema.additionalProperties] : [];
}

/** The branches of a union that a value can mean: the one that its `type` picks, or all of them. */
export function branchesOf(schema: JsonSchema, value: unknown): readonly JsonSchema[] {
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches === undefined) return [schema];
  const type: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "type") : undefined;
  const all = branches.flatMap((branch) => branchesOf(branch, value));
  const picked = all.filter((branch) => type !== undefined && branch.properties?.["type"]?.const === type);
  return picked.length > 0 ? picked : all;
}
