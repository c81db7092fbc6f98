import type { Clock } from "../core/clock.ts";
import { SyncError } from "../core/errors.ts";
import type { Project } from "../core/types.ts";
import type { SyncDeps } from "../sync/sync-deps.ts";
import { EventBus } from "./event-bus.ts";
import { FileWatch, type WatchedFiles } from "./file-watch.ts";
import type { ServiceControl, ServiceEvents } from "./ports.ts";
import { Scheduler } from "./scheduler.ts";
import { SchedulerControl } from "./service-control.ts";
import { toldError } from "./told-error.ts";

/** A configuration that can be run. */
export interface LoadedService {
  readonly project: Project;
  readonly warnings: readonly string[];
  readonly watched: WatchedFiles;
  readonly deps: SyncDeps;
}

/** What the service is made of. */
export interface ServiceOptions {
  readonly clock: Clock;
  readonly jobs: number;
  readonly first: LoadedService;
  /** Reads the configuration anew, for the state root that is open; throws what is wrong with it. */
  readonly load: () => Promise<LoadedService>;
  /** Stops runs that are under way. */
  readonly stop: AbortSignal;
}

/** How many ticks pass between two looks at the files of the configuration. */
const TICKS_BETWEEN_LOOKS = 2;

/** The scheduler with its configuration. Whoever made it calls `tick` once a second, and `drain` in the end. */
export class Service {
  readonly control: ServiceControl;
  readonly #options: ServiceOptions;
  readonly #events: EventBus;
  readonly #scheduler: Scheduler;
  readonly #watch: FileWatch;
  #project: Project;
  #ticks = 0;
  #reloading: Promise<void> = Promise.resolve();
  #looking = false;

  constructor(options: ServiceOptions) {
    const { clock, jobs, first, stop } = options;
    this.#options = options;
    this.#project = first.project;
    this.#events = new EventBus(clock);
    this.#scheduler = new Scheduler({ clock, events: this.#events, deps: first.deps, streams: first.project.streams, jobs, stop });
    this.#watch = new FileWatch(first.watched);
    this.control = new SchedulerControl(this.#scheduler, clock, stop);
  }

  get events(): ServiceEvents {
    return this.#events;
  }

  /** The configuration in force. */
  get project(): Project {
    return this.#project;
  }

  /** Fails when the scheduler itself does. */
  get broken(): Promise<never> {
    return this.#scheduler.broken;
  }

  /** Tells that it begins, and looks at every stream. */
  start(): void {
    this.#events.emit({ kind: "service_started", streams: this.#project.streams.map(({ name }) => name) });
    this.tick();
  }

  /** Lets the scheduler look at the clock, and looks at the files of the configuration now and then. */
  tick(): void {
    this.#scheduler.tick();
    this.#ticks += 1;
    if (this.#ticks % TICKS_BETWEEN_LOOKS === 0 && !this.#looking) void this.#lookAtFiles();
  }

  /** Reads the configuration anew. A broken one is told and changes nothing. */
  async reload(): Promise<void> {
    this.#reloading = this.#reloading.then(() => this.#reload());
    await this.#reloading;
  }

  /** Starts nothing any more, waits for what is under way, and tells that it has ended. */
  async drain(): Promise<void> {
    await this.#scheduler.drain();
    await this.#reloading;
    this.#events.emit({ kind: "service_stopped" });
  }

  async #lookAtFiles(): Promise<void> {
    this.#looking = true;
    try {
      if (await this.#watch.look()) await this.reload();
    } finally {
      this.#looking = false;
    }
  }

  async #reload(): Promise<void> {
    if (this.#scheduler.draining) return;
    try {
      const next = await this.#options.load();
      if (JSON.stringify(next.project.state) !== JSON.stringify(this.#project.state)) {
        throw new SyncError("SERVICE_RESTART_NEEDED", "The configuration names another state root than the one this service works with.");
      }
      this.#project = next.project;
      this.#watch.watch(next.watched);
      this.#scheduler.reload(next.deps, next.project.streams);
      this.#events.emit({ kind: "config_reloaded", streams: next.project.streams.map(({ name }) => name), warnings: next.warnings });
    } catch (error) {
      this.#events.emit({ kind: "config_refused", error: toldError(error) });
    }
  }
}
