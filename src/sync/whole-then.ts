import { join } from "node:path";
import { silentLog } from "../core/log.ts";
import type { Stream } from "../core/types.ts";
import type { Engine } from "../engine/open-engine.ts";
import type { WholeRows } from "../files/write-files.ts";
import { readCurrent } from "../state/current.ts";
import type { Plan } from "../state/documents.ts";
import { foldAll } from "./fold-all.ts";
import { storedHistory } from "./stored-history.ts";
import type { SyncDeps } from "./sync-deps.ts";

/**
 * The whole snapshot that a checkpoint carried, folded anew from the stored deltas that led to it. `lost`: one of them is missing or damaged. `unknown`: nothing is
 * stored from which they lead on, or a column's values were taken as told by a look that no delta tells of.
 */
export async function wholeThen(
  deps: SyncDeps,
  stream: Stream,
  plan: Plan,
  { session, folder }: { readonly session: Engine; readonly folder: string },
  signal: AbortSignal,
): Promise<WholeRows | "lost" | "unknown"> {
  const current = await readCurrent(deps.state, stream.name, signal);
  if (current === null) return "unknown";
  const then = { ...current, generation: plan.generation };
  const { chain, broken } = await storedHistory(deps, stream, then, session, signal, plan.run);
  if (chain === null) return broken.length > 0 ? "lost" : "unknown";
  const { layout } = plan;
  const outputs = layout.outputs.map(({ name }) => name);
  const files = [chain.start.file, ...chain.deltas.map(({ file }) => file)];
  if (outputs.some((name) => files.some((file) => !file.outputs.includes(name)))) return "unknown";
  const history = { layout, base: chain.start.file, log: files.slice(1), uncertain: [], rows: 0n };
  const folded = await foldAll({ deps: { ...deps, log: silentLog }, session, folder, signal }, stream, history, outputs);
  const path = join(folder, "whole.parquet");
  const { rows } = await deps.parts.foldBase(session, folded, path, signal);
  return { path, rows };
}
