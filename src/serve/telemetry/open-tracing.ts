import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import { RunSpans } from "./run-spans.ts";

const EXPORT_TIMEOUT_MS = 5000;

/** What traces are made with. */
export interface TracingOptions {
  /** Where OTLP/HTTP is spoken: see `tracesEndpoint`. */
  readonly url: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Traces of runs; the log makes them of what it is told, and passes everything on. */
export interface Tracing extends AsyncDisposable {
  readonly log: Log;
}

/**
 * Sends a trace of every run to an OpenTelemetry collector. Headers, sampling and the name of the service are read from the usual
 * OTEL_ variables by OpenTelemetry itself. A collector that does not answer delays the end of the program by some seconds, and no run.
 */
export function openTracing({ url, version, clock, log }: TracingOptions): Tracing {
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: EXPORT_TIMEOUT_MS });
  const own = resourceFromAttributes({ "service.name": "spillway", "service.version": version });
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(own)
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor({ exporter: saysWhatFails(exporter, log), exportTimeoutMillis: EXPORT_TIMEOUT_MS })],
  });
  const spans = new RunSpans(provider.getTracer("spillway", version));
  return {
    log: {
      phase: (event) => {
        spans.phase(event, clock.now());
        log.phase(event);
      },
      warn: (message, about) => log.warn(message, about),
      note: (note) => log.note?.(note),
      run: (event) => {
        if (event.state === "ended") spans.ended(event);
        log.run?.(event);
      },
    },
    [Symbol.asyncDispose]: async () => {
      await provider.shutdown().catch(() => undefined);
    },
  };
}

/** Warns of the first export that fails, and of the next only after one that did not. */
function saysWhatFails(exporter: SpanExporter, log: Pick<Log, "warn">): SpanExporter {
  let failing = false;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.error !== undefined && !failing)
          log.warn(`Traces could not be sent to the collector of OTEL_EXPORTER_OTLP_ENDPOINT (${result.error.name}).`);
        failing = result.error !== undefined;
        done(result);
      }),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
}
