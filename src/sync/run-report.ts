import type { Delta, DeltaCounts } from "../core/delta.ts";
import { SyncError, isAbort } from "../core/errors.ts";
import type { LoggedRun, Phase, RunEvent } from "../core/log.ts";
import { scrub } from "../core/scrub.ts";
import type { Slot } from "../core/types.ts";
import type { Plan, Reading, RunRecord, RunStatus, StoredCounts } from "../state/documents.ts";
import { isHeldCode } from "./held-codes.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** Gathers what happens in a run, tells it to the log as it happens, and makes the record of it. */
export class RunReport {
  readonly #deps: Pick<SyncDeps, "clock" | "log">;
  readonly #about: Pick<LoggedRun, "model" | "generation">;
  #record: RunRecord;

  /** `about`: the stream's model, and the generation that is about to be delivered as far as that is known. */
  constructor(
    deps: Pick<SyncDeps, "clock" | "log">,
    stream: string,
    run: string,
    slot: Date | null,
    scheduled: Slot | null = null,
    about: Pick<LoggedRun, "model" | "generation"> = { model: stream, generation: null },
  ) {
    this.#deps = deps;
    this.#about = about;
    this.#record = {
      format: "spillway/run/1",
      run,
      stream,
      status: "unfinished",
      generation: null,
      slot: slot?.toISOString() ?? null,
      ...(scheduled === null ? {} : { scheduled: slotName(scheduled) }),
      startedAt: deps.clock.now().toISOString(),
      endedAt: null,
      finishedBy: null,
      phases: [],
      counts: null,
      changedColumns: [],
      files: [],
      manifest: null,
      destination: null,
      warnings: [],
      error: null,
    };
  }

  /** The record so far. */
  get record(): RunRecord {
    return this.#record;
  }

  /** Tells that the run has the stream. */
  started(): void {
    this.#deps.log.run?.({ ...this.#logged(), state: "started" });
  }

  /** Runs a phase, timed and told; `detail` makes what a person reads beside it. */
  async phase<T>(phase: Phase, work: () => Promise<T>, detail?: (result: T) => string): Promise<T> {
    const started = this.#deps.clock.now().getTime();
    this.#deps.log.phase({ ...this.#logged(), phase, state: "started" });
    const result = await work();
    const ms = Math.max(0, this.#deps.clock.now().getTime() - started);
    this.#record = { ...this.#record, phases: [...this.#record.phases, { phase, ms }] };
    this.#deps.log.phase({ ...this.#logged(), phase, state: "done", ms, ...(detail === undefined ? {} : { detail: detail(result) }) });
    return result;
  }

  /** Tells how far a phase is. */
  progress(phase: Phase, done: number, total: number): void {
    this.#deps.log.phase({ ...this.#logged(), phase, state: "progress", done, total });
  }

  /** Tells something that a person should know and that stops nothing. */
  warn(text: string): void {
    const message = scrub(text);
    this.#record = { ...this.#record, warnings: [...this.#record.warnings, message] };
    this.#deps.log.warn(message, this.#logged());
  }

  /** Notes where the rows come from, of a run beside others of its model. */
  read(reading: Reading): void {
    this.#record = { ...this.#record, reading };
  }

  /** Notes what the comparison found. */
  compared(delta: Pick<Delta, "counts" | "changedColumns">): void {
    this.#record = {
      ...this.#record,
      counts: storedCounts(delta.counts),
      changedColumns: delta.changedColumns.map(({ name, rows }) => ({ name, rows: smallCount(rows) })),
    };
  }

  /** Notes what is to be delivered. */
  planned(plan: Plan): void {
    this.#record = { ...this.#record, ...planFacts(plan) };
  }

  /** The record of the run as it ended. */
  ended(status: RunStatus, error: unknown = null): RunRecord {
    this.#record = {
      ...this.#record,
      status,
      endedAt: this.#deps.clock.now().toISOString(),
      error: error === null ? null : errorFacts(error),
    };
    this.#deps.log.run?.(endedEvent(this.#record, this.#logged()));
    return this.#record;
  }

  #logged(): LoggedRun {
    const { stream, run, generation } = this.#record;
    return { stream, model: this.#about.model, run, generation: generation ?? this.#about.generation };
  }
}

function endedEvent({ status, startedAt, endedAt, error, counts }: RunRecord, about: LoggedRun): RunEvent {
  return {
    ...about,
    state: "ended",
    status,
    startedAt: new Date(startedAt),
    endedAt: new Date(endedAt ?? startedAt),
    code: error?.code ?? null,
    counts: counts === null ? null : { rows: counts.current, added: counts.added, changed: counts.changed, removed: counts.removed },
  };
}

/** What a scheduled slot is called, as documents hold it. */
export function slotName({ wall, zone }: Slot): { readonly wall: string; readonly zone: string } {
  return { wall, zone };
}

/** What a plan adds to the record of its run. */
export function planFacts(
  plan: Plan,
): Pick<RunRecord, "generation" | "kind" | "slot" | "counts" | "changedColumns" | "files" | "manifest" | "destination"> {
  return {
    generation: plan.generation,
    kind: plan.kind,
    slot: plan.slot,
    counts: plan.counts,
    changedColumns: plan.changedColumns,
    files: plan.objects.map(({ key, change, rows, size, sha256 }) => ({ key, change, rows, size, sha256 })),
    manifest: plan.manifest?.key ?? null,
    destination: plan.identity.destination,
  };
}

/** Counts as a document holds them. */
export function storedCounts(counts: DeltaCounts): StoredCounts {
  const { added, changed, removed, full, refreshed, unchanged, current, snapshotAfter } = counts;
  return {
    added: smallCount(added),
    changed: smallCount(changed),
    removed: smallCount(removed),
    full: smallCount(full),
    refreshed: smallCount(refreshed),
    unchanged: smallCount(unchanged),
    current: smallCount(current),
    snapshotAfter: smallCount(snapshotAfter),
  };
}

/** A count of rows as a JSON number; one that would lose digits is refused. */
export function smallCount(rows: bigint): number {
  const count = Number(rows);
  if (!Number.isSafeInteger(count) || count < 0) throw new SyncError("INTERNAL", "A count of rows is out of range.");
  return count;
}

/** How a failed run ended: stopped by a signal, or failed. */
export function failedStatus(error: unknown): RunStatus {
  if (error instanceof SyncError && error.code === "STREAM_BUSY") return "busy";
  if (error instanceof SyncError && isHeldCode(error.code)) return "held";
  return isAbort(error) ? "interrupted" : "failed";
}

/** A record goes to files, alerts and pages: what others said to us may hold anything, and goes no further with a secret in it. */
function errorFacts(error: unknown): RunRecord["error"] {
  if (error instanceof SyncError)
    return { code: error.code, message: scrub(error.message), hint: error.hint === null ? null : scrub(error.hint) };
  if (isAbort(error)) return { code: "INTERRUPTED", message: "The run was stopped.", hint: null };
  return {
    code: "INTERNAL",
    message: error instanceof Error ? scrub(error.message) : "Something that is no error was thrown.",
    hint: null,
  };
}
