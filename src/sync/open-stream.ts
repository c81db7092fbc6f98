import { SyncError } from "../core/errors.ts";
import { failpoint } from "../core/failpoint.ts";
import { createCurrent, readCurrent } from "../state/current.ts";
import type { Current } from "../state/documents.ts";
import { refuseMovedRoot } from "../state/root-marks.ts";
import type { RunContext } from "./run-context.ts";
import { streamIdentity } from "./stream-identity.ts";

/** CURRENT of the run's stream, made when the stream has never been opened. */
export async function openStream(context: RunContext, signal: AbortSignal): Promise<Current> {
  const { state, stream } = context;
  const found = await readCurrent(state, stream.name, signal);
  if (found !== null) return found;
  await createCurrent(state, stream.name, firstCurrent(context), signal);
  // After, not before: who copies the root marks it and then looks which streams there are, so one of the two sees the other.
  await refuseMovedRoot(state, signal);
  await failpoint("opened");
  return mustReadCurrent(context, signal);
}

/** CURRENT of a stream that has been opened. */
export async function mustReadCurrent(context: Pick<RunContext, "state" | "stream">, signal: AbortSignal): Promise<Current> {
  const current = await readCurrent(context.state, context.stream.name, signal);
  if (current !== null) return current;
  throw new SyncError("STATE_DAMAGED", `CURRENT of ${context.stream.name} is gone from the state root while a run is under way.`, {
    hint: "Restore the state root from a backup before the next run.",
    context: { stream: context.stream.name },
  });
}

/** CURRENT of a stream that has told nothing yet. */
export function firstCurrent(context: RunContext): Current {
  return {
    format: "spillway/current/1",
    seq: 0,
    generation: 0,
    stateId: context.deps.newStateId(),
    reason: "opened",
    run: context.run,
    at: context.deps.clock.now().toISOString(),
    identity: streamIdentity(context.stream, context.destination.place),
    layout: null,
    rows: 0,
    base: null,
    log: [],
    uncertain: [],
    abandoned: [],
    resetSeq: null,
    manifest: null,
  };
}
