import { SyncError } from "../../src/core/errors.ts";
import type { ServiceControl, ServiceEvent, ServiceEvents, ServiceModel, StartedRun } from "../../src/serve/ports.ts";
import type { RunRecord, RunStatus } from "../../src/state/documents.ts";

/** A record of a run that ended after two seconds. */
export function runRecord(changes: Partial<RunRecord> = {}): RunRecord {
  return {
    format: "spillway/run/1",
    run: "01K9ZX4T",
    stream: "users",
    status: "delivered",
    generation: 42,
    slot: "2026-11-23T06:00:00.000Z",
    startedAt: "2026-11-23T06:00:00.000Z",
    endedAt: "2026-11-23T06:00:02.000Z",
    finishedBy: null,
    phases: [{ phase: "extract", ms: 1500 }],
    counts: { added: 3, changed: 2, removed: 1, full: 0, refreshed: 0, unchanged: 94, current: 99, snapshotAfter: 99 },
    changedColumns: [{ name: "Tier", rows: 2 }],
    files: [{ key: "users/added.csv", change: "added", rows: 3, size: 30, sha256: "a".repeat(64) }],
    manifest: "_spillway/users/000042.json",
    destination: { type: "s3", endpoint: "", bucket: "acme", prefix: "in" },
    warnings: [],
    error: null,
    ...changes,
  };
}

/** A stream as a service shows it. */
export function serviceModel(changes: Partial<ServiceModel> = {}): ServiceModel {
  const stream = changes.stream ?? "users";
  return {
    stream,
    model: stream,
    description: "Everybody",
    tags: ["growth"],
    enabled: true,
    source: "warehouse",
    destination: "partner",
    schedule: { cron: "0 6 * * *", timezone: "Europe/Berlin", catchUp: "latest" },
    next: { at: new Date("2026-11-24T05:00:00Z"), wall: "2026-11-24T06:00:00", zone: "Europe/Berlin" },
    pause: null,
    running: null,
    pending: false,
    retryAt: null,
    status: {
      stream,
      state: "ok",
      heldRun: null,
      generation: 42,
      rows: 99,
      at: "2026-11-23T06:00:02.000Z",
      openGeneration: null,
      watermark: null,
      lastRun: runRecord({ stream }),
      lastDelivery: runRecord({ stream }),
    },
    ...changes,
  };
}

/** A service that holds its runs in memory; `asked` tells what it was asked to do. */
export interface FakeService extends ServiceControl {
  readonly asked: string[];
  readonly streams: ServiceModel[];
  draining: boolean;
  reasons: string[];
  failure: Error | null;
}

/** Stands in for the scheduler behind the HTTP interface. */
export function fakeService(models: readonly ServiceModel[] = [serviceModel()]): FakeService {
  const asked: string[] = [];
  const keys = new Map<string, string>();
  const answer =
    (verb: string, status: RunStatus) => async (run: string, caller: { readonly by: string; readonly reason: string | null }) => {
      asked.push(`${verb} ${run} by ${caller.by}: ${caller.reason ?? "-"}`);
      if (run !== "HELD1") throw new SyncError("RUN_NOT_HELD", `Run ${run} is not held.`);
      return await Promise.resolve(runRecord({ run, status }));
    };
  const service: FakeService = {
    asked,
    streams: [...models],
    draining: false,
    reasons: [],
    failure: null,
    models: async () => {
      if (service.failure !== null) throw service.failure;
      return await Promise.resolve(service.streams);
    },
    runs: async ({ streams, limit }) => {
      asked.push(`runs of ${streams?.join() ?? "all"}, ${limit}`);
      return await Promise.resolve([runRecord()]);
    },
    run: async (id) => {
      if (id !== "01K9ZX4T") throw new SyncError("RUN_NOT_FOUND", `No run begins with ${id}.`);
      return await Promise.resolve(runRecord());
    },
    start: async ({ stream, idempotencyKey }): Promise<StartedRun> => {
      if (!service.streams.some((model) => model.stream === stream)) throw new SyncError("STREAM_UNKNOWN", `There is no stream ${stream}.`);
      const known = keys.get(`${stream} ${idempotencyKey ?? ""}`);
      if (idempotencyKey !== null && known !== undefined) return await Promise.resolve({ run: known, stream, repeated: true });
      asked.push(`start ${stream} ${idempotencyKey ?? "-"}`);
      const run = `RUN${asked.length}`;
      keys.set(`${stream} ${idempotencyKey ?? ""}`, run);
      return { run, stream, repeated: false };
    },
    approve: answer("approve", "approved"),
    reject: answer("reject", "rejected"),
    health: () => ({
      startedAt: new Date("2026-11-23T05:00:00Z"),
      tickedAt: null,
      draining: service.draining,
      running: [],
      queued: 0,
    }),
    readiness: async () => await Promise.resolve({ ready: service.reasons.length === 0, reasons: service.reasons }),
  };
  return service;
}

/** Events that a test tells by hand. */
export function fakeEvents(): ServiceEvents & { readonly tell: (event: ServiceEvent) => void; readonly listeners: () => number } {
  const listeners = new Set<(event: ServiceEvent) => void>();
  return {
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell: (event) => {
      for (const listener of listeners) listener(event);
    },
    listeners: () => listeners.size,
  };
}
