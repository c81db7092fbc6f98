import { SyncError } from "../core/errors.ts";
import type { Stream } from "../core/types.ts";
import { readCurrent } from "../state/current.ts";
import type { Closing, Current, RunStatus } from "../state/documents.ts";
import { closeCurrent } from "./close-current.ts";
import { supersedeHeld } from "./hold-run.ts";
import { NO_ANSWERS } from "./judge-delta.ts";
import { mustReadCurrent } from "./open-stream.ts";
import { planStream, type PlanPreview } from "./plan-stream.ts";
import { recordedRun, type RunResult } from "./recorded-run.ts";
import type { RunContext } from "./run-context.ts";
import { finishOpenPlan, followProtocol } from "./run-stream.ts";
import type { SyncDeps } from "./sync-deps.ts";
import { toldStream } from "./told-source.ts";

/** What retiring a stream would do now. */
export interface Retirement {
  readonly stream: string;
  /** It was closed before, and holds nothing that could be taken back. */
  readonly isClosed: boolean;
  /** Rows that the destination was told of; null: not known before the next fold. */
  readonly rows: number | null;
  /** Why no removals would be delivered; null where they would. */
  readonly closesOnly: string | null;
}

/** How a stream is retired. */
export interface RetireOptions {
  readonly by: string;
  /** Rows that a person agreed to have removed; more than that are held. null: however many there are. */
  readonly rows: number | null;
  /** Close it and deliver nothing. */
  readonly withoutRemovals: boolean;
}

/** What retiring a stream would do. */
export async function lookAtRetirement(
  deps: Pick<SyncDeps, "state">,
  stream: Stream,
  withoutRemovals: boolean,
  signal: AbortSignal,
): Promise<Retirement> {
  const current = await readCurrent(deps.state, stream.name, signal);
  const told = current !== null && hasTold(current);
  const isClosed = current?.retired !== undefined && !told;
  const closesOnly = withoutRemovals ? "--without-removals says so" : told ? untellable(stream) : "its consumers hold no row";
  return { stream: stream.name, isClosed, rows: current?.layout == null ? 0 : current.rows, closesOnly };
}

/** Whether a row may stand at the destination. */
function hasTold({ layout, rows, uncertain }: Current): boolean {
  return layout !== null && (rows !== 0 || uncertain.length > 0);
}

/** Why a stream never tells that rows left. */
function untellable({ mode, changes, fileFormat }: Stream): string | null {
  if (mode === "append") return "mode is append: an event that happened is never taken back";
  if (fileFormat.overwrite) return "file.overwrite is on: the one object says what is there, and no object says that nothing is";
  return changes.includes("removed") ? null : "`changes` has no removed";
}

/**
 * Takes back every row that was told, in a generation like any other, and closes the stream with it: no later run tells anything until a full resync
 * opens it again. The warehouse is not asked. Where removals are not told, it only closes.
 */
export async function retireStream(deps: SyncDeps, stream: Stream, options: RetireOptions, signal: AbortSignal): Promise<RunResult> {
  const closes = (): Closing => ({ by: options.by, at: deps.clock.now().toISOString() });
  const { closesOnly } = await lookAtRetirement(deps, stream, options.withoutRemovals, signal);
  if (closesOnly !== null) return await recordedRun(deps, stream, null, (context) => close(context, closes(), signal), signal);
  const told = await removing(deps, stream, options.rows, signal);
  const work = async (context: RunContext): Promise<RunStatus> => {
    const asked = { slot: null, fullResync: false, baseline: false, answers: ACCEPTED, closes: closes() };
    const status = await followProtocol(context, asked, signal);
    return status === "unchanged" ? await close(context, closes(), signal) : status;
  };
  return await recordedRun(told.deps, told.stream, null, work, signal);
}

/** What `retireStream` would deliver, as a plan. */
export async function planRetirement(deps: SyncDeps, stream: Stream, samples: number, signal: AbortSignal): Promise<PlanPreview> {
  const told = await removing(deps, stream, null, signal);
  const options = { slot: null, fullResync: false, samples, keep: false, answers: ACCEPTED, retires: true };
  return await planStream(told.deps, told.stream, options, signal);
}

const ACCEPTED = { ...NO_ANSWERS, acceptSchemaChange: true };

/** The stream and the program around it with nothing in the source. Its guards let pass what a person agreed to and no more. */
async function removing(
  deps: SyncDeps,
  stream: Stream,
  rows: number | null,
  signal: AbortSignal,
): Promise<{ readonly deps: SyncDeps; readonly stream: Stream }> {
  const layout = (await readCurrent(deps.state, stream.name, signal))?.layout ?? null;
  if (layout === null) throw new SyncError("INTERNAL", "A stream that told nothing has nothing to take back.");
  const told = await toldStream(deps, stream, layout, signal);
  const limits = { maxChanged: null, maxAdded: null, minRows: 0, aboveRows: 0, per: [], held: "supersede" } as const;
  const guards = rows === null ? null : { ...limits, maxRemoved: { rows } };
  return { deps: { ...deps, openSource: () => Promise.resolve(told.source) }, stream: { ...told.stream, guards } };
}

/** Closes a stream without a delivery: a swap at the same generation. */
async function close(context: RunContext, retired: Closing, signal: AbortSignal): Promise<RunStatus> {
  await finishOpenPlan(context, await mustReadCurrent(context, signal), signal);
  await supersedeHeld(context, signal);
  await closeCurrent(context.deps, context.stream.name, context.run, retired, signal);
  return "retired";
}
