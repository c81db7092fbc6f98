import type { Clock } from "../core/clock.ts";
import { SyncError } from "../core/errors.ts";
import type { Stream } from "../core/types.ts";
import type { RunRecord } from "../state/documents.ts";
import { refuseMovedRoot } from "../state/root-marks.ts";
import { listRuns } from "../state/run-records.ts";
import { keepTrigger } from "../state/triggers.ts";
import { approveRun, rejectRun } from "../sync/answer-held.ts";
import { activePause } from "../sync/due-slot.ts";
import type { RunResult } from "../sync/recorded-run.ts";
import { RunReport } from "../sync/run-report.ts";
import { findRun, runHistory, streamStatus, type StreamStatus } from "../sync/stream-status.ts";
import type { SyncDeps } from "../sync/sync-deps.ts";
import { ownSignal } from "./own-signal.ts";
import type { ActivePause, Caller, RunFacts, ServiceControl, ServiceHealth, ServiceModel, StartedRun } from "./ports.ts";
import type { ScheduleLane } from "./schedule-lane.ts";
import type { Scheduler } from "./scheduler.ts";

/** A scheduler that has not looked at the clock for so long does not work. */
const SILENT_MS = 60_000;
/** A run that a key started and that nobody has begun for so long is begun by whoever is asked again. */
const ABANDONED_MS = 120_000;

/** The service as those in front of it are given it. */
export class SchedulerControl implements ServiceControl {
  readonly #scheduler: Scheduler;
  readonly #clock: Clock;
  readonly #stop: AbortSignal;
  readonly #startedAt: Date;

  constructor(scheduler: Scheduler, clock: Clock, stop: AbortSignal) {
    this.#scheduler = scheduler;
    this.#clock = clock;
    this.#stop = stop;
    this.#startedAt = clock.now();
  }

  async models(signal: AbortSignal): Promise<readonly ServiceModel[]> {
    const { lanes } = this.#scheduler;
    const statuses = await streamStatus(
      this.#deps,
      lanes.map(({ stream }) => stream.name),
      signal,
    );
    return await Promise.all(lanes.map((lane, at) => this.#model(lane, statuses[at], signal)));
  }

  runs(filter: { readonly streams: readonly string[] | null; readonly limit: number }, signal: AbortSignal): Promise<readonly RunRecord[]> {
    return runHistory(this.#deps, filter, signal);
  }

  async run(id: string, signal: AbortSignal): Promise<RunRecord> {
    return this.#waiting(id) ?? (await findRun(this.#deps, id, signal));
  }

  async start(
    { stream, idempotencyKey }: { readonly stream: string; readonly idempotencyKey: string | null },
    signal: AbortSignal,
  ): Promise<StartedRun> {
    const lane = this.#lane(stream);
    this.#refuse(lane.stream);
    const run = this.#deps.newRunId();
    if (idempotencyKey !== null) {
      const wanted = { stream, run, at: this.#clock.now().toISOString() };
      const { trigger, isNew } = await keepTrigger(this.#deps.state, idempotencyKey, wanted, signal);
      if (!isNew) {
        if (await this.#isAbandoned(lane, trigger, signal)) this.#scheduler.request(lane, trigger.run);
        return { run: trigger.run, stream, repeated: true };
      }
    }
    this.#scheduler.request(lane, run);
    return { run, stream, repeated: false };
  }

  async approve(id: string, caller: Caller, signal: AbortSignal): Promise<RunRecord> {
    const held = await findRun(this.#deps, id, signal);
    const lane = this.#lane(held.stream);
    this.#refuse(lane.stream);
    await this.#delivered(lane, held.run, caller);
    return await findRun(this.#deps, held.run, signal);
  }

  async reject(id: string, caller: Caller, signal: AbortSignal): Promise<RunRecord> {
    const held = await findRun(this.#deps, id, signal);
    const { stream } = this.#lane(held.stream);
    return (await rejectRun(this.#deps, stream, held.run, caller, signal)) ?? held;
  }

  health(): ServiceHealth {
    const { lanes, tickedAt, draining } = this.#scheduler;
    const running = lanes.flatMap(({ taken, started }) => (taken !== null && started ? [taken] : []));
    const queued = lanes.filter(({ taken, started }) => taken !== null && !started).length;
    const requested = lanes.reduce((sum, lane) => sum + lane.requested.length, 0);
    return { startedAt: this.#startedAt, tickedAt, draining, running, queued: queued + requested };
  }

  async readiness(signal: AbortSignal): Promise<{ readonly ready: boolean; readonly reasons: readonly string[] }> {
    const reasons: string[] = [];
    const { draining, tickedAt } = this.#scheduler;
    if (draining) reasons.push("the service is stopping");
    else if (tickedAt === null || this.#clock.now().getTime() - tickedAt.getTime() > SILENT_MS) reasons.push("the scheduler does not tick");
    try {
      // Next to nothing lies there, so that a probe costs one request however much is remembered.
      await refuseMovedRoot(this.#deps.state, signal);
    } catch (error) {
      const code = error instanceof SyncError ? error.code : "INTERNAL";
      reasons.push(code === "STATE_MOVED" ? "the state root was moved elsewhere" : `the state root does not answer (${code})`);
    }
    return { ready: reasons.length === 0, reasons };
  }

  get #deps(): SyncDeps {
    return this.#scheduler.deps;
  }

  #lane(stream: string): ScheduleLane {
    const lane = this.#scheduler.lane(stream);
    if (lane !== null) return lane;
    throw new SyncError("STREAM_UNKNOWN", `No stream is called "${stream}".`, { context: { stream } });
  }

  #refuse({ name, enabled }: Stream): void {
    if (this.#scheduler.draining)
      throw new SyncError("SERVICE_DRAINING", "The service is stopping, so it starts no run.", { retry: "transient" });
    if (!enabled) throw new SyncError("STREAM_DISABLED", `${name} is switched off (enabled: false).`, { context: { stream: name } });
  }

  async #model(lane: ScheduleLane, status: StreamStatus | undefined, signal: AbortSignal): Promise<ServiceModel> {
    const { stream, taken, pending, requested, failed } = lane;
    if (status === undefined) throw new SyncError("INTERNAL", `No status of ${stream.name} was made.`);
    const pause = await this.#pause(stream.name, signal);
    return {
      stream: stream.name,
      model: stream.model,
      description: stream.description,
      tags: stream.tags,
      enabled: stream.enabled,
      source: stream.source.name,
      destination: stream.destination.name,
      schedule: stream.schedule ?? null,
      next: pause === null ? lane.next(this.#clock.now()) : null,
      pause,
      running: taken,
      pending: pending || requested.length > 0,
      retryAt: failed?.retryAt ?? null,
      status,
    };
  }

  async #pause(stream: string, signal: AbortSignal): Promise<ActivePause | null> {
    const pause = await activePause({ state: this.#deps.state, clock: this.#clock }, stream, signal);
    if (pause === null) return null;
    const { since, until, reason, by } = pause;
    return { since: new Date(since), until: until === null ? null : new Date(until), reason, by };
  }

  /** The record of a run that waits for its turn. */
  #waiting(id: string): RunRecord | null {
    for (const { stream, taken, started, requested } of this.#scheduler.lanes) {
      const waits = requested.some(({ run }) => run === id) || (taken?.run === id && !started);
      if (waits) return new RunReport(this.#deps, stream.name, id, null).record;
    }
    return null;
  }

  /** A key that was used before, whose run nobody has begun: the process that was to begin it is gone. */
  async #isAbandoned(lane: ScheduleLane, trigger: { readonly run: string; readonly at: string }, signal: AbortSignal): Promise<boolean> {
    if (this.#clock.now().getTime() - Date.parse(trigger.at) < ABANDONED_MS) return false;
    if (lane.taken?.run === trigger.run || lane.requested.some(({ run }) => run === trigger.run)) return false;
    return !(await listRuns(this.#deps.state, signal)).some(({ run }) => run === trigger.run);
  }

  /** Ends once the answer is on record and the delivery has begun, or with what kept it from that. */
  async #delivered(lane: ScheduleLane, held: string, caller: Caller): Promise<void> {
    const deps = this.#deps;
    const run = deps.newRunId();
    const facts: RunFacts = { stream: lane.stream.name, run, trigger: "approval", slot: null, attempt: 1, lagMs: null };
    await new Promise<void>((resolve, reject) => {
      const log: SyncDeps["log"] = {
        ...deps.log,
        phase: (event) => {
          // Phases begin when nothing more can keep the bytes from being delivered.
          resolve();
          deps.log.phase(event);
        },
      };
      const work = async (): Promise<RunResult> => {
        using stop = ownSignal(this.#stop);
        const result = await approveRun({ ...deps, log, newRunId: () => run }, lane.stream, held, caller, stop.signal);
        if (result.error === null) resolve();
        else reject(result.error);
        return result;
      };
      this.#scheduler.occupy(lane, facts, () =>
        work().catch((error: unknown) => {
          reject(error);
          throw error;
        }),
      );
    });
  }
}
