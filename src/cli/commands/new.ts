import { mkdir, writeFile } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { type DbtManifest, readManifest } from "../../config/dbt/dbt-manifest.ts";
import { selectDbtModels } from "../../config/dbt/find-dbt-model.ts";
import { type Connections, loadConnections } from "../../config/load-connections.ts";
import { SyncError } from "../../core/errors.ts";
import { counted } from "../../core/readable.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { dbtWishes, draftFromDbt } from "../scaffold/draft-from-dbt.ts";
import { draftFromTable } from "../scaffold/draft-from-table.ts";
import type { ModelDraft } from "../scaffold/model-draft.ts";
import { modelPlace } from "../scaffold/model-place.ts";
import { modelText } from "../scaffold/model-text.ts";
import { OpenSources } from "../scaffold/open-sources.ts";
import { modelName, pickOne } from "../scaffold/pick-names.ts";

/** What `sync new` was asked for; null and empty: it is to be found out. */
export interface NewOptions {
  readonly table: string | null;
  readonly source: string | null;
  readonly destination: string | null;
  readonly key: readonly string[];
  readonly name: string | null;
  /** A manifest of dbt; models are then made of what `select` chooses in it. */
  readonly dbt: string | null;
  readonly select: readonly string[];
  /** Ask no warehouse: columns are what dbt documents. */
  readonly offline: boolean;
  readonly out: string | null;
  readonly dryRun: boolean;
  readonly force: boolean;
}

interface WrittenModel {
  readonly draft: ModelDraft;
  readonly path: string;
  readonly text: string;
}

/** Writes model files from a table of a source or from models of a dbt project. Nothing is written before all of it can be. */
export async function newModels(options: NewOptions, context: CommandContext): Promise<CommandOutcome> {
  const { host, globals, signal } = context;
  const load = { configFile: globals.configFile, env: host.env, cwd: host.cwd, target: globals.target, signal };
  const connections = await loadConnections(load);
  refuseMisfits(options);
  const drafts = await makeDrafts(options, connections, context);
  const [twice] = drafts.filter(({ name }, at) => drafts.findIndex((other) => other.name === name) !== at);
  if (twice !== undefined) {
    throw new SyncError("USAGE", `Two of the chosen models would be called ${twice.name}.`, { hint: "Make them one by one, with --name." });
  }
  if (options.out !== null && /\.ya?ml$/i.test(options.out) && drafts.length > 1) {
    throw new SyncError("USAGE", `--out names one file, and ${drafts.length} models were chosen.`, { hint: "Name a folder." });
  }
  const models: WrittenModel[] = [];
  for (const draft of drafts) models.push(await written(draft, options, connections, context));
  if (!options.dryRun) for (const model of models) await write(model, options.force);
  return outcome(models, options, context);
}

function refuseMisfits({ table, dbt, select, name, offline }: NewOptions): void {
  const isDbt = dbt !== null || select.length > 0;
  const misfit = (what: string, hint: string): SyncError => new SyncError("USAGE", what, { hint });
  if (table !== null && isDbt)
    throw misfit("A model is made of a table or of dbt, not of both.", "Take --table away, or --dbt and --select.");
  if (dbt !== null && select.length === 0) throw misfit("--dbt needs to know which models.", "--select customers, or --select tag:partner");
  if (name !== null && select.length > 1) throw misfit("--name names one model, and several are chosen.", "Make them one by one.");
  if (offline && !isDbt) throw misfit("Without the warehouse nothing is known of a table.", "Take --offline away; it goes with --dbt.");
}

async function makeDrafts(options: NewOptions, connections: Connections, context: CommandContext): Promise<readonly ModelDraft[]> {
  await using sources = new OpenSources(connections);
  if (options.dbt === null && options.select.length === 0) return [await ofTable(options, connections, sources, context)];
  const { host, signal } = context;
  const path = options.dbt === null ? connections.dbtManifest : resolve(host.cwd, options.dbt);
  if (path === null) {
    throw new SyncError("USAGE", "--select chooses models of dbt, and nothing says where its manifest is.", {
      hint: "--dbt target/manifest.json, or `dbt: {manifest: …}` in config.yaml",
    });
  }
  const manifest = await readManifest(path, signal);
  return await ofDbt(manifest, options, connections, sources, signal);
}

async function ofTable(options: NewOptions, connections: Connections, sources: OpenSources, context: CommandContext): Promise<ModelDraft> {
  const { signal } = context;
  const spec = pickOne(
    "source",
    options.source,
    connections.sources.map(({ name }) => name),
  );
  const destination = pickOne("destination", options.destination, connections.destinations);
  const source = await sources.open(spec, signal);
  if (options.table === null) {
    const tables = (await source.catalog?.list(signal)) ?? [];
    const known = tables.length === 0 ? "" : ` ${spec} has ${tables.slice(0, 20).join(", ")}${tables.length > 20 ? ", …" : ""}.`;
    throw new SyncError("USAGE", `Which table is the model to be made of?${known}`, {
      hint: `${context.host.name} new --table ${tables[0] ?? "NAME"}`,
    });
  }
  const name = modelName(options.name ?? options.table.split(".").at(-1) ?? "", options.name !== null);
  return await draftFromTable(source, { table: options.table, key: options.key, name, source: spec, destination }, signal);
}

async function ofDbt(
  manifest: DbtManifest,
  options: NewOptions,
  connections: Connections,
  sources: OpenSources,
  signal: AbortSignal,
): Promise<readonly ModelDraft[]> {
  const nodes = selectDbtModels(manifest, options.select);
  if (options.name !== null && nodes.length > 1) {
    throw new SyncError("USAGE", `--name names one model, and ${nodes.length} were chosen.`, { hint: "Make them one by one." });
  }
  const drafts: ModelDraft[] = [];
  for (const node of nodes) {
    const wishes = dbtWishes(node);
    const source = pickOne(
      "source",
      options.source ?? wishes.source ?? null,
      connections.sources.map(({ name }) => name),
    );
    const destination = pickOne("destination", options.destination ?? wishes.destination ?? null, connections.destinations);
    const asked = options.name ?? wishes.name ?? null;
    const name = modelName(asked ?? node.name, asked !== null);
    const isConfigured = connections.dbtManifest === manifest.path;
    const opened = options.offline ? null : await sources.open(source, signal);
    drafts.push(await draftFromDbt(manifest, opened, { node, key: options.key, name, source, destination, isConfigured }, signal));
  }
  return drafts;
}

async function written(
  draft: ModelDraft,
  { out, force, dryRun }: NewOptions,
  connections: Connections,
  { host, signal }: CommandContext,
): Promise<WrittenModel> {
  const taking = dryRun ? "show" : force ? "replace" : "new";
  const { path, schema } = await modelPlace(
    draft.name,
    taking,
    { ...connections, out: out === null ? null : resolve(host.cwd, out) },
    signal,
  );
  return { draft, path, text: modelText(draft, schema) };
}

async function write({ path, text }: WrittenModel, force: boolean): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text, { flag: force ? "w" : "wx" });
}

function outcome(models: readonly WrittenModel[], { dryRun }: NewOptions, { host, paint }: CommandContext): CommandOutcome {
  const shown = (path: string): string => relative(host.cwd, path) || path;
  const data = models.map(({ draft, path, text }) => ({
    model: draft.name,
    path,
    source: draft.source,
    destination: draft.destination,
    primaryKey: draft.key,
    keyReason: draft.keyReason,
    columns: draft.columns?.map(({ name, type }) => ({ name, type })) ?? null,
    text,
  }));
  if (dryRun) return { data: { written: false, models: data }, text: models.map(({ text }) => text.trimEnd()).join("\n---\n") };
  const lines = models.map(({ draft, path }) => {
    const columns = draft.columns === null ? "all columns" : counted(draft.columns.length, "column");
    return `  ${paint.added("+")} ${shown(path)}  ${columns}, key ${draft.key.join(", ")} (${draft.keyReason})`;
  });
  const names = models.map(({ draft }) => draft.name).join(" ");
  const dbt = models.some(({ draft }) => draft.rows.kind === "query")
    ? ["", "With `dbt: {manifest: …}` in config.yaml, such a model says `table: {dbt: NAME}` and follows dbt's schemas and targets."]
    : [];
  const next = ["", "Next:", `  ${host.name} preview -m ${names} --limit 3`, `  ${host.name} plan -m ${names}`];
  return { data: { written: true, models: data }, text: [...lines, ...dbt, ...next].join("\n") };
}
