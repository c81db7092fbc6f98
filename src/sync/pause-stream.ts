import type { Clock } from "../core/clock.ts";
import type { ObjectStore } from "../core/ports.ts";
import { isPaused, writePause, type Pause } from "../state/pauses.ts";

interface PauseDeps {
  readonly state: ObjectStore;
  readonly clock: Clock;
}

/** What a person says when they pause a schedule. */
export interface PauseRequest {
  readonly until: Date | null;
  readonly reason: string | null;
  readonly by: string;
}

/** Stops a stream's schedule until it is resumed or the time has come. A pause that is in force is replaced and keeps its beginning. */
export async function pauseStream(deps: PauseDeps, stream: string, request: PauseRequest, signal: AbortSignal): Promise<Pause | null> {
  return await writePause(
    deps.state,
    stream,
    (before) => {
      const now = deps.clock.now();
      const since = isPaused(before, now) ? before.since : now.toISOString();
      const { until, reason, by } = request;
      return { paused: true, since, until: until?.toISOString() ?? null, reason, by, at: now.toISOString() };
    },
    signal,
  );
}

/** Lets a stream's schedule go on; null: it was not paused. */
export async function resumeStream(deps: PauseDeps, stream: string, by: string, signal: AbortSignal): Promise<Pause | null> {
  let resumed = false;
  const pause = await writePause(
    deps.state,
    stream,
    (before) => {
      const now = deps.clock.now();
      resumed = isPaused(before, now);
      if (!resumed || before === null) return null;
      return { ...before, paused: false, until: now.toISOString(), by, at: now.toISOString() };
    },
    signal,
  );
  return resumed ? pause : null;
}
