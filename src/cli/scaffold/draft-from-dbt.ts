import { z } from "zod";
import { dbtKey } from "../../config/dbt/dbt-key.ts";
import type { DbtManifest, DbtNode } from "../../config/dbt/dbt-manifest.ts";
import { findDbtModel, qualified, relationOf } from "../../config/dbt/find-dbt-model.ts";
import { SyncError } from "../../core/errors.ts";
import type { Source } from "../../core/ports.ts";
import type { Column } from "../../core/types.ts";
import { draftKey } from "./draft-key.ts";
import type { DraftColumn, ModelDraft } from "./model-draft.ts";

const texts = z.union([z.string().transform((text) => [text]), z.array(z.string())]);

/** What `meta: {spillway: …}` of a dbt model may say. */
const metaSchema = z.strictObject({
  name: z.string().optional(),
  source: z.string().optional(),
  destination: z.string().optional(),
  primary_key: texts.optional(),
});

/** What a dbt model says of itself to this program. */
export type DbtWishes = z.output<typeof metaSchema>;

/** `meta: {spillway: …}` of a dbt model; USAGE names the key that does not fit. */
export function dbtWishes(node: DbtNode): DbtWishes {
  const parsed = metaSchema.safeParse(node.meta["spillway"] ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new SyncError(
    "USAGE",
    `meta.spillway of the dbt model ${qualified(node)}: ${[...(issue?.path ?? []), issue?.message ?? ""].join(" ")}.`,
    {
      hint: "It may have name, source, destination and primary_key.",
    },
  );
}

/** How a model of a dbt model is to be made. */
export interface DbtRequest {
  readonly node: DbtNode;
  readonly key: readonly string[];
  readonly name: string;
  readonly source: string;
  readonly destination: string;
  /** Whether config.yaml names this manifest, so that the model can. */
  readonly isConfigured: boolean;
}

/** A model of a dbt model: descriptions and key as dbt knows them, columns as the warehouse has them; `source` null asks no warehouse. */
export async function draftFromDbt(
  manifest: DbtManifest,
  source: Source | null,
  request: DbtRequest,
  signal: AbortSignal,
): Promise<ModelDraft> {
  const { node, key, name, destination, isConfigured } = request;
  const sql = `SELECT * FROM ${relationOf(node)}`;
  const columns = source === null ? null : await source.describe(sql, signal);
  const wished = dbtWishes(node).primary_key;
  const found = wished === undefined ? dbtKey(manifest, node) : { columns: wished, reason: "meta.spillway in dbt" };
  const chosen = draftKey(key, found, columns?.map((column) => column.name) ?? null, qualified(node));
  return {
    name,
    description: node.description,
    source: request.source,
    destination,
    rows: isConfigured ? { kind: "dbt", name: shortName(manifest, node) } : { kind: "query", sql },
    key: chosen.columns,
    keyReason: chosen.reason,
    columns: columns === null ? documented(node, chosen.columns) : described(columns, node),
    origin: `the dbt model ${qualified(node)}`,
  };
}

function described(columns: readonly Column[], node: DbtNode): readonly DraftColumn[] {
  const known = new Map(Object.values(node.columns).map((column) => [column.name.toLowerCase(), column.description]));
  return columns.map(({ name, type }) => ({ name, type, comment: known.get(name.toLowerCase()) ?? "" }));
}

/** Null where the documentation is visibly not all of it. */
function documented(node: DbtNode, key: readonly string[]): readonly DraftColumn[] | null {
  const columns = Object.values(node.columns).map(({ name, data_type: type, description }) => ({ name, type, comment: description }));
  return key.every((column) => columns.some(({ name }) => name === column)) ? columns : null;
}

/** The plain name where it means this model alone. */
function shortName(manifest: DbtManifest, node: DbtNode): string {
  try {
    return findDbtModel(manifest, node.name).unique_id === node.unique_id ? node.name : qualified(node);
  } catch {
    return qualified(node);
  }
}
