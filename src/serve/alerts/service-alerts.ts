import { Slots } from "../../core/slots.ts";
import type { Project, Stream } from "../../core/types.ts";
import type { RunRecord } from "../../state/documents.ts";
import type { ServiceEvent, ServiceEvents } from "../ports.ts";
import { type Alerts, type AlertsOptions, openAlerts } from "./open-alerts.ts";

/** What the alerts of a service are made with; the configuration in force may change under them. */
export interface ServiceAlertsOptions extends Omit<AlertsOptions, "sinks" | "publicUrl"> {
  readonly events: ServiceEvents;
  readonly project: () => Pick<Project, "alerts" | "serve" | "streams">;
}

/** Alerts of a service. */
export interface ServiceAlerts {
  /** A held run was answered with no: there is no event of that, for no run ended. */
  rejected(record: RunRecord): void;
  close(lingerMs: number): Promise<void>;
}

/** Tells alerts of what happens in a service, each time by the configuration that is in force then. */
export function openServiceAlerts({ events, project, ...options }: ServiceAlertsOptions): ServiceAlerts {
  const open = (): Alerts => openAlerts({ ...options, sinks: project().alerts, publicUrl: project().serve.publicUrl });
  const streamOf = (name: string): Stream | null => project().streams.find((stream) => stream.name === name) ?? null;
  let alerts = open();
  const retired: Alerts[] = [];
  const unsubscribe = events.subscribe((event) => {
    if (event.kind === "config_reloaded") {
      retired.push(alerts);
      alerts = open();
      return;
    }
    if (event.kind === "service_started") {
      for (const name of event.streams) resume(alerts, streamOf(name));
      return;
    }
    tell(alerts, event, streamOf);
  });
  return {
    rejected(record) {
      const stream = streamOf(record.stream);
      if (stream !== null) alerts.ended(stream, record);
    },
    async close(lingerMs) {
      unsubscribe();
      await Promise.all([...retired, alerts].map((each) => each.close(lingerMs)));
    },
  };
}

function resume(alerts: Alerts, stream: Stream | null): void {
  if (stream !== null) alerts.resume(stream);
}

function tell(alerts: Alerts, event: ServiceEvent, streamOf: (name: string) => Stream | null): void {
  if (event.kind === "run_finished") {
    const stream = streamOf(event.stream);
    // A failure that is tried again is none yet.
    if (stream !== null && event.retryAt === null) alerts.ended(stream, event.record);
  } else if (event.kind === "slot_late") {
    const stream = streamOf(event.stream);
    if (stream?.schedule === undefined) return;
    const { at } = event.slot;
    const next = new Slots(stream.schedule).after(at);
    if (next === null) return;
    alerts.late(stream, { slot: at.toISOString(), lateMs: event.lateMs, intervalMs: next.at.getTime() - at.getTime() });
  }
}
