import type { Project } from "../core/types.ts";
import type { Alerts } from "../serve/alerts/open-alerts.ts";
import type { SyncDeps } from "../sync/sync-deps.ts";
import { echoName } from "./report-error.ts";

/** After its runs a command waits so long at most for alerts to arrive. */
const LINGER_MS = 5000;

/** Alerts of one command; disposing them waits a little for what is under way. */
export type CommandAlerts = Omit<Alerts, "close"> & AsyncDisposable;

const NO_ALERTS: CommandAlerts = {
  ended: () => undefined,
  late: () => undefined,
  resume: () => undefined,
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/** Opens the alerts of a project; where it has none, nothing is loaded and nobody told. */
export async function openCommandAlerts(
  project: Pick<Project, "alerts" | "serve">,
  deps: Pick<SyncDeps, "state" | "clock" | "log" | "owner">,
): Promise<CommandAlerts> {
  if (project.alerts.length === 0) return NO_ALERTS;
  const { openAlerts } = await import("../serve/alerts/open-alerts.ts");
  const alerts = openAlerts({
    store: deps.state,
    clock: deps.clock,
    log: deps.log,
    by: deps.owner.instance,
    sinks: project.alerts,
    publicUrl: project.serve.publicUrl,
    // Whoever reads an alert does so on a host where `sync` may be another program.
    rename: (text) => echoName(text, "spillway"),
  });
  return {
    ended: alerts.ended,
    late: alerts.late,
    resume: alerts.resume,
    [Symbol.asyncDispose]: () => alerts.close(LINGER_MS),
  };
}
