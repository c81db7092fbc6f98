import { readFile } from "node:fs/promises";
import { z } from "zod";
import { SyncError } from "../../core/errors.ts";

/** The oldest format that is read: dbt 1.5, the first that knows constraints and versions of models. */
const OLDEST = 9;

// Writers of manifests differ in what they leave out and what they call null.
const maybeText = z.string().nullish().transform(orElse(""));
// A node's config takes keys of anybody's, which may be of any type.
const ownText = z
  .unknown()
  .optional()
  .transform((value) => (typeof value === "string" ? value : ""));
const texts = z.array(z.string()).nullish().transform(orElse<readonly string[]>([]));

const constraints = z
  .array(z.object({ type: z.string(), columns: texts }))
  .nullish()
  .transform(orElse<readonly { readonly type: string; readonly columns: readonly string[] }[]>([]));

const columnSchema = z.object({ name: z.string(), description: maybeText, data_type: maybeText, constraints });

const nodeSchema = z.object({
  unique_id: z.string(),
  resource_type: z.string(),
  name: z.string(),
  package_name: z.string(),
  fqn: texts,
  relation_name: maybeText,
  description: maybeText,
  columns: z.record(z.string(), columnSchema).nullish().transform(orElse<Readonly<Record<string, z.output<typeof columnSchema>>>>({})),
  tags: texts,
  meta: z.record(z.string(), z.unknown()).nullish().transform(orElse<Readonly<Record<string, unknown>>>({})),
  config: z.object({ materialized: ownText, where: ownText, severity: ownText }).optional(),
  constraints,
  primary_key: texts,
  version: z.union([z.string(), z.number()]).nullish(),
  latest_version: z.union([z.string(), z.number()]).nullish(),
  column_name: maybeText,
  attached_node: maybeText,
  depends_on: z.object({ nodes: texts }).optional(),
  test_metadata: z.object({ name: z.string(), kwargs: z.record(z.string(), z.unknown()).default({}) }).nullish(),
});

const headSchema = z.object({
  metadata: z.object({ dbt_schema_version: z.string(), dbt_version: z.string().default("?") }),
  nodes: z.record(z.string(), z.unknown()),
  disabled: z.record(z.string(), z.unknown()).nullish(),
});

/** A model, seed, snapshot or test of a dbt project, as far as it is used here. */
export type DbtNode = z.output<typeof nodeSchema>;

/** What dbt wrote of a project. */
export interface DbtManifest {
  /** Absolute path. */
  readonly path: string;
  /** Models, seeds and snapshots: what can be a table. */
  readonly models: readonly DbtNode[];
  readonly tests: readonly DbtNode[];
  /** Unique ids of what is switched off. */
  readonly disabled: readonly string[];
}

const TABLES = new Set(["model", "seed", "snapshot"]);

/** Reads dbt's manifest.json; DBT_MANIFEST_UNREADABLE says what is wrong with it, and never what stands in it. */
export async function readManifest(path: string, signal: AbortSignal): Promise<DbtManifest> {
  const head = headSchema.safeParse(await readJson(path, signal));
  if (!head.success) throw unreadable(path, "it is no manifest of dbt", "Name target/manifest.json of the dbt project.");
  const { metadata, nodes, disabled } = head.data;
  const version = Number(/\/manifest\/v(\d+)\.json$/.exec(metadata.dbt_schema_version)?.[1] ?? 0);
  if (version < OLDEST) {
    const which = `it was written by dbt ${metadata.dbt_version} in format v${version}, and v${OLDEST} (dbt 1.5) is the oldest that is read`;
    throw unreadable(path, which, "Run `dbt parse` with dbt 1.5 or newer.");
  }
  const parsed = Object.values(nodes).map((node) => nodeSchema.safeParse(node));
  if (parsed.some(({ success }) => !success)) {
    throw unreadable(path, "it holds nodes of a form that is not known", "Run `dbt parse` to write it anew.");
  }
  const known = parsed.flatMap(({ data }) => (data === undefined ? [] : [data]));
  return {
    path,
    models: known.filter(({ resource_type: type }) => TABLES.has(type)),
    tests: known.filter((node) => node.test_metadata !== null && node.test_metadata !== undefined),
    disabled: Object.keys(disabled ?? {}),
  };
}

async function readJson(path: string, signal: AbortSignal): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, { encoding: "utf8", signal });
  } catch (error) {
    signal.throwIfAborted();
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    const why = code === "ENOENT" || code === "ENOTDIR" ? "it does not exist" : `it cannot be read (${code})`;
    throw unreadable(path, why, "Run `dbt parse`, or correct the path; a relative one starts at config.yaml.");
  }
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable(path, "it is no JSON", "Run `dbt parse` to write it anew; a file that dbt is writing is whole a moment later.");
  }
}

function unreadable(path: string, why: string, hint: string): SyncError {
  return new SyncError("DBT_MANIFEST_UNREADABLE", `dbt's manifest ${path}: ${why}.`, { hint });
}

function orElse<Value>(fallback: Value): (value: Value | null | undefined) => Value {
  return (value) => value ?? fallback;
}
