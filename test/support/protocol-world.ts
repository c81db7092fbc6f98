import type { ObjectStore, Place } from "../../src/core/ports.ts";
import { openFolderStore } from "../../src/folder/folder-store.ts";
import type { RunRecord } from "../../src/state/documents.ts";
import type { RunResult } from "../../src/sync/recorded-run.ts";
import { runStream, type RunStreamOptions } from "../../src/sync/run-stream.ts";
import type { SyncDeps } from "../../src/sync/sync-deps.ts";
import { memoryStore, type StoredObject } from "../histories/memory-store.ts";
import { consume, type Table } from "./consumer.ts";
import { fakeParts, fakeSource, noEngine, type FakeWarehouse } from "./fake-parts.ts";
import { faultyStore, type Faults, type History } from "./faulty-store.ts";
import { harness, testStream } from "./sync-harness.ts";
import { memoryFolder, tempFolder, type TempFolder } from "./temp-folder.ts";

const never = new AbortController().signal;

/** A warehouse, a destination and a state root on folders of their own, with faults to order; hosts share all three. */
export interface World extends AsyncDisposable {
  readonly folder: TempFolder;
  readonly warehouse: FakeWarehouse;
  readonly destinationFaults: Faults;
  readonly stateFaults: Faults;
  readonly destinationHistory: History;
  readonly stream: ReturnType<typeof testStream>;
  /** A host with its own process identity; leases never stop another one unless asked for. */
  host(name: string, changes?: Partial<SyncDeps>): SyncDeps;
  set(table: Readonly<Record<string, string>>): void;
  run(host?: SyncDeps, options?: Partial<RunStreamOptions>, signal?: AbortSignal): Promise<RunResult>;
  /** Runs and expects success. */
  deliver(table: Readonly<Record<string, string>>, options?: Partial<RunStreamOptions>): Promise<RunRecord>;
  /** What a consumer holds; with `from`, one that began with that generation. */
  consumed(from?: number): Promise<Readonly<Record<string, string>>>;
}

let pids = 0;

/** Makes a world; its state root and destination are folders, or maps in memory that keep the same contract and cost a tenth of the time. */
export async function world({ inMemory = false }: { readonly inMemory?: boolean } = {}): Promise<World> {
  const folder = await tempFolder(await memoryFolder());
  const warehouse: FakeWarehouse = { table: new Map(), queries: 0 };
  const destinationFaults: Faults = {};
  const stateFaults: Faults = {};
  const destinationHistory: History = { created: [], puts: 0 };
  const stateHistory: History = { created: [], puts: 0 };
  const stream = testStream(folder.path, "SELECT 1");
  const buckets = { state: { objects: new Map<string, StoredObject>() }, out: { objects: new Map<string, StoredObject>() } };
  const stateStore = (): ObjectStore =>
    inMemory ? memoryStore(buckets.state, place(folder.at("state"))) : openFolderStore({ path: folder.at("state"), role: "state" });
  const host = (name: string, changes: Partial<SyncDeps> = {}): SyncDeps => ({
    ...harness({
      root: folder.path,
      host: name,
      parts: fakeParts(warehouse),
      state: faultyStore(stateStore(), stateFaults, stateHistory),
      destination: (store) => faultyStore(inMemory ? memoryStore(buckets.out, store.place) : store, destinationFaults, destinationHistory),
    }),
    // Every other process counts as gone, so that no lease keeps two hosts from meeting.
    owner: { host: "same", instance: name, pid: (pids += 1), isRunning: () => false },
    openEngine: () => Promise.resolve(noEngine()),
    openSource: () => Promise.resolve(fakeSource(warehouse)),
    ...changes,
  });
  const set = (table: Readonly<Record<string, string>>): void => {
    warehouse.table = new Map(Object.entries(table));
  };
  const first = host("first");
  const run: World["run"] = (deps = first, options = {}, signal = never) =>
    runStream(deps, stream, { slot: null, fullResync: false, baseline: false, ...options }, signal);
  return {
    folder,
    warehouse,
    destinationFaults,
    stateFaults,
    destinationHistory,
    stream,
    host,
    set,
    run,
    deliver: async (table, options) => {
      set(table);
      const { record, error } = await run(undefined, options);
      if (error !== null) throw error;
      return record;
    },
    consumed: async (from) => {
      for (const [key, { bytes }] of buckets.out.objects) await folder.write(`out/${key}`, bytes);
      return flat(await consume(folder.at("out"), stream.name, 1, from ?? null));
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

function place(prefix: string): Place {
  return { type: "local", endpoint: "", bucket: "", prefix };
}

function flat(table: Table): Readonly<Record<string, string>> {
  return Object.fromEntries([...table].map(([key, columns]) => [key, columns.join()]));
}
