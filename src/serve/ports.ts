import type { ErrorCode } from "../core/error-codes.ts";
import type { Schedule, Slot } from "../core/types.ts";
import type { RunRecord } from "../state/documents.ts";
import type { StreamStatus } from "../sync/stream-status.ts";

/** What made a run start. `catch_up`: a slot that no scheduler was there for; `retry`: a slot whose last run failed. */
export type Trigger = "schedule" | "catch_up" | "retry" | "api" | "approval";

/** An error as events carry it; `exit` is the exit code that the command line would end with. */
export interface ToldError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | null;
  readonly exit: number;
}

/** What happens in the service, in the order in which it happens. Listeners are told after the fact and can delay nothing. */
export type ServiceEvent = { readonly at: Date } & (
  | { readonly kind: "service_started"; readonly streams: readonly string[] }
  /** A signal came: no run starts any more, those under way are finished. */
  | { readonly kind: "service_draining"; readonly running: readonly string[] }
  | { readonly kind: "service_stopped" }
  | ({ readonly kind: "run_started" } & RunFacts)
  /** `retryAt`: when the slot is tried again; null: it is not. A held run has status `held` and its error's code tells why. */
  | ({
      readonly kind: "run_finished";
      readonly record: RunRecord;
      readonly error: ToldError | null;
      readonly retryAt: Date | null;
    } & RunFacts)
  /** A slot came due while the stream's last run was still under way; one run stands for it and those that follow until then. */
  | { readonly kind: "slot_coalesced"; readonly stream: string; readonly slot: Slot; readonly running: string }
  /** Slots will not be run: `count` of them up to and including `slot`. */
  | {
      readonly kind: "slot_missed";
      readonly stream: string;
      readonly slot: Slot;
      readonly count: number;
      readonly why: "downtime" | "paused";
    }
  /** A slot is not done although it should long be: the next one is due, or its run starts more than a minute late. */
  | { readonly kind: "slot_late"; readonly stream: string; readonly slot: Slot; readonly lateMs: number }
  | { readonly kind: "config_reloaded"; readonly streams: readonly string[]; readonly warnings: readonly string[] }
  /** The new configuration is broken; the old one stays in force. */
  | { readonly kind: "config_refused"; readonly error: ToldError }
  /** The state root could not be asked what is due; it is asked again. */
  | { readonly kind: "look_failed"; readonly stream: string; readonly error: ToldError }
);

/** What is known of a run when it starts. */
export interface RunFacts {
  readonly stream: string;
  readonly run: string;
  readonly trigger: Trigger;
  /** null: nobody scheduled it. */
  readonly slot: Slot | null;
  /** 1 for the first run of a slot. */
  readonly attempt: number;
  /** How long after its slot it started. */
  readonly lagMs: number | null;
}

/** Where events come from. A listener that throws hurts nobody. */
export interface ServiceEvents {
  /** Returns what ends the subscription. */
  subscribe(listener: (event: ServiceEvent) => void): () => void;
}

/** A pause of a stream's schedule that is in force. */
export interface ActivePause {
  readonly since: Date;
  readonly until: Date | null;
  readonly reason: string | null;
  readonly by: string;
}

/** A stream as the service sees it. */
export interface ServiceModel {
  readonly stream: string;
  readonly model: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly enabled: boolean;
  readonly source: string;
  readonly destination: string;
  readonly schedule: Schedule | null;
  /** null while paused, disabled or without a schedule. */
  readonly next: Slot | null;
  readonly pause: ActivePause | null;
  /** Runs of this process: the one under way, and whether another waits. */
  readonly running: RunFacts | null;
  readonly pending: boolean;
  /** When a slot that failed is tried again. */
  readonly retryAt: Date | null;
  readonly status: StreamStatus;
}

/** A run that was asked for. */
export interface StartedRun {
  readonly run: string;
  readonly stream: string;
  /** The key was seen before, and this is the run that it started then. */
  readonly repeated: boolean;
}

/** Who asks, for the record. */
export interface Caller {
  readonly by: string;
  readonly reason: string | null;
}

/** What the service can be told and asked by whatever stands in front of it. Errors are SyncErrors. */
export interface ServiceControl {
  models(signal: AbortSignal): Promise<readonly ServiceModel[]>;
  /** Newest first. `streams: null` means all. */
  runs(filter: { readonly streams: readonly string[] | null; readonly limit: number }, signal: AbortSignal): Promise<readonly RunRecord[]>;
  /** RUN_NOT_FOUND; a run that waits in the queue has the record of an unfinished one. */
  run(id: string, signal: AbortSignal): Promise<RunRecord>;
  /**
   * Queues a run of one stream and returns its id at once. The same key for the same stream starts one run, also at once from several
   * hosts and after a restart (the key is kept in the state root). STREAM_UNKNOWN; STREAM_DISABLED; SERVICE_DRAINING.
   */
  start(request: { readonly stream: string; readonly idempotencyKey: string | null }, signal: AbortSignal): Promise<StartedRun>;
  /** Decides, and delivers in the background; the record as it stands then. RUN_NOT_FOUND, or the reason why it cannot be answered. */
  approve(run: string, caller: Caller, signal: AbortSignal): Promise<RunRecord>;
  reject(run: string, caller: Caller, signal: AbortSignal): Promise<RunRecord>;
  /** Of this process alone: nothing is asked of the state root. */
  health(): ServiceHealth;
  /** Whether the state root answers and the scheduler ticks; `reasons` when not. */
  readiness(signal: AbortSignal): Promise<{ readonly ready: boolean; readonly reasons: readonly string[] }>;
}

/** How the process stands. */
export interface ServiceHealth {
  readonly startedAt: Date;
  /** null: it has not ticked yet. */
  readonly tickedAt: Date | null;
  readonly draining: boolean;
  readonly running: readonly RunFacts[];
  readonly queued: number;
}
