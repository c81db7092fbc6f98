import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Delta, Snapshot } from "../core/delta.ts";
import { count } from "../core/readable.ts";
import type { Stream } from "../core/types.ts";
import type { DeltaKind } from "../diffing/delta-request.ts";
import type { Engine } from "../engine/open-engine.ts";
import type { WholeRows } from "../files/write-files.ts";
import type { Current, GenerationKind, Plan } from "../state/documents.ts";
import { reached } from "./checkpoint-due.ts";
import type { LoadedSnapshot } from "./load-snapshot.ts";
import type { RunContext } from "./run-context.ts";
import type { StageFolder } from "./stage-folder.ts";

/** A comparison, as far as it matters whether its generation tells the whole table. */
interface Told {
  readonly delta: Delta;
  readonly kind: DeltaKind;
  /** The rows of a checkpoint; null: the generation is none. */
  readonly whole: WholeRows | null;
  readonly current: Current;
}

/**
 * Writes the snapshot as it is once the delta is told: dumped from what is stored, in key order, within the engine's limits; the source is not asked. null where
 * the delta tells the whole table by itself, so that nothing is to be told twice.
 */
export async function writeWhole(
  { deps, stream, report }: RunContext,
  loaded: LoadedSnapshot,
  { delta, kind, staging }: Pick<Told, "delta" | "kind"> & { readonly staging: StageFolder },
  engine: Engine,
  signal: AbortSignal,
): Promise<WholeRows | null> {
  if (kind !== "delta" || begins(stream, loaded.current, delta)) return null;
  const path = join(staging.path, "whole.parquet");
  const work = (): Promise<{ readonly rows: bigint }> => deps.parts.foldBase(engine, snapshotAfter(loaded.snapshot, delta), path, signal);
  const { rows } = await report.phase("whole", work, (done) => `${count(done.rows)} rows of the snapshot`);
  return { path, rows };
}

/** Deletes what a checkpoint's files were written from: they hold all of it. */
export async function dropWhole(whole: WholeRows | null): Promise<void> {
  if (whole !== null) await rm(whole.path, { force: true });
}

function snapshotAfter(before: Snapshot | null, { path, layout, wholeSnapshot }: Delta): Snapshot {
  const file = { path, outputs: layout.outputs.map(({ name }) => name) };
  if (wholeSnapshot || before === null) return { layout, base: file, log: [], uncertain: [], rows: 0n };
  return { layout, base: before.base, log: [...before.log, file], uncertain: [], rows: 0n };
}

/** The first delta of a stream: where nothing was told before, what was added is everything. */
function begins({ changes, mode }: Stream, current: Current, delta: Delta): boolean {
  const isEmpty = current.base === null && current.log.length === 0;
  return isEmpty && current.manifest === null && delta.wholeSnapshot && changes.includes("added") && mode === "delta";
}

/** What a manifest calls the generation of a comparison. */
export function generationKind({ kind, whole }: Pick<Told, "kind" | "whole">): GenerationKind {
  if (whole !== null) return "checkpoint";
  return kind === "delta" ? "delta" : "full";
}

/** What a plan says of a generation that tells the whole table; nothing of another one. */
export function wholeFacts({ stream, slot, deps }: RunContext, told: Told): Pick<Plan, "wholeAt"> {
  const isWhole = generationKind(told) !== "delta" || begins(stream, told.current, told.delta);
  return isWhole ? { wholeAt: reached({ slot, now: deps.clock.now() }).toISOString() } : {};
}

/** Rows that a generation tells: those of a checkpoint are told as full ones. */
export function toldCounts({ delta, whole }: Pick<Told, "delta" | "whole">): Delta["counts"] {
  return whole === null ? delta.counts : { ...delta.counts, full: whole.rows };
}
