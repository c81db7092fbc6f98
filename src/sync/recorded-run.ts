import { SyncError } from "../core/errors.ts";
import { failpoint } from "../core/failpoint.ts";
import type { Slot, Stream } from "../core/types.ts";
import type { RunRecord, RunStatus } from "../state/documents.ts";
import { takeLease } from "../state/lease.ts";
import { recordEnd, recordStart } from "../state/run-records.ts";
import { openRun, type RunContext } from "./run-context.ts";
import { failedStatus } from "./run-report.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** How one stream's run ended; `error` is what was thrown, for whoever called, or null. */
export interface RunResult {
  readonly record: RunRecord;
  readonly error: Error | null;
}

/** Holds a stream while work is done for it, and records how that ended. Throws only when the run could not even be opened. */
export async function recordedRun(
  deps: SyncDeps,
  stream: Stream,
  slot: Date | Slot | null,
  work: (context: RunContext) => Promise<RunStatus>,
  signal: AbortSignal,
): Promise<RunResult> {
  const context = await openRun(deps, stream, slot, signal);
  await using _destination = context.destination;
  const { state, run, report } = context;
  // The end of a run is written even when a signal ended it.
  const always = new AbortController().signal;
  let started = false;
  try {
    const lease = { store: state, stream: stream.name, run, owner: deps.owner, clock: deps.clock, ttlMs: deps.leaseTtlMs };
    await using _lease = await takeLease(lease, signal);
    await recordStart(state, report.record, signal);
    started = true;
    report.started();
    await failpoint("lease.taken");
    const status = await work(context);
    return { record: await writeEnd(context, report.ended(status), always), error: null };
  } catch (thrown) {
    const error = interrupted(stream, thrown, signal);
    const record = report.ended(failedStatus(error), error);
    return { record: started ? await writeEnd(context, record, always) : record, error: asError(error) };
  }
}

/** Records are for people: what was delivered stays so, and what failed is told as what it was, when the end cannot be written. */
async function writeEnd({ state, report }: RunContext, record: RunRecord, signal: AbortSignal): Promise<RunRecord> {
  try {
    await recordEnd(state, record, signal);
    return record;
  } catch (error) {
    const message = `The end of run ${record.run} could not be recorded, so \`sync status\` shows it as unfinished: ${asError(error).message}`;
    report.warn(message);
    return { ...record, warnings: [...record.warnings, message] };
  }
}

/** What fails once somebody asked to stop fails because of that, whatever it says. */
function interrupted(stream: Stream, thrown: unknown, signal: AbortSignal): unknown {
  if (!signal.aborted || (thrown instanceof SyncError && thrown.code === "INTERRUPTED")) return thrown;
  return new SyncError("INTERRUPTED", `The run of ${stream.name} was stopped.`, {
    hint: `\`sync run -m ${stream.name}\` goes on where it stood.`,
    cause: thrown,
    context: { stream: stream.name },
  });
}

/** Whatever was thrown, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new SyncError("INTERNAL", "Something that is no error was thrown.");
}
