import type { ConfigFile, KeyPath, Located } from "./config-file.ts";
import { isSecretKey } from "./hide-secrets.ts";
import { branchesOf, configJsonSchema, modelJsonSchema } from "./json-schema.ts";
import type { JsonSchema } from "./json-schema.ts";
import { streamName } from "./load-models.ts";
import { type LoadOptions, readProject } from "./load-project.ts";

/** One value that is in effect, and where it was written. */
export interface Setting {
  /** `config.yaml` by its path, or the name of a model. */
  readonly scope: string;
  /** Dotted path of keys. */
  readonly key: string;
  /** As in YAML; what may be a secret is hidden. */
  readonly value: string;
  /** `file:line`; null for a default of the format. */
  readonly origin: string | null;
}

const HIDDEN = "[hidden]";

/** Every value in effect: target, defaults and models laid over each other, and the format's own defaults. Throws as `loadProject` does. */
export async function readSettings(options: LoadOptions): Promise<readonly Setting[]> {
  const { config, models, dbtTables } = await readProject(options);
  const files = [
    { scope: config.file.display, file: config.file, schema: configJsonSchema() as JsonSchema, leftOut: ["targets"] },
    ...models.map((model) => ({ scope: streamName(model), file: model.file, schema: modelJsonSchema() as JsonSchema, leftOut: [] })),
  ];
  const settings = files.flatMap(({ scope, file, schema, leftOut }) => {
    const written = file.root === null ? [] : writtenValues(file.root, file, []);
    const all = [...written, ...defaultValues(schema, file.root, [])];
    return all.filter(({ path }) => !leftOut.includes(String(path[0]))).map((value) => setting(scope, value));
  });
  const tables = dbtTables.map(({ model, relation, origin }) => setting(streamName(model), { path: ["table"], value: relation, origin }));
  // What dbt's manifest says stands right below the name that it was asked for.
  return settings.flatMap((one) => (one.key === "table.dbt" ? [one, ...tables.filter(({ scope }) => scope === one.scope)] : [one]));
}

interface Value {
  readonly path: KeyPath;
  readonly value: unknown;
  readonly origin: string | null;
}

function setting(scope: string, { path, value, origin }: Value): Setting {
  // What lies below a secret's key is hidden with it, but for the name of the file that holds it.
  const isSecret = path.at(-1) !== "file" && path.some((key) => isSecretKey(String(key)));
  return { scope, key: path.join("."), value: isSecret ? HIDDEN : yamlOf(value), origin };
}

function yamlOf(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value);
  return /^[\w@%*./-][\w @%*./:=<>()'-]*$/.test(value) ? value : JSON.stringify(value);
}

function writtenValues(located: Located, file: ConfigFile, path: KeyPath): readonly Value[] {
  // A list of plain values stands on one line; one of mappings may hold secrets.
  if (
    [...located.children.values()].some(({ children }) => children.size > 0) ||
    (located.children.size > 0 && !Array.isArray(located.value))
  )
    return [...located.children].flatMap(([key, child]) => writtenValues(child, file, [...path, key]));
  const home = located.home ?? file;
  const offset = (located.keySpan ?? located.span).offset;
  return [{ path, value: located.text ?? located.value, origin: `${home.display}:${home.lineOf(offset)}` }];
}

/** What the schema gives keys that were not written. */
function defaultValues(schema: JsonSchema, located: Located | null, path: KeyPath): readonly Value[] {
  return branchesOf(schema, located?.value).flatMap((branch) => [
    ...Object.entries(branch.properties ?? {}).flatMap(([key, below]) => {
      const found = located?.children.get(key) ?? null;
      if (found !== null) return defaultValues(below, found, [...path, key]);
      if (below.default === undefined) return [];
      const isMapping = typeof below.default === "object" && below.default !== null && !Array.isArray(below.default);
      return isMapping ? defaultValues(below, null, [...path, key]) : [{ path: [...path, key], value: below.default, origin: null }];
    }),
    ...recordDefaults(branch, located, path),
  ]);
}

function recordDefaults(schema: JsonSchema, located: Located | null, path: KeyPath): readonly Value[] {
  const below = schema.additionalProperties;
  if (typeof below !== "object" || located === null) return [];
  return [...located.children].flatMap(([key, child]) => defaultValues(below, child, [...path, key]));
}
