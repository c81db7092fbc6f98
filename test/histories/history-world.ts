import { rm } from "node:fs/promises";
import { join } from "node:path";
import { SyncError } from "../../src/core/errors.ts";
import { silentLog } from "../../src/core/log.ts";
import type { ObjectStore } from "../../src/core/ports.ts";
import type { Stream } from "../../src/core/types.ts";
import type { RunResult } from "../../src/sync/recorded-run.ts";
import type { SyncDeps } from "../../src/sync/sync-deps.ts";
import { fakeParts, fakeSource, noEngine, type FakeWarehouse } from "../support/fake-parts.ts";
import { faultyStore, type PutFault } from "../support/faulty-store.ts";
import { testStream } from "../support/sync-harness.ts";
import { watchedStore, type Archive } from "./archive.ts";
import { Gate, gatedStore } from "./gate.ts";
import { memoryStore, type Bucket } from "./memory-store.ts";

/** What holds for a whole history. */
export interface Conditions {
  /** The destination's credentials may only write. */
  readonly writeOnly: boolean;
  /** A lease that is held keeps others away until it runs out; otherwise every other process counts as gone. */
  readonly leases: boolean;
}

/** One process: a command that somebody started on a host. */
export interface Process {
  readonly gate: Gate;
  readonly ended: Promise<void>;
  /** null: it still stands at its gate. */
  result: Error | "ok" | null;
}

export type HostName = "a" | "b";
export type PlaceName = "out" | "other";

const LEASE_MS = 600_000;
const START = Date.UTC(2026, 0, 1);

/**
 * A warehouse, a state root, two destinations and two hosts, all in memory but the hosts' scratch folders. Processes stop at any operation
 * on a store for as long as the history likes, or for good.
 */
export class HistoryWorld {
  readonly conditions: Conditions;
  readonly warehouse: FakeWarehouse = { table: new Map(), queries: 0 };
  readonly state: Bucket = { objects: new Map() };
  readonly places: Readonly<Record<PlaceName, Bucket>> = { out: { objects: new Map() }, other: { objects: new Map() } };
  readonly archive: Archive = { created: new Map(), violations: [] };
  readonly processes = new Map<HostName, Process>();
  /** What becomes of the next PUTs. */
  readonly script: Readonly<Record<"destination" | "state", PutFault[]>> = { destination: [], state: [] };
  /** So many operations on the destination are refused for expired credentials. */
  expired = 0;
  place: PlaceName = "out";
  /** Until a fault may damage the state, nobody may say that it is damaged. */
  readonly mayFailWith = new Set<string>(ALWAYS);
  readonly #scratch: string;
  #at = START;
  #ids = 0;

  constructor(scratch: string, conditions: Conditions) {
    this.#scratch = scratch;
    this.conditions = conditions;
    if (conditions.writeOnly) this.mayFailWith.add("CLAIM_UNSETTLED");
  }

  /** The stream, delivered to the place that the configuration names now. */
  stream(changes: Partial<Stream> = {}): Stream {
    const base = testStream(this.#scratch, "SELECT 1", changes);
    return { ...base, destination: { name: this.place, type: "local", options: { type: "local", path: this.place } } };
  }

  advance(ms: number): void {
    this.#at += ms;
  }

  /** Starts a command on a host, where whatever ran there before is killed, and lets so many of its operations pass. */
  async start(host: HostName, operations: number, command: (deps: SyncDeps) => Promise<RunResult | object | null>): Promise<Process> {
    const gate = new Gate(operations);
    const process: Process = { gate, result: null, ended: Promise.resolve() };
    const work = async (): Promise<void> => {
      try {
        const outcome = await command(this.#deps(host, gate));
        process.result = outcome !== null && "error" in outcome && outcome.error instanceof Error ? outcome.error : "ok";
      } catch (error) {
        process.result = error instanceof Error ? error : new Error(String(error));
      }
    };
    const ended = work();
    const kept = Object.assign(process, { ended });
    this.processes.set(host, kept);
    await this.wait(host);
    return kept;
  }

  /** Lets a process of a host go on. */
  async resume(host: HostName, operations: number): Promise<void> {
    this.processes.get(host)?.gate.open(operations);
    await this.wait(host);
  }

  /** Waits until a host's process has ended or stands at its gate; tells of an end that should not be. */
  async wait(host: HostName): Promise<void> {
    const process = this.processes.get(host);
    if (process === undefined) return;
    await Promise.race([process.ended, process.gate.stopped()]);
    const { result } = process;
    if (result === null) return;
    this.processes.delete(host);
    if (result === "ok" || (result instanceof SyncError && this.mayFailWith.has(result.code))) return;
    this.archive.violations.push(
      `a command failed with ${result instanceof SyncError ? result.code : ""} ${result.stack ?? result.message}`,
    );
  }

  kill(host: HostName): void {
    this.processes.delete(host);
  }

  async loseScratch(host: HostName): Promise<void> {
    this.kill(host);
    await rm(join(this.#scratch, host), { recursive: true, force: true });
  }

  /** A store of the state root for a look from outside. */
  stateStore(): ObjectStore {
    return memoryStore(this.state, { type: "local", endpoint: "", bucket: "", prefix: "state" });
  }

  #deps(host: HostName, gate: Gate): SyncDeps {
    const next = (store: "destination" | "state") => (): PutFault => this.script[store].shift() ?? "pass";
    return {
      clock: { now: () => new Date((this.#at += 1000)) },
      log: silentLog,
      state: gatedStore(faultyStore(this.stateStore(), { put: next("state") }), gate),
      scratch: join(this.#scratch, host),
      owner: { host: this.conditions.leases ? host : "same", instance: `i${(this.#ids += 1)}`, pid: this.#ids, isRunning: () => false },
      leaseTtlMs: LEASE_MS,
      parts: fakeParts(this.warehouse),
      newRunId: () => `01${String((this.#ids += 1)).padStart(8, "0")}`,
      newStateId: () => `00000000-0000-4000-8000-${String((this.#ids += 1)).padStart(12, "0")}`,
      openEngine: () => Promise.resolve(noEngine()),
      openSource: () => Promise.resolve(fakeSource(this.warehouse)),
      openDestination: (spec) => {
        const name = spec.name as PlaceName;
        const watched = watchedStore(this.#place(name), name, this.archive, this.state);
        const faulty = faultyStore(watched, { put: next("destination"), writeOnly: this.conditions.writeOnly });
        return Promise.resolve(gatedStore(this.#expiring(faulty), gate));
      },
    };
  }

  #place(name: PlaceName): ObjectStore {
    return memoryStore(this.places[name], { type: "local", endpoint: "", bucket: "", prefix: name });
  }

  #expiring(store: ObjectStore): ObjectStore {
    const refuse = (): void => {
      if (this.expired === 0) return;
      this.expired -= 1;
      throw new SyncError("DESTINATION_CREDENTIALS", "the session has expired", { retry: "transient" });
    };
    return {
      ...store,
      putNew: async (key, body, facts, signal) => {
        refuse();
        return await store.putNew(key, body, facts, signal);
      },
      head: async (key, signal) => {
        refuse();
        return await store.head(key, signal);
      },
    };
  }

  /** Deletes what the hosts left on disk. */
  async close(): Promise<void> {
    this.processes.clear();
    await rm(this.#scratch, { recursive: true, force: true });
  }
}

/** What a run may always say: it was kept away, could not reach a store, waits for an answer, or came too late. */
const ALWAYS = [
  "STREAM_BUSY",
  "DESTINATION_UNAVAILABLE",
  "DESTINATION_UNANSWERED",
  "DESTINATION_CREDENTIALS",
  "STATE_UNAVAILABLE",
  "GUARD_MIN_ROWS",
  "SCHEMA_CHANGED",
  "IDENTITY_CHANGED",
  "OPEN_PLAN_ELSEWHERE",
  "BYTES_CHANGED",
  "PLAN_ABANDONED",
  "PLAN_NOT_OPEN",
  "HELD_ANSWERED",
  "HELD_STALE",
  "RUN_NOT_HELD",
] as const;
