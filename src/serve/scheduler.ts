import type { Clock } from "../core/clock.ts";
import { SyncError } from "../core/errors.ts";
import type { Slot, Stream } from "../core/types.ts";
import { dueSlot, type DueSlot } from "../sync/due-slot.ts";
import { asError, type RunResult } from "../sync/recorded-run.ts";
import { RunLanes } from "../sync/run-lanes.ts";
import { RunReport, failedStatus } from "../sync/run-report.ts";
import { runStream } from "../sync/run-stream.ts";
import { mayPass } from "../sync/settle-slot.ts";
import { type SharedMoment, sharedMoments } from "../sync/shared-moment.ts";
import type { SyncDeps } from "../sync/sync-deps.ts";
import type { EventBus } from "./event-bus.ts";
import { ownSignal } from "./own-signal.ts";
import type { RunFacts, Trigger } from "./ports.ts";
import { BUSY_DELAY_MS, LOOK_DELAY_MS, retryDelay } from "./retry-delay.ts";
import { ScheduleLane } from "./schedule-lane.ts";
import { toldError } from "./told-error.ts";

/** A run that starts so long after its slot makes up for a time in which nothing could run. */
const CATCH_UP_MS = 60_000;

/** What the scheduler works with. */
export interface SchedulerOptions {
  readonly clock: Clock;
  readonly events: EventBus;
  readonly deps: SyncDeps;
  readonly streams: readonly Stream[];
  /** How many runs at once. */
  readonly jobs: number;
  /** Stops the runs that are under way. */
  readonly stop: AbortSignal;
}

/**
 * Runs streams when their slots come due. It remembers nothing that matters: what is due is asked of the state root each time, so that a
 * restart, a second host or a clock that was changed neither loses a slot nor runs one twice.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #lanes = new Map<string, ScheduleLane>();
  readonly #room: RunLanes;
  readonly #underWay = new Set<Promise<void>>();
  #fail: (bug: unknown) => void = () => undefined;
  /** Fails when the scheduler itself does; it never succeeds. */
  readonly broken: Promise<never> = new Promise((_, reject) => (this.#fail = reject));
  #deps: SyncDeps;
  #draining = false;
  #tickedAt: Date | null = null;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#deps = options.deps;
    this.#room = new RunLanes(options.jobs);
    // Nobody has to wait for it.
    this.broken.catch(() => undefined);
    for (const stream of options.streams) this.#lanes.set(stream.name, new ScheduleLane(stream, options.clock.now()));
  }

  get deps(): SyncDeps {
    return this.#deps;
  }

  get tickedAt(): Date | null {
    return this.#tickedAt;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Every stream of the configuration in force. */
  get lanes(): readonly ScheduleLane[] {
    return [...this.#lanes.values()];
  }

  lane(stream: string): ScheduleLane | null {
    return this.#lanes.get(stream) ?? null;
  }

  /** Looks at the clock: to be called once a second, or after any time at all. */
  tick(): void {
    const now = this.#options.clock.now();
    // After the clock was set back, what comes next is nearer than it was.
    const wasSetBack = this.#tickedAt !== null && now < this.#tickedAt;
    this.#tickedAt = now;
    if (this.#draining) return;
    if (wasSetBack) for (const lane of this.#lanes.values()) lane.lookAgain(now, null);
    const models = new Map<string, ScheduleLane[]>();
    for (const lane of this.#lanes.values()) {
      if (lane.lookAt === null || lane.lookAt > now || lane.looking) continue;
      if (lane.taken === null) models.set(lane.stream.model, [...(models.get(lane.stream.model) ?? []), lane]);
      else this.#coalesce(lane, lane.taken, now);
    }
    for (const lanes of models.values()) this.#spawn(this.#look(lanes));
  }

  /** Takes on a changed configuration. Runs that are under way end as they began. */
  reload(deps: SyncDeps, streams: readonly Stream[]): void {
    const now = this.#options.clock.now();
    this.#deps = deps;
    const known = new Map(this.#lanes);
    this.#lanes.clear();
    for (const stream of streams) {
      const lane = known.get(stream.name) ?? new ScheduleLane(stream, now);
      lane.become(stream, now);
      this.#lanes.set(stream.name, lane);
    }
  }

  /** Runs a stream because somebody asked; after the run that has it now. */
  request(lane: ScheduleLane, run: string): void {
    const start = (): void => {
      const facts: RunFacts = { stream: lane.stream.name, run, trigger: "api", slot: null, attempt: 1, lagMs: null };
      this.#take(lane, facts, () => this.#runOnce(lane, facts));
    };
    if (lane.taken === null) start();
    else lane.requested.push({ run, start });
  }

  /** Does other work that has a stream's runs wait, such as the delivery of an approved run. */
  occupy(lane: ScheduleLane, facts: RunFacts, work: () => Promise<RunResult>): void {
    const start = (): void => this.#take(lane, facts, work);
    if (lane.taken === null) start();
    else lane.requested.push({ run: facts.run, start });
  }

  /** Starts nothing any more and waits until what is under way has ended. */
  async drain(): Promise<void> {
    if (!this.#draining) {
      this.#draining = true;
      const running = this.lanes.flatMap(({ taken, started }) => (taken !== null && started ? [taken.run] : []));
      this.#options.events.emit({ kind: "service_draining", running });
    }
    await this.idle();
  }

  /** Waits until nothing is under way. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  /** Deliveries of one model are looked at together: those that turn out to be due read one moment of their source. */
  async #look(lanes: readonly ScheduleLane[]): Promise<void> {
    const due = await Promise.all(lanes.map((lane) => this.#ask(lane)));
    const starting = lanes.filter((lane, at) => this.#starts(lane, due[at] ?? null));
    const streams = starting.map(({ stream }) => stream);
    const moments = sharedMoments(this.#deps, streams);
    for (const [at, lane] of lanes.entries()) {
      const found = due[at] ?? null;
      if (found?.kind === "due" && starting.includes(lane)) this.#startSlot(lane, found.slot, moments.get(lane.stream.name));
      else this.#leave(lane, found);
    }
  }

  /** What of a stream is due; null: the state root did not tell. */
  async #ask(lane: ScheduleLane): Promise<DueSlot | null> {
    const { clock, events, stop } = this.#options;
    const { stream, slots } = lane;
    if (slots === null) return null;
    lane.looking = true;
    try {
      using own = ownSignal(stop);
      const due = await dueSlot({ state: this.#deps.state, clock, stream, slots }, own.signal);
      lane.lookAgain(clock.now(), null);
      return due;
    } catch (error) {
      if (stop.aborted) return null;
      lane.lookAgain(clock.now(), this.#later(LOOK_DELAY_MS));
      events.emit({ kind: "look_failed", stream: stream.name, error: toldError(error) });
      return null;
    } finally {
      lane.looking = false;
    }
  }

  #starts(lane: ScheduleLane, due: DueSlot | null): boolean {
    if (due?.kind !== "due" || lane.taken !== null || this.#draining) return false;
    const retryAt = lane.retryOf(due.slot);
    return retryAt === null || retryAt <= this.#options.clock.now();
  }

  /** What becomes of a slot that no run starts for now. */
  #leave(lane: ScheduleLane, due: DueSlot | null): void {
    const { clock, events } = this.#options;
    if (due === null || due.kind === "idle") return;
    if (due.kind === "missed") events.emit({ ...due, kind: "slot_missed", stream: lane.stream.name });
    else {
      const retryAt = lane.retryOf(due.slot);
      if (retryAt !== null && retryAt > clock.now()) lane.lookAgain(clock.now(), retryAt);
      else lane.pending = true;
    }
  }

  #startSlot(lane: ScheduleLane, slot: Slot, together: SharedMoment | undefined): void {
    const now = this.#options.clock.now();
    const failures = lane.failed?.slot.getTime() === slot.at.getTime() ? lane.failed.failures : 0;
    const lagMs = Math.max(0, now.getTime() - slot.at.getTime());
    const trigger: Trigger = failures > 0 ? "retry" : lagMs > CATCH_UP_MS ? "catch_up" : "schedule";
    if (lagMs > CATCH_UP_MS && failures === 0) this.#tellLate(lane, slot, lagMs);
    const facts = { stream: lane.stream.name, run: this.#deps.newRunId(), trigger, slot, attempt: failures + 1, lagMs };
    this.#take(lane, facts, () => this.#runOnce(lane, facts, together), together);
  }

  /** A slot came due while the stream is taken: one run stands for all that do so until then. */
  #coalesce(lane: ScheduleLane, taken: RunFacts, now: Date): void {
    const slot = lane.slots?.latest(lane.lookAt ?? now, now) ?? null;
    lane.lookAgain(now, null);
    if (slot === null) return;
    if (!lane.pending) {
      this.#options.events.emit({ kind: "slot_coalesced", stream: lane.stream.name, slot, running: taken.run });
      if (taken.slot !== null) this.#tellLate(lane, taken.slot, now.getTime() - taken.slot.at.getTime());
    }
    lane.pending = true;
  }

  #tellLate(lane: ScheduleLane, slot: Slot, lateMs: number): void {
    this.#options.events.emit({ kind: "slot_late", stream: lane.stream.name, slot, lateMs });
  }

  async #runOnce(lane: ScheduleLane, { run, slot }: RunFacts, together?: SharedMoment): Promise<RunResult> {
    const deps = { ...this.#deps, newRunId: () => run, ...(together === undefined ? {} : { together }) };
    using stop = ownSignal(this.#options.stop);
    return await runStream(deps, lane.stream, { slot, fullResync: false, baseline: false }, stop.signal);
  }

  /** Gives a stream to one run, from now until that has ended. */
  #take(lane: ScheduleLane, facts: RunFacts, work: () => Promise<RunResult>, together?: SharedMoment): void {
    lane.taken = facts;
    lane.started = false;
    const turn = async (): Promise<void> => {
      await this.#turn(lane, facts, work);
      await together?.leave(facts.stream);
    };
    this.#spawn(this.#room.run(lane.stream.source, turn));
  }

  async #turn(lane: ScheduleLane, queued: RunFacts, work: () => Promise<RunResult>): Promise<void> {
    const { clock, events } = this.#options;
    if (this.#draining) {
      lane.taken = null;
      return;
    }
    const { slot } = queued;
    const facts = slot === null ? queued : { ...queued, lagMs: Math.max(0, clock.now().getTime() - slot.at.getTime()) };
    lane.taken = facts;
    lane.started = true;
    events.emit({ kind: "run_started", ...facts });
    const result = await this.#caught(facts, work);
    lane.taken = null;
    const retryAt = this.#noteEnd(lane, facts, result);
    const error = result.error === null ? null : toldError(result.error);
    events.emit({ kind: "run_finished", ...facts, record: result.record, error, retryAt });
    this.#goOn(lane);
  }

  /** What failed outside of any run: no destination, no state. */
  async #caught(facts: RunFacts, work: () => Promise<RunResult>): Promise<RunResult> {
    try {
      return await work();
    } catch (error) {
      const report = new RunReport(this.#deps, facts.stream, facts.run, facts.slot?.at ?? null, facts.slot);
      return { record: report.ended(failedStatus(error), error), error: asError(error) };
    }
  }

  /** Decides whether and when the slot is tried again. */
  #noteEnd(lane: ScheduleLane, { slot }: RunFacts, { record, error }: RunResult): Date | null {
    const { stop } = this.#options;
    if (slot === null) return null;
    const before = lane.failed?.slot.getTime() === slot.at.getTime() ? lane.failed.failures : 0;
    lane.failed = null;
    if (error === null || record.status === "held" || stop.aborted || !mayPass(error)) return null;
    const isBusy = error instanceof SyncError && error.code === "STREAM_BUSY";
    const failures = before + (isBusy ? 0 : 1);
    const retryAt = this.#later(isBusy ? BUSY_DELAY_MS : retryDelay(failures));
    lane.failed = { slot: slot.at, failures, retryAt };
    if (lane.lookAt === null || retryAt < lane.lookAt) lane.lookAt = retryAt;
    return retryAt;
  }

  #goOn(lane: ScheduleLane): void {
    if (this.#draining) return;
    const next = lane.requested.shift();
    if (next !== undefined) next.start();
    else if (lane.pending) {
      lane.pending = false;
      lane.lookAt = this.#options.clock.now();
      this.tick();
    }
  }

  #later(ms: number): Date {
    return new Date(this.#options.clock.now().getTime() + ms);
  }

  #spawn(work: Promise<void>): void {
    const tracked = work.catch(this.#fail).finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }
}
