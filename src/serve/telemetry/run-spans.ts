import { context, type Span, SpanStatusCode, trace, type Tracer } from "@opentelemetry/api";
import type { Phase, PhaseEvent, RunEvent } from "../../core/log.ts";

type EndedRun = Extract<RunEvent, { readonly state: "ended" }>;

interface PhaseTimes {
  readonly phase: Phase;
  readonly from: Date;
  to: Date | null;
}

/** Makes a span of each run, and one below it of each of its phases, when the run has ended: only then all of it is known. */
export class RunSpans {
  readonly #tracer: Tracer;
  readonly #phases = new Map<string, PhaseTimes[]>();

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  phase({ run, phase, state }: PhaseEvent, at: Date): void {
    if (state === "progress") return;
    const phases = this.#phases.get(run) ?? [];
    this.#phases.set(run, phases);
    if (state === "started") phases.push({ phase, from: at, to: null });
    else {
      const open = phases.findLast((each) => each.phase === phase && each.to === null);
      if (open !== undefined) open.to = at;
    }
  }

  ended(event: EndedRun): void {
    const span = this.#tracer.startSpan("run", { root: true, startTime: event.startedAt, attributes: runAttributes(event) });
    const inside = trace.setSpan(context.active(), span);
    for (const { phase, from, to } of this.#phases.get(event.run) ?? []) {
      const below = this.#tracer.startSpan(phase, { startTime: from, attributes: { "spillway.stream": event.stream } }, inside);
      // A phase without an end is the one that the run failed in.
      if (to === null) markFailed(below, event.code);
      below.end(to ?? event.endedAt);
    }
    this.#phases.delete(event.run);
    if (event.status === "failed") markFailed(span, event.code);
    span.end(event.endedAt);
  }
}

function runAttributes({ stream, model, run, generation, status, code, counts }: EndedRun): Record<string, string | number> {
  return {
    "spillway.stream": stream,
    "spillway.model": model,
    "spillway.run": run,
    "spillway.status": status,
    ...(generation === null ? {} : { "spillway.generation": generation }),
    ...(code === null ? {} : { "error.type": code }),
    ...(counts === null
      ? {}
      : {
          "spillway.rows": counts.rows,
          "spillway.rows.added": counts.added,
          "spillway.rows.changed": counts.changed,
          "spillway.rows.removed": counts.removed,
        }),
  };
}

function markFailed(span: Span, code: string | null): void {
  span.setStatus({ code: SpanStatusCode.ERROR, ...(code === null ? {} : { message: code }) });
}
