import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import { RETRIES } from "../../core/retry-channel.ts";
import type { ServiceEvents } from "../ports.ts";
import { RunMetrics } from "./run-metrics.ts";
import { StreamMetrics, type StreamMetricsOptions } from "./stream-metrics.ts";

/** What metrics are made of. */
export interface MetricsOptions extends Omit<StreamMetricsOptions, "lastSuccess"> {
  readonly events: ServiceEvents;
  readonly version: string;
  /** The model of a stream; for one that is unknown, its own name. */
  readonly modelOf: (stream: string) => string;
}

/** Metrics for Prometheus; disposing them ends the counting. */
export interface Metrics extends Disposable {
  /** Everything as text; where the state root does not answer, `sync_state_up` is 0 and the rest is as it was. */
  text(signal: AbortSignal): Promise<string>;
  readonly contentType: string;
}

/** Starts to count. */
export function openMetrics({ events, version, modelOf, ...looked }: MetricsOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const runs = new RunMetrics(registry, modelOf);
  const streams = new StreamMetrics(registry, { ...looked, lastSuccess: runs.lastSuccess });
  const retries = new Counter({
    name: "sync_s3_retries_total",
    help: "Requests to S3 that were tried again",
    labelNames: ["code"],
    registers,
  });
  new Gauge({ name: "sync_build_info", help: "Version of Spillway", labelNames: ["version"], registers }).set({ version }, 1);

  const unsubscribe = events.subscribe((event) => runs.observe(event));
  const count = (message: unknown): void => {
    if (typeof message === "object" && message !== null && "code" in message) retries.inc({ code: String(message.code) });
  };
  RETRIES.subscribe(count);
  return {
    contentType: registry.contentType,
    async text(signal) {
      await streams.refresh(signal);
      return await registry.metrics();
    },
    [Symbol.dispose]() {
      unsubscribe();
      RETRIES.unsubscribe(count);
    },
  };
}
