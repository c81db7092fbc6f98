import type { RunRecord } from "../../state/documents.ts";
import { placeText } from "./run-record.ts";

/** A run as --json tells it: part of the contract, so keys are only ever added. */
export function runData(run: RunRecord): Readonly<Record<string, unknown>> {
  const { counts } = run;
  return {
    run_id: run.run,
    stream: run.stream,
    status: run.status,
    generation: run.generation,
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
    changed_columns: run.changedColumns,
    files: run.files,
    manifest: run.manifest,
    destination: run.destination === null ? null : placeText(run.destination),
    phases: run.phases,
    warnings: run.warnings,
    error: run.error,
  };
}
