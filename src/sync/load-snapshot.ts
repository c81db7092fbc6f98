import type { Snapshot, SnapshotFile } from "../core/delta.ts";
import type { Current, FileRef } from "../state/documents.ts";
import { localFile } from "../state/state-files.ts";
import { damaged } from "../state/state-store.ts";
import { rememberedBy } from "./event-window.ts";
import { mustReadCurrent } from "./open-stream.ts";
import { cacheFolder, type RunContext } from "./run-context.ts";

/** A snapshot and the CURRENT that names it. */
export interface LoadedSnapshot {
  readonly current: Current;
  /** null: nothing was ever told. */
  readonly snapshot: Snapshot | null;
}

/**
 * The snapshot that CURRENT names, every file checked. A file that is gone may have been folded away by another host: only when
 * CURRENT still names it is the state damaged.
 */
export async function loadSnapshot(context: RunContext, read: Current, signal: AbortSignal): Promise<LoadedSnapshot> {
  let current = read;
  for (;;) {
    const files = await checkFiles(context, current, signal);
    if ("layout" in files) return { current, snapshot: files };
    if (files.missing === null) return { current, snapshot: null };
    const now = await mustReadCurrent(context, signal);
    if (now.seq === current.seq) throw damaged(files.missing, "is missing");
    current = now;
  }
}

async function checkFiles(
  context: RunContext,
  current: Current,
  signal: AbortSignal,
): Promise<Snapshot | { readonly missing: string | null }> {
  const { layout } = current;
  if (layout === null) return { missing: null };
  const groups: SnapshotFile[][] = [];
  for (const refs of [current.base === null ? [] : [current.base], current.log, current.uncertain]) {
    const files: SnapshotFile[] = [];
    for (const ref of refs) {
      const file = await checkedFile(context, ref, signal);
      if (file === null) return { missing: ref.key };
      files.push(file);
    }
    groups.push(files);
  }
  const [[base] = [], log = [], uncertain = []] = groups;
  return { layout, base: base ?? null, log, uncertain, rows: BigInt(current.rows ?? 0), ...rememberedBy(current) };
}

async function checkedFile(context: RunContext, ref: FileRef, signal: AbortSignal): Promise<SnapshotFile | null> {
  const path = await localFile(context.state, ref, cacheFolder(context), signal);
  return path === null ? null : { path, outputs: ref.outputs };
}
