import type { Slot, Stream } from "../../src/core/types.ts";
import { EventBus } from "../../src/serve/event-bus.ts";
import type { ServiceEvent } from "../../src/serve/ports.ts";
import { Scheduler } from "../../src/serve/scheduler.ts";
import type { RunRecord } from "../../src/state/documents.ts";
import { readPlan } from "../../src/state/plans.ts";
import { listRuns, readRun } from "../../src/state/run-records.ts";
import { stateKeys } from "../../src/state/state-keys.ts";
import type { SyncDeps } from "../../src/sync/sync-deps.ts";
import { world, type World } from "./protocol-world.ts";

const never = new AbortController().signal;

/** A clock that a test sets. */
export interface SetClock {
  now(): Date;
  set(at: string): void;
  move(ms: number): void;
}

/** Makes such a clock. */
export function setClock(start: string): SetClock {
  let at = Date.parse(start);
  return {
    now: () => new Date(at),
    set: (text) => {
      at = Date.parse(text);
    },
    move: (ms) => {
      at += ms;
    },
  };
}

/** A scheduler of one host, with what it said. */
export interface ServingHost {
  readonly scheduler: Scheduler;
  readonly deps: SyncDeps;
  readonly events: readonly ServiceEvent[];
  readonly stop: AbortController;
  /** It is dead: nobody waits for it. */
  abandon(): void;
  /** Ticks, and waits for what comes of it. */
  tick(): Promise<void>;
  /** What it said, in a few words each. */
  told(): readonly string[];
}

/** A world in which hosts serve schedules over one state root, by one clock. */
export interface ServiceWorld extends AsyncDisposable {
  readonly at: World;
  readonly clock: SetClock;
  /** A host that starts now, for one stream or several. */
  serve(
    name: string,
    options?: { readonly schedule?: Partial<Stream["schedule"]>; readonly streams?: readonly Stream[]; readonly jobs?: number },
  ): ServingHost;
  /** Moves the clock second by second, or in steps, and ticks each host. */
  pass(ms: number, hosts: readonly ServingHost[], stepMs?: number): Promise<void>;
  records(): Promise<readonly RunRecord[]>;
  /** The slots that generations were made for, oldest first; the generation's number where no schedule named one. */
  planned(): Promise<readonly (string | number)[]>;
}

/** Makes such a world. */
export async function serviceWorld(start = "2026-03-02T05:59:58.000Z"): Promise<ServiceWorld> {
  const at = await world();
  const clock = setClock(start);
  const hosts = new Set<ServingHost>();
  return {
    at,
    clock,
    serve: (name, { schedule = {}, streams, jobs = 2 } = {}) => {
      const made = servingHost(at.host(name, { clock }), clock, streams ?? [scheduled(at.stream, schedule)], jobs);
      const host = { ...made, abandon: () => void hosts.delete(host) };
      hosts.add(host);
      return host;
    },
    pass: async (ms, passing, stepMs = 1000) => {
      for (let passed = 0; passed < ms; passed += stepMs) {
        clock.move(stepMs);
        for (const host of passing) await host.tick();
      }
    },
    records: async () => {
      const { state } = at.host("reader");
      const records = await Promise.all((await listRuns(state, never)).map((name) => readRun(state, name, never)));
      return records.filter((record) => record !== null).toReversed();
    },
    planned: async () => {
      const { state } = at.host("reader");
      const slots: (string | number)[] = [];
      for (let generation = 1; ; generation += 1) {
        const plan = await readPlan(state, stateKeys(at.stream.name), generation, never);
        if (plan === null) return slots;
        slots.push(plan.scheduled === undefined ? generation : plan.slot);
      }
    },
    [Symbol.asyncDispose]: async () => {
      for (const { stop } of hosts) stop.abort();
      await Promise.all([...hosts].map(({ scheduler }) => scheduler.drain()));
      await at[Symbol.asyncDispose]();
    },
  };
}

/** The stream with a schedule: each minute in UTC, unless said otherwise. */
export function scheduled(stream: Stream, schedule: Partial<Stream["schedule"]> = {}): Stream {
  return { ...stream, schedule: { cron: "* * * * *", timezone: "UTC", catchUp: "latest", ...schedule } };
}

function servingHost(deps: SyncDeps, clock: SetClock, streams: readonly Stream[], jobs: number): Omit<ServingHost, "abandon"> {
  const bus = new EventBus(clock);
  const events: ServiceEvent[] = [];
  bus.subscribe((event) => events.push(event));
  const stop = new AbortController();
  const scheduler = new Scheduler({ clock, events: bus, deps, streams, jobs, stop: stop.signal });
  return {
    scheduler,
    deps,
    events,
    stop,
    tick: async () => {
      scheduler.tick();
      await scheduler.idle();
    },
    told: () => events.map(tellEvent),
  };
}

function tellEvent(event: ServiceEvent): string {
  const time = (slot: Slot | null): string => slot?.at.toISOString().slice(8, 19) ?? "-";
  switch (event.kind) {
    case "run_started":
      return `${event.trigger} ${time(event.slot)} #${event.attempt}`;
    case "run_finished":
      return `${event.record.status}${event.error === null ? "" : ` ${event.error.code}`}${event.retryAt === null ? "" : ` again ${event.retryAt.toISOString().slice(11, 19)}`}`;
    case "slot_missed":
      return `missed ${event.count} to ${time(event.slot)}: ${event.why}`;
    case "slot_coalesced":
    case "slot_late":
      return `${event.kind} ${time(event.slot)}`;
    case "look_failed":
    case "config_refused":
      return `${event.kind} ${event.error.code}`;
    default:
      return event.kind;
  }
}
