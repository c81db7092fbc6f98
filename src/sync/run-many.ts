import { isAbort } from "../core/errors.ts";
import type { Slot, Stream } from "../core/types.ts";
import type { HeldFile } from "./adopt-files.ts";
import { asError, type RunResult } from "./recorded-run.ts";
import { RunLanes } from "./run-lanes.ts";
import { RunReport, failedStatus } from "./run-report.ts";
import { runStream, type RunStreamOptions } from "./run-stream.ts";
import { sharedMoments } from "./shared-moment.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** What a run of several streams may be asked to do. */
export interface RunStreamsOptions extends Omit<RunStreamOptions, "baseline"> {
  /** Slots that a schedule named, by stream; the rest stands for `slot`. */
  readonly slots?: ReadonlyMap<string, Slot>;
  /** How many streams run at once; a source may ask for fewer of its own. */
  readonly jobs: number;
  /** Start no further stream once one has failed; those under way are finished. */
  readonly failFast: boolean;
  /** Told of each run as soon as it has ended. */
  readonly onEnd?: (stream: Stream, result: RunResult) => void;
}

/**
 * Runs streams, a few at a time, each on its own: one that fails stops no other. Results stand in the order of the streams; with
 * `failFast`, streams that were not started have none.
 */
export async function runStreams(
  deps: SyncDeps,
  streams: readonly Stream[],
  options: RunStreamsOptions,
  signal: AbortSignal,
): Promise<readonly RunResult[]> {
  const moments = sharedMoments(deps, streams);
  const work = (stream: Stream): Promise<RunResult> => {
    const slot = options.slots?.get(stream.name) ?? options.slot;
    const together = moments.get(stream.name);
    const own = together === undefined ? deps : { ...deps, together };
    return runStream(own, stream, { ...options, slot, baseline: false }, signal);
  };
  const left = async (stream: Stream): Promise<void> => await moments.get(stream.name)?.leave(stream.name);
  return await eachStream(deps, streams, { ...options, left }, work, signal);
}

/** Takes the rows of files that the destination holds as delivered, and sends nothing. BASELINE_REFUSED where something was delivered already. */
export async function adoptStream(deps: SyncDeps, stream: Stream, adopts: readonly HeldFile[], signal: AbortSignal): Promise<RunResult> {
  return await caught(deps, stream, () => runStream(deps, stream, { slot: null, fullResync: false, baseline: true, adopts }, signal));
}

/** Takes the current result of a stream as delivered, and sends nothing. */
export async function baselineStream(deps: SyncDeps, stream: Stream, signal: AbortSignal): Promise<RunResult> {
  return await caught(deps, stream, () => runStream(deps, stream, { slot: null, fullResync: false, baseline: true }, signal));
}

async function eachStream(
  deps: SyncDeps,
  streams: readonly Stream[],
  {
    jobs,
    failFast,
    onEnd,
    left,
  }: Pick<RunStreamsOptions, "jobs" | "failFast" | "onEnd"> & { readonly left: (stream: Stream) => Promise<void> },
  work: (stream: Stream) => Promise<RunResult>,
  signal: AbortSignal,
): Promise<readonly RunResult[]> {
  const results = new Map<Stream, RunResult>();
  const lanes = new RunLanes(jobs);
  let stopped = false;
  const turn = async (stream: Stream): Promise<void> => {
    if (stopped || signal.aborted) return;
    const result = await caught(deps, stream, () => work(stream));
    results.set(stream, result);
    onEnd?.(stream, result);
    if (failFast && result.error !== null) stopped = true;
  };
  const turnAndLeave = async (stream: Stream): Promise<void> => {
    try {
      await turn(stream);
    } finally {
      await left(stream);
    }
  };
  await Promise.all(streams.map((stream) => lanes.run(stream.source, () => turnAndLeave(stream))));
  return streams.flatMap((stream) => results.get(stream) ?? []);
}

/** A failure outside of any run (no destination, no state) as the result of its stream. */
async function caught(deps: SyncDeps, stream: Stream, work: () => Promise<RunResult>): Promise<RunResult> {
  try {
    return await work();
  } catch (error) {
    const report = new RunReport(deps, stream.name, deps.newRunId(), null, null, { model: stream.model, generation: null });
    return { record: report.ended(isAbort(error) ? "interrupted" : failedStatus(error), error), error: asError(error) };
  }
}
