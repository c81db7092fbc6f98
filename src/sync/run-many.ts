import { isAbort } from "../core/errors.ts";
import type { Stream } from "../core/types.ts";
import { asError, type RunResult } from "./recorded-run.ts";
import { RunReport, failedStatus } from "./run-report.ts";
import { runStream, type RunStreamOptions } from "./run-stream.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** What a run of several streams may be asked to do. */
export interface RunStreamsOptions extends Omit<RunStreamOptions, "baseline"> {
  /** How many streams run at once. */
  readonly jobs: number;
  /** Start no further stream once one has failed; those under way are finished. */
  readonly failFast: boolean;
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
  return await eachStream(deps, streams, options, (stream) => runStream(deps, stream, { ...options, baseline: false }, signal), signal);
}

/** Takes the current result of a stream as delivered, and sends nothing. */
export async function baselineStream(deps: SyncDeps, stream: Stream, signal: AbortSignal): Promise<RunResult> {
  return await caught(deps, stream, () => runStream(deps, stream, { slot: null, fullResync: false, baseline: true }, signal));
}

async function eachStream(
  deps: SyncDeps,
  streams: readonly Stream[],
  { jobs, failFast }: Pick<RunStreamsOptions, "jobs" | "failFast">,
  work: (stream: Stream) => Promise<RunResult>,
  signal: AbortSignal,
): Promise<readonly RunResult[]> {
  const results = new Map<Stream, RunResult>();
  const waiting = [...streams];
  let stopped = false;
  const worker = async (): Promise<void> => {
    for (let stream = waiting.shift(); stream !== undefined && !stopped && !signal.aborted; stream = waiting.shift()) {
      const next = stream;
      const result = await caught(deps, next, () => work(next));
      results.set(next, result);
      if (failFast && result.error !== null) stopped = true;
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, jobs) }, worker));
  return streams.flatMap((stream) => results.get(stream) ?? []);
}

/** A failure outside of any run (no destination, no state) as the result of its stream. */
async function caught(deps: SyncDeps, stream: Stream, work: () => Promise<RunResult>): Promise<RunResult> {
  try {
    return await work();
  } catch (error) {
    const report = new RunReport(deps, stream.name, deps.newRunId(), null);
    return { record: report.ended(isAbort(error) ? "interrupted" : failedStatus(error), error), error: asError(error) };
  }
}
