import { SyncError, isAbort } from "../core/errors.ts";
import { failpoint } from "../core/failpoint.ts";
import type { Slot, Stream } from "../core/types.ts";
import type { DeltaKind } from "../diffing/delta-request.ts";
import { pruneCurrent, swapCurrent } from "../state/current.ts";
import type { Closing, Current, Plan, RunStatus } from "../state/documents.ts";
import { createPlan } from "../state/plans.ts";
import { forgetChecks, publishFile } from "../state/state-files.ts";
import { type HeldFile, refuseAdoption } from "./adopt-files.ts";
import { checkpointDue } from "./checkpoint-due.ts";
import { confirmClaim } from "./confirm-claim.ts";
import { finishErasures } from "./finish-erasure.ts";
import { dropUnnamed, foldWhenDue } from "./fold-when-due.ts";
import { holdPlan, isHeld, refuseWhileHeld, supersedeHeld } from "./hold-run.ts";
import { NO_ANSWERS, type Answers } from "./judge-delta.ts";
import { mustReadCurrent, openStream } from "./open-stream.ts";
import { rejectOverdue } from "./prune-staging.ts";
import { pruneWhenDue } from "./prune-stream.ts";
import { asError, recordedRun, type RunResult } from "./recorded-run.ts";
import { openPlan, recordFinished, rollForward } from "./resume-plan.ts";
import { refuseRetired } from "./retired-streams.ts";
import { cacheFolder, type RunContext } from "./run-context.ts";
import { smallCount } from "./run-report.ts";
import { isDone, settling } from "./settle-slot.ts";
import { compareAndWrite, delivers, outputNames, stagePlan, type Comparison, type ComparisonOptions } from "./stage-delta.ts";
import { cleanStaging, dropStaging, namedFiles } from "./stage-folder.ts";
import { identityDiffers, refuseChangedIdentity, streamIdentity } from "./stream-identity.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** What a run may be asked to do besides its usual work. */
export interface RunStreamOptions {
  /** The instant that the run stands for; null = now. One that a schedule named is run once at most, whoever runs it. */
  readonly slot: Date | Slot | null;
  /** Tell every row whole, and removals; also when the snapshot belongs to another place, source, key or mode. */
  readonly fullResync: boolean;
  /** Take the result as delivered and send nothing. */
  readonly baseline: boolean;
  /** Carry the whole snapshot beside the delta, also where no slot of `checkpoint` has come. */
  readonly checkpoint?: boolean;
  /** What is allowed although a guard would hold it; nothing when left out. */
  readonly answers?: Answers;
  /** Of a baseline: files that the destination holds, which are taken as told instead of the result. */
  readonly adopts?: readonly HeldFile[];
  /** Take back what was told and close the stream with it; whoever asks for it sees to it that the source has no rows. */
  readonly closes?: Closing;
}

/** Runs one stream from beginning to end. It never throws: what failed stands in the result and in the run's record. */
export async function runStream(deps: SyncDeps, stream: Stream, options: RunStreamOptions, signal: AbortSignal): Promise<RunResult> {
  const work = (context: RunContext): Promise<RunStatus> => settling(context, () => followProtocol(context, options, signal), signal);
  return await recordedRun(deps, stream, options.slot, work, signal);
}

/** The commit protocol, top to bottom. docs/architecture.md tells why each step stands where it stands. */
export async function followProtocol(given: RunContext, options: RunStreamOptions, signal: AbortSignal): Promise<RunStatus> {
  const context: RunContext = options.closes === undefined ? given : { ...given, closes: options.closes };
  const { stream, destination } = context;

  // OPENED, CLAIMED: the stream has a CURRENT, and the destination knows whose it is.
  let current = await openStream(context, signal);
  await confirmClaim(context, current, signal);

  // An open plan is finished before anything new is asked.
  current = await finishOpenPlan(context, current, signal);
  if (await isDone(context, signal)) return "superseded";
  if (options.fullResync) current = await reopen(context, current, signal);
  else if (options.closes === undefined) refuseRetired(stream, current);
  if (options.adopts !== undefined) refuseAdoption(stream, current);
  const answers = options.answers ?? NO_ANSWERS;
  const identity = streamIdentity(stream, destination.place);
  if (!options.fullResync) refuseChangedIdentity(stream, current, identity, answers.sameDestination);
  await rejectOverdue(context, signal);
  if (answersNothing(options, answers)) await refuseWhileHeld(context, current, signal);

  // EXTRACTED: what changed, proved to be all of it, and the files that tell it. STAGED: hashed and durable.
  const kind = options.closes === undefined ? deltaKind(stream, current, options) : "delta";
  const checkpoint = options.closes === undefined && carriesCheckpoint(context, current, options);
  const draft = await unlessOvertaken(context, current, () =>
    draftPlan(context, current, { kind, answers, checkpoint, ...adopting(options) }, signal),
  );
  if (draft === "overtaken") return await yieldToOther(context, signal);
  await supersedeHeld(context, signal);
  if (draft.plan === null) return await closeWithoutPlan(context, draft.comparison, signal);

  // HELD: the bytes stay staged until somebody answers.
  if (isHeld(draft.comparison.verdict)) {
    await holdPlan(context, draft.plan, draft.comparison.verdict, signal);
    return await yieldToOther(context, signal);
  }

  // While this run looked, another may have found nothing to tell for the same slot.
  if (await isDone(context, signal)) {
    await dropStaging(context, signal);
    return await yieldToOther(context, signal);
  }
  return await commitPlan(context, draft.plan, signal);
}

function adopting({ adopts }: RunStreamOptions): Pick<ComparisonOptions, "adopts"> {
  return adopts === undefined ? {} : { adopts };
}

/** A stream that was closed is open again from here on, whatever becomes of this run: every row is told anew. */
async function reopen(context: RunContext, read: Current, signal: AbortSignal): Promise<Current> {
  const { state, stream, run, deps } = context;
  let current = read;
  while (current.retired !== undefined) {
    const { retired: _, ...open } = current;
    const next: Current = { ...open, seq: current.seq + 1, run, at: deps.clock.now().toISOString(), reason: "reopened" };
    await swapCurrent(state, stream.name, current.seq, next, signal);
    current = await mustReadCurrent(context, signal);
  }
  return current;
}

function answersNothing({ fullResync, baseline }: RunStreamOptions, answers: Answers): boolean {
  return !fullResync && !baseline && answers.allowRemovals === null && !answers.acceptSchemaChange && !answers.sameDestination;
}

/** From the commit decision to the end: create the plan, deliver its bytes, move CURRENT. */
export async function commitPlan(context: RunContext, plan: Plan, signal: AbortSignal): Promise<RunStatus> {
  // PLANNED: the commit decision. From here on the only way is forward.
  const made = await context.report.phase("plan", () => createPlan(context.state, context.keys, plan, signal));
  if (made === "exists") return await yieldToOther(context, signal);
  await failpoint("plan.created");
  context.report.planned(plan);

  // DELIVERING, PUBLISHED, PROMOTED: the objects, the manifest, CURRENT.
  const { current, end } = await rollForward(context, plan, signal);
  if (end === "voided") throw bytesLost(plan);
  if (end === "closed_by_another" && current.abandoned.includes(plan.generation)) throw givenUp(plan);

  // DONE: what is no longer needed goes, and a long log becomes a new base.
  await tidyUp(context, current, signal);
  return "delivered";
}

type Draft = { readonly plan: Plan; readonly comparison: Comparison } | { readonly plan: null; readonly comparison: Comparison };

async function draftPlan(context: RunContext, current: Current, how: ComparisonOptions, signal: AbortSignal): Promise<Draft> {
  const comparison = await compareAndWrite(context, current, how, signal);
  // What is held is staged even when it tells nothing: approving it tells the consumer the new columns, or that there are no rows.
  if (!delivers(comparison, context.stream) && !isHeld(comparison.verdict)) return { plan: null, comparison };
  return { plan: await stagePlan(context, comparison, signal), comparison };
}

/** How the result is compared: decided by what the stream is, what it has told, and what was asked for. */
export function deltaKind(stream: Stream, current: Current, options: Pick<RunStreamOptions, "fullResync" | "baseline">): DeltaKind {
  if (options.baseline) return "baseline";
  if (options.fullResync) return "resync";
  const isFirst = current.layout === null && current.generation === 0;
  if (isFirst && stream.firstRun === "baseline") return "baseline";
  if (stream.mode !== "full") return "delta";
  // The one object is the whole table and says nothing of rows that left; who is told of them has to be compared with.
  return stream.fileFormat.overwrite ? "full" : "resync";
}

/** Whether a run is to tell the whole snapshot beside its delta: somebody asked for it, or a slot of `checkpoint` has come. */
export function carriesCheckpoint(
  { stream, slot, deps }: RunContext,
  current: Current,
  { checkpoint = false }: Pick<RunStreamOptions, "checkpoint">,
): boolean {
  return checkpoint || checkpointDue(stream, current, { slot, now: deps.clock.now() });
}

/** Finishes the plan that is open, and brings the snapshot into a state that can be compared with. */
export async function finishOpenPlan(context: RunContext, read: Current, signal: AbortSignal): Promise<Current> {
  let current = read;
  for (let plan = await openPlan(context, current, signal); plan !== null; plan = await openPlan(context, current, signal)) {
    const open = plan;
    const ended = await context.report.phase(
      "resume",
      () => rollForward(context, open, signal),
      ({ end }) => `generation ${open.generation} ${end}`,
    );
    if (ended.end === "voided")
      context.report.warn(
        `Generation ${open.generation} of ${open.stream} was given up: its staged bytes were lost. The next delta states its keys again.`,
      );
    await recordFinished(context, open, ended.end, signal);
    current = ended.current;
  }
  await cleanStaging(context, current, signal);
  return current.rows === null ? await foldWhenDue(context, current, signal) : current;
}

/** A baseline, or fingerprints of rows that were looked at for nothing: a swap at the same generation, and only over what was compared. */
async function closeWithoutPlan(context: RunContext, comparison: Comparison, signal: AbortSignal): Promise<RunStatus> {
  const { state, keys, run, stream, deps } = context;
  const { current, delta, kind, replaces, window, members } = comparison;
  const isBaseline = kind === "baseline";
  const identity = streamIdentity(stream, context.destination.place);
  const isSet = isBaseline || delta.counts.refreshed > 0n || (current.layout !== null && identityDiffers(current.identity, identity));
  if (isSet || hasRead(comparison)) {
    const key = delta.wholeSnapshot ? keys.base(current.generation, run) : keys.log(current.generation, run);
    const files = isSet ? await noticed(context, comparison, key, signal) : {};
    const next: Current = {
      ...current,
      seq: current.seq + 1,
      run,
      at: deps.clock.now().toISOString(),
      reason: isBaseline ? "baselined" : "refreshed",
      identity,
      rows: smallCount(delta.counts.snapshotAfter),
      ...files,
      // What another place may have been told says nothing of this one.
      ...(isBaseline || replaces ? { uncertain: [] } : {}),
      watermark: window?.next,
      members: members ?? undefined,
    };
    if ((await swapCurrent(state, stream.name, current.seq, next, signal)) === "conflict") await dropUnnamed(context, key, signal);
    await failpoint("refresh.swapped");
  }
  await dropStaging(context, signal);
  await tidyUp(context, await mustReadCurrent(context, signal), signal);
  return isBaseline ? "baselined" : "unchanged";
}

/** Whether an event table was read further than before. One that has told nothing yet is read from its beginning again. */
function hasRead({ current, window }: Comparison): boolean {
  return window !== undefined && current.layout !== null && window.next.upTo !== current.watermark?.upTo;
}

async function noticed(
  { state }: RunContext,
  { current, delta }: Comparison,
  key: string,
  signal: AbortSignal,
): Promise<Pick<Current, "layout" | "log"> & Partial<Pick<Current, "base">>> {
  const file = await publishFile(state, delta.path, key, outputNames(delta), signal);
  return { layout: delta.layout, ...(delta.wholeSnapshot ? { base: file, log: [] } : { log: [...current.log, file] }) };
}

/** Another run planned this generation first: its bytes are the ones that count. */
async function yieldToOther(context: RunContext, signal: AbortSignal): Promise<RunStatus> {
  await tidyUp(context, await finishOpenPlan(context, await mustReadCurrent(context, signal), signal), signal);
  return "superseded";
}

/** What was delivered stays delivered when tidying up fails: the next run tidies again, and stops if the state is damaged. */
async function tidyUp(context: RunContext, read: Current, signal: AbortSignal): Promise<void> {
  try {
    const finished = await finishErasures(context, signal);
    const told = finished.length === 0 ? read : await mustReadCurrent(context, signal);
    const current = await context.report.phase("snapshot", () => foldWhenDue(context, told, signal));
    await cleanStaging(context, current, signal);
    await forgetChecks(context.state, context.stream.name, namedFiles(current), cacheFolder(context), signal);
    await pruneCurrent(context.state, context.stream.name, signal);
    await pruneWhenDue(context, signal);
    await failpoint("cleanup.done");
  } catch (error) {
    const why = error instanceof SyncError ? `${error.code}: ${error.message}` : isAbort(error) ? "it was stopped" : asError(error).name;
    context.report.warn(`Tidying up after the run of ${context.stream.name} is left to the next one (${why}).`);
  }
}

/** Before a plan exists, a failure leaves nothing behind. It is none when another run delivered meanwhile and tidied this one's staging away. */
async function unlessOvertaken<T>(context: RunContext, current: Current, work: () => Promise<T>): Promise<T | "overtaken"> {
  const always = new AbortController().signal;
  try {
    return await work();
  } catch (error) {
    await dropStaging(context, always);
    const now = await mustReadCurrent(context, always);
    if (!isAbort(error) && now.generation > current.generation) return "overtaken";
    throw error;
  }
}

function givenUp(plan: Plan): SyncError {
  return new SyncError("PLAN_ABANDONED", `Generation ${plan.generation} of ${plan.stream} was given up while it was delivered.`, {
    hint: `\`sync run -m ${plan.stream}\` states every row of it again in the next generation.`,
    retry: "transient",
    context: { stream: plan.stream, generation: plan.generation },
  });
}

function bytesLost(plan: Plan): SyncError {
  return new SyncError(
    "BYTES_CHANGED",
    `The staged bytes of generation ${plan.generation} of ${plan.stream} were lost on their way, so it was given up.`,
    {
      hint: `\`sync run -m ${plan.stream}\` states every row of it again in the next generation.`,
      retry: "transient",
      context: { stream: plan.stream, generation: plan.generation },
    },
  );
}
