import { Gauge, type Registry } from "prom-client";
import type { Clock } from "../../core/clock.ts";
import type { ObjectStore } from "../../core/ports.ts";
import { readCurrent } from "../../state/current.ts";
import { succeeded } from "../alerts/judge-alerts.ts";
import type { ServiceControl, ServiceModel } from "../ports.ts";

/** How streams stand is looked up in the state root so often at most, however often somebody scrapes. */
const FRESH_MS = 30_000;
/** A state root that takes longer counts as one that does not answer: whoever scrapes gives up soon. */
const PATIENCE_MS = 8000;

type StreamGauge = Gauge<"model" | "stream">;

/** Where it is looked up how streams stand. */
export interface StreamMetricsOptions {
  readonly control: Pick<ServiceControl, "models">;
  readonly state: ObjectStore;
  readonly clock: Clock;
  readonly lastSuccess: StreamGauge;
}

/** Gauges of how every stream stands; those of a stream that is no more go away. */
export class StreamMetrics {
  readonly #options: StreamMetricsOptions;
  readonly #gauges: Readonly<Record<"generation" | "held" | "open" | "lease" | "paused" | "bytes", StreamGauge>>;
  readonly #up: Gauge;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | null = null;

  constructor(registry: Registry, options: StreamMetricsOptions) {
    this.#options = options;
    const gauge = (name: string, help: string): StreamGauge =>
      new Gauge({ name, help, labelNames: ["model", "stream"], registers: [registry] });
    this.#gauges = {
      generation: gauge("sync_generation", "Generation that was delivered last"),
      held: gauge("sync_held", "1 while a run of the stream waits for an answer"),
      open: gauge("sync_open_plans", "1 while a delivery of the stream is begun and not ended"),
      lease: gauge("sync_lease_held", "1 while this process runs the stream"),
      paused: gauge("sync_paused", "1 while the stream's schedule is paused"),
      bytes: gauge("sync_state_bytes", "Bytes of the stream's snapshot in the state root: its base and the changes since"),
    };
    this.#up = new Gauge({ name: "sync_state_up", help: "1 when the state root answered the last look", registers: [registry] });
  }

  /** Looks again, unless that was done just now; two who ask at once share one look. What cannot be looked up stays as it was. */
  async refresh(signal: AbortSignal): Promise<void> {
    if (this.#options.clock.now().getTime() - this.#lookedAt < FRESH_MS) return;
    this.#looking ??= this.#look(signal).finally(() => {
      this.#looking = null;
    });
    await this.#looking;
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { control, clock } = this.#options;
    try {
      const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
      const models = await control.models(patience);
      for (const gauge of Object.values(this.#gauges)) gauge.reset();
      for (const model of models) await this.#show(model, patience);
      this.#up.set(1);
    } catch (error) {
      if (signal.aborted) throw error;
      this.#up.set(0);
    }
    this.#lookedAt = clock.now().getTime();
  }

  async #show({ stream, model, status, running, pause }: ServiceModel, signal: AbortSignal): Promise<void> {
    const { generation, held, open, lease, paused, bytes } = this.#gauges;
    const names = { model, stream };
    generation.set(names, status.generation);
    held.set(names, status.heldRun === null ? 0 : 1);
    open.set(names, status.openGeneration === null ? 0 : 1);
    lease.set(names, running === null ? 0 : 1);
    paused.set(names, pause === null ? 0 : 1);
    // What ended before this process began is only known from the record.
    const success = [status.lastRun, status.lastDelivery].find((run) => run !== null && succeeded(run.status));
    if (success?.endedAt != null) this.#options.lastSuccess.set(names, Date.parse(success.endedAt) / 1000);
    bytes.set(names, await snapshotBytes(this.#options.state, stream, signal));
  }
}

async function snapshotBytes(state: ObjectStore, stream: string, signal: AbortSignal): Promise<number> {
  const current = await readCurrent(state, stream, signal);
  const files = current === null ? [] : [...(current.base === null ? [] : [current.base]), ...current.log];
  return files.reduce((sum, { size }) => sum + size, 0);
}
