import type { Project } from "../core/types.ts";
import type { SyncDeps } from "../sync/sync-deps.ts";
import { openServiceAlerts } from "./alerts/service-alerts.ts";
import { buildApi } from "./http/build-api.ts";
import { listen, requestToken } from "./http/listen.ts";
import { openMetrics } from "./metrics/open-metrics.ts";
import type { ServiceControl, ServiceEvents } from "./ports.ts";

/** After the last run the service waits so long at most for alerts to arrive. */
const LINGER_MS = 5000;

/** What stands in front of a service, and what it is made with. */
export interface FrontOptions {
  readonly control: ServiceControl;
  readonly events: ServiceEvents;
  /** The configuration in force; where it listens is decided once. */
  readonly project: () => Project;
  readonly deps: Pick<SyncDeps, "state" | "clock" | "log" | "owner">;
  readonly version: string;
  /** Puts the program's name for unattended use into commands. */
  readonly rename: (text: string) => string;
}

/** HTTP, metrics and alerts of a service; disposing it ends them, in the order in which they can be missed. */
export interface Front extends AsyncDisposable {
  /** Where it listens. */
  readonly url: string;
}

/** Opens what others reach a service by. Nothing of it can delay a run. */
export async function openFront(options: FrontOptions, signal: AbortSignal): Promise<Front> {
  const { control, events, project, deps, version, rename } = options;
  const { serve } = project();
  const token = await requestToken(serve, signal);
  const modelOf = (name: string): string => project().streams.find((stream) => stream.name === name)?.model ?? name;
  const ended = new AbortController();
  const alerts = openServiceAlerts({
    events,
    project,
    store: deps.state,
    clock: deps.clock,
    log: deps.log,
    by: deps.owner.instance,
    rename,
  });
  const metrics = openMetrics({ events, control, state: deps.state, clock: deps.clock, version, modelOf });
  const api = buildApi({
    control: {
      ...bound(control),
      reject: async (run, caller, stop) => {
        const record = await control.reject(run, caller, stop);
        alerts.rejected(record);
        return record;
      },
    },
    metrics,
    token,
    signal: ended.signal,
    failed: (error) => deps.log.warn(`A request failed for a reason that nobody foresaw (${nameOf(error)}).`),
  });
  const close = async (): Promise<void> => {
    metrics[Symbol.dispose]();
    ended.abort();
    await alerts.close(LINGER_MS);
  };
  try {
    const listening = await listen(api, serve);
    return {
      url: listening.url,
      [Symbol.asyncDispose]: async () => {
        await listening[Symbol.asyncDispose]();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Methods of an object that may be a class's, as functions of their own. */
function bound(control: ServiceControl): ServiceControl {
  return {
    models: (signal) => control.models(signal),
    runs: (filter, signal) => control.runs(filter, signal),
    run: (id, signal) => control.run(id, signal),
    start: (request, signal) => control.start(request, signal),
    approve: (run, caller, signal) => control.approve(run, caller, signal),
    reject: (run, caller, signal) => control.reject(run, caller, signal),
    health: () => control.health(),
    readiness: (signal) => control.readiness(signal),
  };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "no error";
}
