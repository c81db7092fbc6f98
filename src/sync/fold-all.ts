import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Snapshot } from "../core/delta.ts";
import type { SqlSession } from "../core/ports.ts";
import { counted } from "../core/readable.ts";
import type { Stream } from "../core/types.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** Files that one fold reads: more would only make the engine plan longer. */
const BATCH = 50;

/** What a fold of a long history works with. */
export interface Folding {
  readonly deps: SyncDeps;
  readonly session: SqlSession;
  /** A folder for bases in between. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** Folds a few deltas at a time into a base beside: the engine's memory and plans stay small however long the log is. The last few are left as the log. */
export async function foldAll(
  { deps, session, folder, signal }: Folding,
  stream: Stream,
  whole: Snapshot,
  outputs: readonly string[],
): Promise<Snapshot> {
  const layout = { ...whole.layout, outputs: whole.layout.outputs.filter(({ name }) => outputs.includes(name)) };
  let { base } = whole;
  let at = 0;
  const total = whole.log.length;
  const told = { stream: stream.name, model: stream.model, generation: null, run: deps.newRunId(), phase: "snapshot" } as const;
  deps.log.phase({ ...told, state: "started" });
  while (total - at > BATCH) {
    const log = whole.log.slice(at, at + BATCH);
    const path = join(folder, `${at}.parquet`);
    await deps.parts.foldBase(session, { ...whole, layout, base, log }, path, signal);
    if (at > 0 && base !== null) await rm(base.path, { force: true });
    base = { path, outputs };
    at += BATCH;
    deps.log.phase({ ...told, state: "progress", done: at, total });
  }
  deps.log.phase({ ...told, state: "done", detail: `${counted(total, "stored delta")} folded` });
  return { ...whole, layout, base, log: whole.log.slice(at) };
}
