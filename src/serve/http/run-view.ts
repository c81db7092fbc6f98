import { placeText } from "../../core/readable.ts";
import type { Slot } from "../../core/types.ts";
import type { RunRecord } from "../../state/documents.ts";
import type { ServiceModel } from "../ports.ts";
import type { ModelView, RunView } from "./api-schemas.ts";

/** A run as machines are told of it, on the command line and over HTTP alike: part of the contract, so keys are only ever added. */
export function runView(run: RunRecord): RunView {
  const { counts } = run;
  return {
    run_id: run.run,
    stream: run.stream,
    status: run.status,
    generation: run.generation,
    kind: run.kind ?? null,
    slot: run.slot,
    started_at: run.startedAt,
    ended_at: run.endedAt,
    finished_by: run.finishedBy,
    ...(run.decision === undefined ? {} : { decision: run.decision }),
    rows: counts?.current ?? null,
    added: counts?.added ?? null,
    changed: counts?.changed ?? null,
    removed: counts?.removed ?? null,
    full: counts?.full ?? null,
    unchanged: counts?.unchanged ?? null,
    changed_columns: [...run.changedColumns],
    files: [...run.files],
    manifest: run.manifest,
    destination: run.destination === null ? null : placeText(run.destination),
    reading: run.reading ?? null,
    phases: [...run.phases],
    warnings: [...run.warnings],
    error: run.error,
  };
}

/** A stream as the service sees it, for machines. */
export function modelView(seen: ServiceModel): ModelView {
  const { schedule, next, pause, running, status } = seen;
  return {
    stream: seen.stream,
    model: seen.model,
    description: seen.description,
    tags: [...seen.tags],
    enabled: seen.enabled,
    source: seen.source,
    destination: seen.destination,
    schedule: schedule === null ? null : { cron: schedule.cron, timezone: schedule.timezone, catch_up: schedule.catchUp },
    next: next === null ? null : slotView(next),
    pause:
      pause === null
        ? null
        : { since: pause.since.toISOString(), until: pause.until?.toISOString() ?? null, reason: pause.reason, by: pause.by },
    running:
      running === null
        ? null
        : {
            run_id: running.run,
            trigger: running.trigger,
            slot: running.slot === null ? null : slotView(running.slot),
            attempt: running.attempt,
          },
    pending: seen.pending,
    retry_at: seen.retryAt?.toISOString() ?? null,
    state: status.state,
    generation: status.generation,
    rows: status.rows,
    held_run: status.heldRun,
    open_generation: status.openGeneration,
    watermark: status.watermark === null ? null : { up_to: status.watermark.upTo, from: status.watermark.from },
    last_run: status.lastRun === null ? null : runView(status.lastRun),
    last_delivery: status.lastDelivery === null ? null : runView(status.lastDelivery),
  };
}

function slotView({ at, wall, zone }: Slot): { readonly at: string; readonly wall: string; readonly zone: string } {
  return { at: at.toISOString(), wall, zone };
}
