import { join } from "node:path";
import type { Snapshot } from "../core/delta.ts";
import { failpoint } from "../core/failpoint.ts";
import { swapCurrent } from "../state/current.ts";
import type { Current, FileRef } from "../state/documents.ts";
import { keepCopy, publishFile } from "../state/state-files.ts";
import { loadSnapshot } from "./load-snapshot.ts";
import { mustReadCurrent } from "./open-stream.ts";
import { cacheFolder, type RunContext } from "./run-context.ts";
import { smallCount } from "./run-report.ts";
import { dropStaging, keptFiles, openStaging } from "./stage-folder.ts";

/** The log may grow to this share of the base before it is folded into a new one. */
const LOG_SHARE = 0.2;

/** Whether a snapshot's log should be folded into a new base. */
function foldIsDue(current: Current): boolean {
  if (current.log.length === 0) return current.base !== null && (current.rows === null || outgrows(current, current.base));
  if (current.base === null || current.rows === null) return true;
  const bytes = current.log.reduce((sum, file) => sum + file.size, 0);
  return bytes > current.base.size * LOG_SHARE;
}

/** The first delta of an event table holds all of it, and only its end is remembered. */
function outgrows({ watermark }: Current, base: FileRef): boolean {
  return watermark !== undefined && base.key.includes("/log/");
}

/** Folds base and log into a new base: the same table at the same generation, with less to read. Does nothing when it is not due. */
export async function foldWhenDue(context: RunContext, read: Current, signal: AbortSignal): Promise<Current> {
  return await foldIf(foldIsDue, context, read, signal);
}

/** Folds whatever log there is into a new base, due or not. */
export async function foldLog(context: RunContext, read: Current, signal: AbortSignal): Promise<Current> {
  return await foldIf((current) => current.log.length > 0, context, read, signal);
}

async function foldIf(wanted: (current: Current) => boolean, context: RunContext, read: Current, signal: AbortSignal): Promise<Current> {
  if (!wanted(read)) return read;
  const { current, snapshot } = await loadSnapshot(context, read, signal);
  if (snapshot === null || !wanted(current)) return current;
  try {
    return await fold(context, current, snapshot, signal);
  } finally {
    await dropStaging(context, new AbortController().signal);
  }
}

async function fold(context: RunContext, current: Current, snapshot: Snapshot, signal: AbortSignal): Promise<Current> {
  const { deps, state, stream, keys, run } = context;
  const staging = await openStaging(context, current, signal);
  const path = join(staging.path, "base.parquet");
  await using engine = await deps.openEngine(signal);
  const { rows } = await deps.parts.foldBase(engine, snapshot, path, signal);
  const outputs = (current.layout?.outputs ?? []).map((output) => output.name);
  const base = await publishFile(state, path, keys.base(current.generation, run), outputs, signal);
  await keepCopy(state, path, base.sha256, cacheFolder(context));
  await failpoint("fold.written");
  const at = deps.clock.now().toISOString();
  const next: Current = { ...current, seq: current.seq + 1, run, at, reason: "folded", base, log: [], rows: smallCount(rows) };
  if ((await swapCurrent(state, stream.name, current.seq, next, signal)) === "swapped") {
    await failpoint("fold.swapped");
    return next;
  }
  return await dropUnnamed(context, base.key, signal);
}

/** A swap that lost may still have stood for a moment: its file goes only when the highest CURRENT lacks it. */
export async function dropUnnamed(context: RunContext, key: string, signal: AbortSignal): Promise<Current> {
  const current = await mustReadCurrent(context, signal);
  if (!keptFiles(current).some((file) => file.key === key)) await context.state.delete(key, signal);
  return current;
}
