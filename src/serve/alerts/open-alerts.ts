import { setTimeout as sleep } from "node:timers/promises";
import type { AlertEdge, AlertSink } from "../../core/alerts.ts";
import type { Clock } from "../../core/clock.ts";
import { isAbort, SyncError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { ObjectStore } from "../../core/ports.ts";
import type { Stream } from "../../core/types.ts";
import type { RunRecord } from "../../state/documents.ts";
import { advanceAlerts, type AlertLedger, type AlertState, type PendingAlert } from "./alert-state.ts";
import type { Alert } from "./alert.ts";
import { describeAlert, type LateFacts } from "./describe-alert.ts";
import { judgeLate, judgeRun, type Judged, succeeded } from "./judge-alerts.ts";
import { sendAlert, type SendOptions } from "./send-alert.ts";
import { SinkQueue } from "./sink-queue.ts";

/** What is still to be told after this long is taken up by whoever looks next: the host that meant to tell it has ended. */
const CLAIM_MS = 120_000;
/** Older news is no news. */
const STALE_MS = 24 * 3_600_000;

/** What alerts are told with. */
export interface AlertsOptions extends Pick<SendOptions, "pause"> {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly log: Pick<Log, "warn">;
  /** This process, as no other is called. */
  readonly by: string;
  readonly sinks: readonly AlertSink[];
  readonly publicUrl: string | null;
  readonly rename: (text: string) => string;
}

/** What is known of a stream when it is told of. */
export type ToldStream = Pick<Stream, "name" | "model" | "alerts">;

/** Tells sinks of edges. Every call returns at once; nothing that goes wrong behind it is thrown, it is warned of. */
export interface Alerts {
  /** A run has ended for good: it is not tried again by itself. */
  ended(stream: ToldStream, record: RunRecord): void;
  late(stream: ToldStream, facts: LateFacts): void;
  /** Tells what an earlier process decided and did not get to tell. */
  resume(stream: ToldStream): void;
  /** Waits until everything is told, for so long at most; what is left is told by the next process. */
  close(lingerMs: number): Promise<void>;
}

/** Opens the alerts of a project. */
export function openAlerts(options: AlertsOptions): Alerts {
  const teller = new Teller(options);
  return {
    ended: (stream, record) => teller.ended(stream, record),
    late: (stream, facts) => teller.happened(stream, (state) => judgeLate(state, facts), { record: null, late: facts }),
    resume: (stream) => teller.happened(stream, (state) => ({ state, edges: [] }), { record: null, late: null }),
    close: (lingerMs) => teller.close(lingerMs),
  };
}

interface Occasion {
  readonly record: RunRecord | null;
  readonly late: LateFacts | null;
}

class Teller {
  readonly #options: AlertsOptions;
  readonly #ledger: AlertLedger;
  readonly #queues = new Map<string, SinkQueue>();
  /** Of each stream, one thing after the other: their order is what edges are made of. */
  readonly #streams = new Map<string, SinkQueue>();
  readonly #stop = new AbortController();

  constructor(options: AlertsOptions) {
    this.#options = options;
    const { store, by, clock } = options;
    this.#ledger = { store, by, now: () => clock.now().toISOString() };
  }

  ended(stream: ToldStream, record: RunRecord): void {
    this.happened(stream, (state) => judgeRun(state, record), { record, late: null });
    if (!succeeded(record.status)) return;
    for (const sink of this.#sinksOf(stream)) {
      if (sink.type === "heartbeat") this.#enqueue(sink, beat(stream, record), async () => Promise.resolve());
    }
  }

  happened(stream: ToldStream, judge: (state: AlertState) => Judged, occasion: Occasion): void {
    const told = this.#sinksOf(stream).filter(({ type }) => type !== "heartbeat");
    if (told.length === 0) return;
    const taken = queueOf(this.#streams, stream.name).add(async () => {
      try {
        await this.#judge(stream, judge, occasion);
      } catch (error) {
        this.#warn(`What alerts of ${stream.name} have told could not be noted`, error);
      }
    });
    if (!taken) this.#options.log.warn(`Too much happened to ${stream.name} at once; some of it is told to nobody.`);
  }

  async close(lingerMs: number): Promise<void> {
    const ended = new AbortController();
    const idle = async (): Promise<"idle"> => {
      for (const queue of this.#streams.values()) await queue.idle();
      for (const queue of this.#queues.values()) await queue.idle();
      for (const queue of this.#streams.values()) await queue.idle();
      return "idle";
    };
    const timer = sleep(lingerMs, "late" as const, { signal: ended.signal }).catch(() => "idle" as const);
    const first = await Promise.race([idle(), timer]);
    ended.abort();
    if (first === "idle") return;
    this.#options.log.warn("Some alerts have not arrived yet; the next run, or `sync serve`, sends them again.");
    this.#stop.abort(new SyncError("INTERRUPTED", "Alerts were given up."));
    await idle();
  }

  async #judge(stream: ToldStream, judge: (state: AlertState) => Judged, occasion: Occasion): Promise<void> {
    let fresh: readonly PendingAlert[] = [];
    const moved = await advanceAlerts(
      this.#ledger,
      stream.name,
      (before) => {
        const { state, edges } = judge(before);
        fresh = [...this.#takenOver(before), ...this.#made(stream, edges, before, occasion)];
        if (fresh.length === 0 && same(before, state) && !this.#hasStale(before)) return null;
        const names = new Set(fresh.map(({ alert }) => alert.id));
        const kept = before.pending.filter(({ alert }) => !names.has(alert.id) && !this.#isStale(alert));
        return { ...state, pending: [...kept, ...fresh] };
      },
      this.#stop.signal,
    );
    if (moved === null) return;
    for (const { alert, to } of fresh) this.#tell(stream, alert, to);
  }

  #made(stream: ToldStream, edges: readonly AlertEdge[], { rows }: AlertState, occasion: Occasion): readonly PendingAlert[] {
    const { publicUrl, rename } = this.#options;
    const at = this.#ledger.now();
    return edges.flatMap((edge) => {
      const to = this.#sinksOf(stream).filter((sink) => sink.type !== "heartbeat" && sink.on.includes(edge));
      if (to.length === 0) return [];
      const facts = { ...occasion, edge, stream: stream.name, model: stream.model, at, usualRows: rows, publicUrl, rename };
      return [{ alert: { ...describeAlert(facts), edge }, to: to.map(({ name }) => name), claimedAt: at }];
    });
  }

  /** What another process meant to tell and, by now, does not tell any more. */
  #takenOver({ pending }: AlertState): readonly PendingAlert[] {
    const now = this.#options.clock.now();
    return pending
      .filter(({ alert, claimedAt }) => !this.#isStale(alert) && now.getTime() - Date.parse(claimedAt) > CLAIM_MS)
      .map((each) => ({ ...each, claimedAt: now.toISOString() }));
  }

  #isStale({ at }: Pick<Alert, "at">): boolean {
    return this.#options.clock.now().getTime() - Date.parse(at) > STALE_MS;
  }

  #hasStale({ pending }: AlertState): boolean {
    return pending.some(({ alert }) => this.#isStale(alert));
  }

  #tell(stream: ToldStream, alert: Alert, names: readonly string[]): void {
    for (const sink of this.#options.sinks.filter(({ name }) => names.includes(name))) {
      this.#enqueue(sink, alert, () => this.#settle(stream, alert.id, sink.name));
    }
  }

  #enqueue(sink: AlertSink, alert: Alert, done: () => Promise<void>): void {
    const { log } = this.#options;
    const taken = queueOf(this.#queues, sink.name).add(async () => {
      try {
        await sendAlert(sink, alert, this.#options, this.#stop.signal);
        await done();
      } catch (error) {
        this.#warn(alert.title, error);
      }
    });
    if (!taken) log.warn(`The alert ${sink.name} takes too long; "${alert.title}" waits for the next run.`);
  }

  /** Notes that a sink knows. */
  async #settle(stream: ToldStream, id: string, sink: string): Promise<void> {
    const always = new AbortController().signal;
    await advanceAlerts(
      this.#ledger,
      stream.name,
      (state) => {
        if (!state.pending.some(({ alert, to }) => alert.id === id && to.includes(sink))) return null;
        const pending = state.pending
          .map((each) => (each.alert.id === id ? { ...each, to: each.to.filter((name) => name !== sink) } : each))
          .filter(({ to }) => to.length > 0);
        return { ...state, pending };
      },
      always,
    );
  }

  #sinksOf({ alerts }: ToldStream): readonly AlertSink[] {
    return this.#options.sinks.filter(({ name }) => alerts.includes(name));
  }

  #warn(what: string, error: unknown): void {
    if (isAbort(error)) return;
    const why = error instanceof SyncError ? `${error.code}: ${error.message}` : error instanceof Error ? error.name : "unknown";
    this.#options.log.warn(`${what} (${why})`);
  }
}

function queueOf(queues: Map<string, SinkQueue>, name: string): SinkQueue {
  const queue = queues.get(name) ?? new SinkQueue();
  queues.set(name, queue);
  return queue;
}

function same(before: AlertState, after: AlertState): boolean {
  const { condition, late, deviating, lastSuccess, rows } = before;
  const isSame = condition === after.condition && late === after.late && deviating === after.deviating;
  return isSame && lastSuccess === after.lastSuccess && rows.join() === after.rows.join();
}

function beat(stream: ToldStream, record: RunRecord): Alert {
  const { run, generation } = record;
  const title = `The heartbeat of ${stream.name} was not heard`;
  const none = { code: null, message: "", hint: "", link: null };
  return {
    id: `${run}.heartbeat`,
    edge: "test",
    stream: stream.name,
    model: stream.model,
    at: record.startedAt,
    run,
    generation,
    title,
    ...none,
  };
}
