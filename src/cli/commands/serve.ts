import { loadProject } from "../../config/load-project.ts";
import type { Clock } from "../../core/clock.ts";
import { durationSchema } from "../../core/duration-schema.ts";
import { SyncError } from "../../core/errors.ts";
import type { Project } from "../../core/types.ts";
import { type FrontOptions, openFront } from "../../serve/open-front.ts";
import type { ServiceEvents } from "../../serve/ports.ts";
import { Service, type LoadedService } from "../../serve/service.ts";
import { Ticker } from "../../serve/ticker.ts";
import { graceSignal } from "../../sync/grace-signal.ts";
import { retiredStreams } from "../../sync/retired-streams.ts";
import type { SyncDeps } from "../../sync/sync-deps.ts";
import { allowedJobs } from "../allowed-jobs.ts";
import { assemble, projectDeps } from "../assemble.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { eventNote } from "../render/service-event.ts";
import { echoName } from "../report-error.ts";

/** What `sync serve` was asked for. */
export interface ServeOptions {
  readonly jobs: number;
  /** How long runs under way may go on after a signal. */
  readonly drain: string;
  /** Where to listen, where that is not as configured. */
  readonly listen: { readonly host: string | null; readonly port: number | null };
}

/** Runs streams on their schedules until a signal comes; then what is under way is finished, as far as the time allows. */
export async function serve(options: ServeOptions, context: CommandContext): Promise<CommandOutcome> {
  const { host, log, signal } = context;
  const drainMs = parseDrain(options.drain);
  const loaded = await load(context);
  await using program = await assemble(loaded.project, context);
  using stop = graceSignal(signal, drainMs);
  const service = new Service({
    clock: host.clock,
    jobs: allowedJobs(options.jobs, host.env["UV_THREADPOOL_SIZE"], (message) => log.warn(message)),
    first: withDeps(loaded, program.deps),
    load: async () => withDeps(await load(context), program.deps),
    stop: stop.signal,
  });
  tellEvents(service.events, context);
  await using front = await openFront(frontOptions(service, program.deps, options, context), signal);
  log.note?.({ level: "info", event: "service.listening", text: `listening on ${front.url}`, facts: { url: front.url } });
  for (const warning of loaded.warnings) log.warn(warning);
  for (const name of (await retiredStreams(program.deps.state, loaded.project.streams, signal)).keys())
    log.warn(`${name} is retired: none of its slots is run.`);
  if (!loaded.project.streams.some(({ schedule, enabled }) => schedule !== undefined && enabled)) log.warn("No stream has a schedule.");
  await untilStopped(service, host.clock, signal);
  return { data: { stopped: true }, text: "" };
}

function frontOptions(service: Service, deps: SyncDeps, { listen }: ServeOptions, { host }: CommandContext): FrontOptions {
  const { control, events } = service;
  const project = (): Project => {
    const { serve: written, ...rest } = service.project;
    return { ...rest, serve: { ...written, host: listen.host ?? written.host, port: listen.port ?? written.port } };
  };
  // Whoever reads an alert does so on a host where `sync` may be another program.
  return { control, events, project, deps, version: host.version, rename: (text) => echoName(text, "spillway") };
}

async function untilStopped(service: Service, clock: Clock, signal: AbortSignal): Promise<void> {
  const reload = (): void => void service.reload();
  process.on("SIGHUP", reload);
  service.start();
  using _ticker = new Ticker(clock, () => service.tick());
  try {
    await Promise.race([aborted(signal), service.broken]);
  } finally {
    process.off("SIGHUP", reload);
    await service.drain();
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** The configuration as it stands now, without what runs it. */
async function load({ host, globals, signal }: CommandContext): Promise<Omit<LoadedService, "deps">> {
  const { project, warnings, files, modelsFolder } = await loadProject({
    configFile: globals.configFile,
    env: host.env,
    cwd: host.cwd,
    target: globals.target,
    signal,
  });
  return { project, warnings, watched: { files, folder: modelsFolder } };
}

function withDeps(loaded: Omit<LoadedService, "deps">, deps: SyncDeps): LoadedService {
  return { ...loaded, deps: projectDeps(deps, loaded.project) };
}

function tellEvents(events: ServiceEvents, { log }: CommandContext): void {
  events.subscribe((event) => log.note?.(eventNote(event)));
}

function parseDrain(text: string): number {
  const parsed = durationSchema("").safeParse(text);
  if (parsed.success) return parsed.data;
  throw new SyncError("USAGE", `--drain ${text} is no duration.`, { hint: "Write it as 25s or 5m." });
}
