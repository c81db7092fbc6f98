import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { CHANGE_KINDS } from "../../core/types.ts";
import { succeeded } from "../alerts/judge-alerts.ts";
import type { ServiceEvent } from "../ports.ts";

const SECONDS = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400];

type FinishedRun = Extract<ServiceEvent, { readonly kind: "run_finished" }>;

/** Counts what happens, as it happens. Labels are names of the configuration and codes, never values of rows. */
export class RunMetrics {
  readonly #modelOf: (stream: string) => string;
  readonly #runs;
  readonly #rows;
  readonly #duration;
  readonly #lag;
  readonly #missed;
  readonly #refused;
  /** When each stream last succeeded; those who know of earlier runs set it as well. */
  readonly lastSuccess;

  constructor(registry: Registry, modelOf: (stream: string) => string) {
    this.#modelOf = modelOf;
    const registers = [registry];
    const of = <Label extends string>(name: string, help: string, ...labels: readonly Label[]) => ({
      name,
      help,
      labelNames: ["model", "stream", ...labels] as const,
      registers,
    });
    this.#runs = new Counter(of("sync_run_total", "Runs that ended, by how", "result"));
    this.#rows = new Counter(of("sync_rows_total", "Rows that were delivered", "op"));
    this.#duration = new Histogram({
      name: "sync_run_duration_seconds",
      help: "How long phases of runs took; `total` is the whole run",
      labelNames: ["phase"],
      buckets: SECONDS,
      registers,
    });
    this.lastSuccess = new Gauge(of("sync_last_success_timestamp_seconds", "When a run of the stream last succeeded"));
    this.#lag = new Gauge(of("sync_schedule_lag_seconds", "How long after its slot the stream's last scheduled run began"));
    this.#missed = new Counter(of("sync_slots_missed_total", "Slots that no run stands for", "why"));
    this.#refused = new Gauge({
      name: "sync_config_refused",
      help: "1 while the newest configuration is broken and an older one in force",
      registers,
    });
  }

  observe(event: ServiceEvent): void {
    switch (event.kind) {
      case "run_finished":
        this.#ended(event);
        break;
      case "run_started":
        if (event.lagMs !== null) this.#lag.set(this.#names(event.stream), event.lagMs / 1000);
        break;
      case "slot_missed":
        this.#missed.inc({ ...this.#names(event.stream), why: event.why }, event.count);
        break;
      case "config_refused":
        this.#refused.set(1);
        break;
      case "config_reloaded":
        this.#refused.set(0);
        break;
      default:
    }
  }

  #ended({ record, stream }: FinishedRun): void {
    const names = this.#names(stream);
    this.#runs.inc({ ...names, result: record.status });
    if (record.status === "delivered" && record.counts !== null) {
      for (const op of [...CHANGE_KINDS, "full"] as const) this.#rows.inc({ ...names, op }, record.counts[op]);
    }
    for (const { phase, ms } of record.phases) this.#duration.observe({ phase }, ms / 1000);
    if (record.endedAt === null) return;
    const end = Date.parse(record.endedAt);
    this.#duration.observe({ phase: "total" }, (end - Date.parse(record.startedAt)) / 1000);
    if (succeeded(record.status)) this.lastSuccess.set(names, end / 1000);
  }

  #names(stream: string): { readonly model: string; readonly stream: string } {
    return { model: this.#modelOf(stream), stream };
  }
}
