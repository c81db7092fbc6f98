import type { Snapshot, SnapshotFile } from "../core/delta.ts";
import type { Stream } from "../core/types.ts";
import { compareSnapshots, lastToldIn, type TableDifference } from "../diffing/compare-snapshots.ts";
import type { Current } from "../state/documents.ts";
import { rememberedBy } from "./event-window.ts";
import { foldAll, type Folding } from "./fold-all.ts";
import { withScratchFolder } from "./scratch-folder.ts";
import { namedFiles } from "./stage-folder.ts";
import { type BrokenHistory, storedHistory, type StoredHistory, wholeFile } from "./stored-history.ts";
import type { SyncDeps } from "./sync-deps.ts";

const SHOWN = 5;

/** What folding the stored deltas came to. */
export interface FoldVerification {
  /** `not_checked`: no table is stored from which the deltas lead on to the snapshot. */
  readonly status: "same" | "differs" | "not_checked";
  /** The generation whose whole table the fold began with, and whether that was its delta or a folded base. */
  readonly from: { readonly generation: number; readonly by: "delta" | "base" } | null;
  /** Deltas that were folded. */
  readonly deltas: number;
  readonly difference: TableDifference | null;
  /** Generations that told the differing rows last, newest first, with how many of them. */
  readonly toldIn: readonly { readonly generation: number; readonly rows: bigint }[];
  /** Columns that came or went on the way, so that old deltas say nothing of them. */
  readonly notCompared: readonly string[];
  readonly broken: readonly BrokenHistory[];
}

/** Folds the stored deltas, from the oldest table that still matters, and compares the result with the snapshot, row by row. */
export async function verifyFold(deps: SyncDeps, stream: Stream, current: Current, signal: AbortSignal): Promise<FoldVerification> {
  await using session = await deps.openEngine(signal);
  const history = await storedHistory(deps, stream, current, session, signal);
  const snapshot = await snapshotOf(deps, stream, current, signal);
  const { chain, broken } = history;
  if (chain === null || snapshot === null) {
    return { status: "not_checked", from: null, deltas: 0, difference: null, toldIn: [], notCompared: [], broken };
  }
  const work = (folder: string): Promise<Omit<FoldVerification, "broken">> =>
    compared({ deps, session, folder, signal }, stream, snapshot, chain);
  return { ...(await withScratchFolder(deps, "verify", work)), broken };
}

/** The snapshot that CURRENT names; null when one of its files is not whole, which is told elsewhere. */
async function snapshotOf(deps: SyncDeps, stream: Stream, current: Current, signal: AbortSignal): Promise<Snapshot | null> {
  const { layout, base, log } = current;
  if (layout === null) return null;
  const paths = new Map<string, SnapshotFile>();
  for (const ref of namedFiles(current)) {
    const found = await wholeFile(deps, stream, ref, signal);
    if (found === "missing" || found === "other") return null;
    paths.set(ref.key, { path: found.path, outputs: ref.outputs });
  }
  const files = log.flatMap((ref) => paths.get(ref.key) ?? []);
  const kept = base === null ? null : (paths.get(base.key) ?? null);
  return { layout, base: kept, log: files, uncertain: [], rows: BigInt(current.rows ?? 0), ...rememberedBy(current) };
}

async function compared(
  folding: Folding,
  stream: Stream,
  snapshot: Snapshot,
  { start, deltas }: NonNullable<StoredHistory["chain"]>,
): Promise<Omit<FoldVerification, "broken">> {
  const { session, signal } = folding;
  const files = [start.file, ...deltas.map(({ file }) => file)];
  const names = snapshot.layout.outputs.map(({ name }) => name);
  const { remembered, ...everything } = snapshot;
  const comparable = names.filter((name) => name !== remembered?.output && files.every(({ outputs }) => outputs.includes(name)));
  const folded = await foldAll(folding, stream, { ...everything, base: start.file, log: deltas.map(({ file }) => file) }, comparable);
  const found = await compareSnapshots(session, snapshot, folded, comparable, signal);
  // Of an event table the deltas tell every row, and the snapshot remembers the last ones.
  const difference = remembered === undefined ? found : { ...found, onlyRight: 0n };
  const isSame = difference.onlyLeft + difference.onlyRight + difference.different === 0n;
  return {
    status: isSame ? "same" : "differs",
    from: { generation: start.generation, by: start.by },
    deltas: deltas.length,
    difference,
    toldIn: isSame ? [] : await toldIn(folding, snapshot, [{ generation: start.generation, file: start.file }, ...deltas.map(asTold)]),
    notCompared: names.filter((name) => !comparable.includes(name)),
  };
}

function asTold({ plan, file }: NonNullable<StoredHistory["chain"]>["deltas"][number]): {
  readonly generation: number;
  readonly file: SnapshotFile;
} {
  return { generation: plan.generation, file };
}

async function toldIn(
  { session, signal }: Folding,
  { layout }: Snapshot,
  told: readonly { readonly generation: number; readonly file: SnapshotFile }[],
): Promise<FoldVerification["toldIn"]> {
  const found: { readonly generation: number; readonly rows: bigint }[] = [];
  for (const { generation, file } of told.toReversed()) {
    const rows = await lastToldIn(session, file, layout.keyCount, signal);
    if (rows > 0n) found.push({ generation, rows });
    if (found.length === SHOWN) break;
  }
  return found;
}
