import type { Note } from "../../core/log.ts";
import { counted } from "../../core/readable.ts";
import type { RunFacts, ServiceEvent } from "../../serve/ports.ts";
import { slotText } from "./due-text.ts";
import { duration } from "./numbers.ts";

/** An event of the service as a line of its log. */
export function eventNote(event: ServiceEvent): Note {
  return { level: levelOf(event), event: event.kind.replace("_", "."), text: textOf(event), facts: factsOf(event) };
}

/** Of a run's record what a line has room for; `sync show` has the rest. */
function factsOf(event: ServiceEvent): Readonly<Record<string, unknown>> {
  const { kind: _kind, at: _at, ...facts } = event;
  const model = "stream" in event ? { model: event.stream.split(".")[0] } : {};
  if (event.kind !== "run_finished") return { ...model, ...facts };
  const { status, generation, counts } = event.record;
  return { ...model, ...facts, record: undefined, status, generation, ...counts };
}

function levelOf(event: ServiceEvent): Note["level"] {
  switch (event.kind) {
    case "config_refused":
    case "look_failed":
      return "error";
    case "run_finished":
      if (event.error === null || event.record.status === "busy") return "info";
      return event.record.status === "held" ? "warn" : "error";
    case "slot_missed":
    case "slot_late":
      return "warn";
    case "service_started":
    case "service_draining":
    case "service_stopped":
    case "run_started":
    case "slot_coalesced":
    case "config_reloaded":
      return "info";
  }
}

function textOf(event: ServiceEvent): string {
  switch (event.kind) {
    case "service_started":
      return `started with ${counted(event.streams.length, "stream")}`;
    case "service_draining":
      return event.running.length === 0
        ? "stopping; nothing is under way"
        : `stopping after ${counted(event.running.length, "run")} under way`;
    case "service_stopped":
      return "stopped";
    case "run_started":
      return `${event.stream}  run ${event.run} starts${reasonOf(event)}`;
    case "run_finished":
      return finishedText(event);
    case "slot_coalesced":
      return `${event.stream}  the slot ${slotText(event.slot)} came while run ${event.running} is under way; one run follows it`;
    case "slot_missed":
      return `${event.stream}  ${counted(event.count, "slot")} up to ${slotText(event.slot)} left out: ${event.why === "paused" ? "paused" : "nothing could run then, and catch_up is none"}`;
    case "slot_late":
      return `${event.stream}  the slot ${slotText(event.slot)} is ${duration(event.lateMs)} late`;
    case "config_reloaded":
      return `configuration read anew: ${counted(event.streams.length, "stream")}`;
    case "config_refused":
      return `THE CHANGED CONFIGURATION IS BROKEN, the old one stays in force: ${event.error.code} ${event.error.message}`;
    case "look_failed":
      return `${event.stream}  what is due is not known: ${event.error.code} ${event.error.message}`;
  }
}

function reasonOf({ trigger, slot, attempt, lagMs }: RunFacts): string {
  if (slot === null) return trigger === "api" ? " because it was asked for" : " because it was approved";
  const how = trigger === "retry" ? `, attempt ${attempt}` : trigger === "catch_up" ? `, ${duration(lagMs ?? 0)} late` : "";
  return ` for ${slotText(slot)}${how}`;
}

function finishedText({ stream, record, error, retryAt }: Extract<ServiceEvent, { readonly kind: "run_finished" }>): string {
  const counts = record.status === "delivered" && record.counts !== null ? countsText(record.counts) : "";
  const generation = record.status === "delivered" ? ` generation ${record.generation}` : "";
  const why = error === null ? "" : `: ${error.code} ${error.message}`;
  const again = retryAt === null ? "" : `; again at ${retryAt.toISOString().slice(0, 19)}Z`;
  return `${stream}  run ${record.run} ${record.status}${generation}${counts}${why}${again}`;
}

function countsText({
  added,
  changed,
  removed,
  full,
}: {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly full: number;
}): string {
  return full > 0 ? ` (${full} rows)` : ` (+${added} ~${changed} -${removed})`;
}
