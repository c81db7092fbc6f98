import type { Estimate } from "../core/ports.ts";
import type { Stream } from "../core/types.ts";
import { readCurrent } from "../state/current.ts";
import type { Current, GenerationKind, Plan, StoredCounts } from "../state/documents.ts";
import { audienceNews, type AudienceNews } from "./audience-members.ts";
import { isHeld } from "./hold-run.ts";
import { NO_ANSWERS, type Answers, type Verdict } from "./judge-delta.ts";
import { firstCurrent, openStream } from "./open-stream.ts";
import { writePlanFile } from "./plan-file.ts";
import { openPlan } from "./resume-plan.ts";
import { refuseRetired } from "./retired-streams.ts";
import { openRun, type RunContext } from "./run-context.ts";
import { storedCounts } from "./run-report.ts";
import { carriesCheckpoint, deltaKind } from "./run-stream.ts";
import { sampleDelta, type DeltaSample } from "./sample-delta.ts";
import { compareAndWrite, delivers, stagePlan, type Comparison, type ComparisonOptions } from "./stage-delta.ts";
import { dropStaging } from "./stage-folder.ts";
import { refuseChangedIdentity, streamIdentity } from "./stream-identity.ts";
import { watermarkOf } from "./stream-status.ts";
import type { SyncDeps } from "./sync-deps.ts";
import { generationKind, toldCounts } from "./whole-snapshot.ts";

/** What a look ahead may be asked for. */
export interface PlanStreamOptions {
  readonly slot: Date | null;
  readonly fullResync: boolean;
  /** As `RunStreamOptions.checkpoint`. */
  readonly checkpoint?: boolean;
  /** What is allowed although a guard would hold it; nothing when left out. */
  readonly answers?: Answers;
  /** It is to be closed, so that it is closed already is no reason not to look; `deltaKind` is that of a delta. */
  readonly retires?: boolean;
  /** How many example rows of each kind of change. */
  readonly samples: number;
  /** Keep the bytes, so that exactly they can be run later; `planFile` of the preview is then the text to save. */
  readonly keep: boolean;
}

/** What a run would do now. */
export interface PlanPreview {
  readonly stream: string;
  readonly run: string;
  /** `unfinished`: a delivery is under way, and a run finishes it first; the rest tells of that one. `held`: a guard would hold it. `unchanged`: nothing to tell. */
  readonly outcome: "deliver" | "held" | "baseline" | "unchanged" | "unfinished";
  readonly generation: number;
  readonly kind: GenerationKind;
  readonly slot: string;
  /** The snapshot that was compared with. */
  readonly base: {
    readonly generation: number;
    readonly rows: number | null;
    readonly at: string;
    /** Mode append: how far the event table was read. */
    readonly watermark: { readonly upTo: string; readonly from: string } | null;
  };
  /** Audiences that were added to the configuration, or taken away, since the last delivery. */
  readonly audiences: readonly AudienceNews[];
  /** Mode append: the stretch of the event table that was read now; null where a delivery is under way. */
  readonly window: { readonly from: string | null; readonly to: string } | null;
  readonly counts: StoredCounts;
  readonly changedColumns: readonly { readonly name: string; readonly rows: number }[];
  readonly files: readonly {
    readonly key: string;
    readonly change: string;
    readonly rows: number;
    readonly size: number;
    readonly sha256: string;
  }[];
  readonly manifest: string | null;
  /** What the guards say; a run that one of them is not content with is held. null: there was nothing to judge. */
  readonly verdict: Verdict | null;
  readonly samples: readonly DeltaSample[];
  readonly planFile: string | null;
  /** What the query reads and costs each time that it runs, by the warehouse's own word; null where it does not bill by that. */
  readonly estimate: (Omit<Estimate, "bytes"> & { readonly bytes: number }) | null;
}

/** Compares and writes as a run would, and delivers nothing. Throws what the run would fail with before its plan. */
export async function planStream(deps: SyncDeps, stream: Stream, options: PlanStreamOptions, signal: AbortSignal): Promise<PlanPreview> {
  const context = await openRun(deps, stream, options.slot, signal);
  await using _destination = context.destination;
  const current = options.keep
    ? await openStream(context, signal)
    : ((await readCurrent(deps.state, stream.name, signal)) ?? firstCurrent(context));
  if (!options.fullResync && options.retires !== true) refuseRetired(stream, current);
  const open = await openPlan(context, current, signal);
  if (open !== null) return previewOfPlan(current, open, "unfinished");
  const identity = streamIdentity(stream, context.destination.place);
  if (!options.fullResync) refuseChangedIdentity(stream, current, identity, options.answers?.sameDestination === true);
  let kept = false;
  try {
    const preview = await look(context, current, options, signal);
    kept = preview.planFile !== null;
    return preview;
  } finally {
    if (!kept) await dropStaging(context, new AbortController().signal);
  }
}

async function look(context: RunContext, current: Current, options: PlanStreamOptions, signal: AbortSignal): Promise<PlanPreview> {
  const retires = options.retires === true;
  const kind = retires ? "delta" : deltaKind(context.stream, current, { fullResync: options.fullResync, baseline: false });
  let samples: readonly DeltaSample[] = [];
  const inspect: ComparisonOptions["inspect"] = async (seen, engine) => {
    if (options.samples > 0) samples = await sampleDelta(engine, seen.delta, options.samples, signal);
  };
  const checkpoint = !retires && carriesCheckpoint(context, current, options);
  const how = { kind, answers: options.answers ?? NO_ANSWERS, checkpoint, inspect };
  const comparison = await compareAndWrite(context, current, how, signal);
  const held = isHeld(comparison.verdict);
  const isTold = delivers(comparison, context.stream);
  const plan = isTold && options.keep && !held ? await stagePlan(context, comparison, signal) : null;
  const outcome = held ? "held" : isTold ? "deliver" : kind === "baseline" ? "baseline" : "unchanged";
  return { ...previewOf(context, comparison), outcome, samples, planFile: plan === null ? null : writePlanFile(plan) };
}

function baseOf(current: Current): PlanPreview["base"] {
  return { generation: current.generation, rows: current.rows, at: current.at, watermark: watermarkOf(current) };
}

function previewOf(context: RunContext, comparison: Comparison): PlanPreview {
  const { current, files, verdict, window, members, estimate } = comparison;
  return {
    stream: context.stream.name,
    run: context.run,
    outcome: "deliver",
    generation: current.generation + 1,
    kind: generationKind(comparison),
    slot: context.slot.toISOString(),
    base: baseOf(current),
    audiences: audienceNews(context.stream, current.members, members),
    window: window === undefined ? null : { from: window.from, to: window.to },
    counts: storedCounts(toldCounts(comparison)),
    changedColumns: context.report.record.changedColumns,
    files: files.map(({ key, change, rows, size, sha256 }) => ({ key, change, rows: Number(rows), size, sha256 })),
    manifest: null,
    verdict,
    samples: [],
    planFile: null,
    estimate: estimate === null ? null : { ...estimate, bytes: Number(estimate.bytes) },
  };
}

function previewOfPlan(current: Current, plan: Plan, outcome: PlanPreview["outcome"]): PlanPreview {
  return {
    stream: plan.stream,
    run: plan.run,
    outcome,
    generation: plan.generation,
    kind: plan.kind,
    slot: plan.slot,
    base: baseOf(current),
    audiences: [],
    window: null,
    counts: plan.counts,
    changedColumns: plan.changedColumns,
    files: plan.objects.map(({ key, change, rows, size, sha256 }) => ({ key, change, rows, size, sha256 })),
    manifest: plan.manifest?.key ?? null,
    verdict: null,
    samples: [],
    planFile: null,
    estimate: null,
  };
}
