import { stat } from "node:fs/promises";
import { basename, dirname, extname, join, relative, resolve, sep } from "node:path";
import type { Connections } from "../../config/load-connections.ts";
import { findModels } from "../../config/load-models.ts";
import { SyncError } from "../../core/errors.ts";
import { fileExists } from "../demo-warehouse.ts";

/** Where a new model goes, and the schema that editors find from there. */
export interface ModelPlace {
  readonly path: string;
  /** Relative to the model, with `/`; null where the project has no copy. */
  readonly schema: string | null;
}

/** How a model may take its place: `show` takes none. */
export type Taking = "new" | "replace" | "show";

/** Finds the place of a new model; MODEL_EXISTS when a model has that name, unless it is the very file and may be replaced. */
export async function modelPlace(
  name: string,
  taking: Taking,
  { root, modelsFolder, out }: Pick<Connections, "root" | "modelsFolder"> & { readonly out: string | null },
  signal: AbortSignal,
): Promise<ModelPlace> {
  const path = await target(name, out ?? modelsFolder);
  if (taking !== "show") await refuseTaken(path, taking, modelsFolder, signal);
  const schema = join(root, "schema", "model.schema.json");
  return { path, schema: (await fileExists(schema)) ? relative(dirname(path), schema).split(sep).join("/") : null };
}

async function refuseTaken(path: string, taking: Taking, modelsFolder: string, signal: AbortSignal): Promise<void> {
  const { paths } = await findModels(modelsFolder, signal);
  const twin = paths.find((each) => basename(each, extname(each)) === basename(path, extname(path)) && resolve(each) !== path);
  if (twin !== undefined) throw exists(twin, "Give another name: --name NAME.");
  if (taking === "new" && (await fileExists(path))) throw exists(path, "Give another name with --name, or write it anew with --force.");
}

/** `--out` names a file, or a folder that is there. */
async function target(name: string, where: string): Promise<string> {
  if (/\.ya?ml$/i.test(where)) return where;
  const facts = await stat(where).catch(() => null);
  if (facts === null || facts.isDirectory()) return join(where, `${name}.yaml`);
  throw new SyncError("USAGE", `${where} is neither a folder nor a .yaml file.`, { hint: "Name one of them with --out." });
}

function exists(path: string, hint: string): SyncError {
  return new SyncError("MODEL_EXISTS", `The model ${path} is there already.`, { hint });
}
