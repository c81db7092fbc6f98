import { SyncError } from "../../core/errors.ts";
import { suggestName } from "../suggest.ts";
import type { DbtManifest, DbtNode } from "./dbt-manifest.ts";

/**
 * The one model, seed or snapshot that a name means: `customers`, `package.customers`, `customers.v2`, a path of folders
 * (`package.marts.customers`) or dbt's unique id. A name without version means the latest.
 */
export function findDbtModel(manifest: DbtManifest, name: string): DbtNode {
  const found = latestOf(manifest.models.filter((node) => namesOf(node).includes(name)));
  const [only, second] = found;
  if (only === undefined) throw unknown(manifest, name);
  if (second !== undefined) {
    throw new SyncError("DBT_MODEL_UNKNOWN", `"${name}" means several dbt models: ${found.map((node) => node.unique_id).join(", ")}.`, {
      hint: `Say which: ${found.map(qualified).join(" or ")}.`,
    });
  }
  return only;
}

/** The table or view of a dbt model, as SQL names it; DBT_MODEL_WITHOUT_TABLE when dbt makes none of it. */
export function relationOf(node: DbtNode): string {
  const { relation_name: relation, config } = node;
  if (relation !== "" && config?.materialized !== "ephemeral") return relation;
  throw new SyncError(
    "DBT_MODEL_WITHOUT_TABLE",
    `dbt makes no table of ${qualified(node)}: it is ${config?.materialized ?? "no relation"}.`,
    {
      hint: "Materialize it as a table, view or incremental model in dbt, or take a model that is.",
    },
  );
}

/** Models that a choice means: a name as `findDbtModel` takes it, or `tag:NAME`. */
export function selectDbtModels(manifest: DbtManifest, choice: readonly string[]): readonly DbtNode[] {
  const chosen = choice.flatMap((one) =>
    one.startsWith("tag:") ? tagged(manifest, one.slice("tag:".length)) : [findDbtModel(manifest, one)],
  );
  return [...new Map(chosen.map((node) => [node.unique_id, node])).values()];
}

/** `package.name`, with the version where there is one. */
export function qualified(node: DbtNode): string {
  return `${node.package_name}.${node.name}${versionOf(node)}`;
}

function tagged(manifest: DbtManifest, tag: string): readonly DbtNode[] {
  const found = latestOf(manifest.models.filter(({ tags }) => tags.includes(tag)));
  if (found.length > 0) return found;
  const hint = suggestName(tag, new Set(manifest.models.flatMap(({ tags }) => tags)));
  throw new SyncError("DBT_MODEL_UNKNOWN", `No dbt model has the tag "${tag}".`, hint === null ? {} : { hint: `Tags: ${hint}` });
}

function namesOf(node: DbtNode): readonly string[] {
  const version = versionOf(node);
  const plain = [node.name, `${node.package_name}.${node.name}`];
  return [node.unique_id, node.fqn.join("."), ...plain, ...(version === "" ? [] : plain.map((name) => `${name}${version}`))];
}

function versionOf({ version }: DbtNode): string {
  return version === null || version === undefined ? "" : `.v${version}`;
}

/** Of several versions of one model that are meant alike, the latest alone. */
function latestOf(nodes: readonly DbtNode[]): readonly DbtNode[] {
  const isLatest = (node: DbtNode): boolean => String(node.version) === String(node.latest_version);
  return nodes.filter((node) => {
    const rivals = nodes.filter((other) => other.name === node.name && other.package_name === node.package_name);
    return rivals.length === 1 || isLatest(node) || !rivals.some(isLatest);
  });
}

function unknown(manifest: DbtManifest, name: string): SyncError {
  if (manifest.disabled.some((id) => id === name || id.endsWith(`.${name}`))) {
    return new SyncError("DBT_MODEL_UNKNOWN", `The dbt model "${name}" is switched off (enabled: false).`, {
      hint: "Switch it on in dbt, then `dbt parse`.",
    });
  }
  const hint = suggestName(
    name,
    manifest.models.map((node) => (name.includes(".") ? qualified(node) : node.name)),
  );
  return new SyncError("DBT_MODEL_UNKNOWN", `No dbt model is called "${name}".`, hint === null ? {} : { hint });
}
