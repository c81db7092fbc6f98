import { join } from "node:path";
import { SyncError } from "../core/errors.ts";
import type { ObjectStore } from "../core/ports.ts";
import type { Slot, Stream } from "../core/types.ts";
import { readCurrent } from "../state/current.ts";
import type { Closing } from "../state/documents.ts";
import { stateKeys, type StateKeys } from "../state/state-keys.ts";
import { RunReport } from "./run-report.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** One run of one stream: what every step of the protocol is given. */
export interface RunContext {
  readonly deps: SyncDeps;
  readonly stream: Stream;
  readonly run: string;
  /** The instant that the run stands for: its scheduled one, or when it began. */
  readonly slot: Date;
  /** The slot, where a schedule named it: then the run happens only if nobody has run it yet. */
  readonly scheduled: Slot | null;
  readonly state: ObjectStore;
  readonly keys: StateKeys;
  readonly destination: ObjectStore;
  readonly report: RunReport;
  /** The stream is closed together with what this run delivers. */
  readonly closes?: Closing;
}

/** Folder on this machine where a state root elsewhere is read from. */
export function cacheFolder({ deps, stream }: Pick<RunContext, "deps" | "stream">): string {
  return join(deps.scratch, "cache", stream.name);
}

/** Opens a run: a new id, its destination and its report. The caller disposes `destination`. */
export async function openRun(deps: SyncDeps, stream: Stream, slot: Date | Slot | null, signal: AbortSignal): Promise<RunContext> {
  const run = deps.newRunId();
  const generation = await comingGeneration(deps, stream.name, signal);
  const destination = await deps.openDestination(stream.destination, { stream: stream.name, run, generation }, signal);
  const scheduled = slot === null || slot instanceof Date ? null : slot;
  const instant = slot instanceof Date ? slot : (slot?.at ?? null);
  const report = new RunReport(deps, stream.name, run, instant, scheduled, { model: stream.model, generation });
  return {
    deps,
    stream,
    run,
    slot: instant ?? deps.clock.now(),
    scheduled,
    state: deps.state,
    keys: stateKeys(stream.name),
    destination,
    report,
  };
}

/** The generation that a run is about to deliver, for the names of its sessions; null where a damaged state does not tell, which is another step's matter. */
async function comingGeneration(deps: SyncDeps, stream: string, signal: AbortSignal): Promise<number | null> {
  try {
    return ((await readCurrent(deps.state, stream, signal))?.generation ?? 0) + 1;
  } catch (error) {
    if (error instanceof SyncError && error.code === "STATE_DAMAGED") return null;
    throw error;
  }
}
