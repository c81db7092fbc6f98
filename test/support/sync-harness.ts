import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { silentLog } from "../../src/core/log.ts";
import type { ObjectStore } from "../../src/core/ports.ts";
import type { Stream } from "../../src/core/types.ts";
import { openEngine } from "../../src/engine/open-engine.ts";
import { openFolderStore } from "../../src/folder/folder-store.ts";
import { openSource } from "../../src/sources/open-source.ts";
import { runParts } from "../../src/sync/run-parts.ts";
import type { RunParts, SyncDeps } from "../../src/sync/sync-deps.ts";
import { PLAIN_CSV } from "./plain-csv.ts";

/** What a test may replace of the program around a run. */
export interface HarnessOptions {
  readonly root: string;
  readonly parts?: RunParts;
  readonly state?: ObjectStore;
  readonly destination?: (store: ObjectStore) => ObjectStore;
  /** Two harnesses on one state root stand for two hosts. */
  readonly host?: string;
}

let runs = 0;

/** A clock that every look moves on by a second. */
export function steppingClock(): SyncDeps["clock"] {
  let at = Date.UTC(2026, 0, 1);
  return { now: () => new Date((at += 1000)) };
}

/** The program around a run, on folders below one root: `state`, `out`, `scratch`. */
export function harness(options: HarnessOptions): SyncDeps {
  const { root } = options;
  return {
    clock: steppingClock(),
    log: silentLog,
    state: options.state ?? openFolderStore({ path: join(root, "state"), role: "state" }),
    scratch: join(root, "scratch"),
    owner: { host: options.host ?? "one", instance: randomUUID(), pid: 1, isRunning: () => true },
    leaseTtlMs: 600_000,
    parts: options.parts ?? runParts,
    newRunId: () => `01${String((runs += 1)).padStart(8, "0")}${randomBytes(4).toString("hex").toUpperCase()}`,
    newStateId: () => randomUUID(),
    openEngine: (signal) =>
      openEngine({ memoryLimit: "256MB", threads: 1, tempDirectory: join(root, "scratch"), maxTempSize: "1GB" }, signal),
    openSource: (spec, context, signal) => openSource(spec, { ...context, folder: root, scratch: join(root, "scratch") }, signal),
    openDestination: async (spec) => {
      const { path } = spec.options as { readonly path: string };
      const store = openFolderStore({ path, role: "destination" });
      return await Promise.resolve(options.destination?.(store) ?? store);
    },
  };
}

/** A stream over a query of the embedded engine, delivered as CSV to `<root>/out`. */
export function testStream(root: string, sql: string, changes: Partial<Stream> = {}): Stream {
  return {
    name: "users",
    model: "users",
    delivery: null,
    description: "",
    tags: [],
    enabled: true,
    file: "models/users.yaml",
    source: { name: "files", type: "duckdb", options: { type: "duckdb" } },
    destination: { name: "out", type: "local", options: { type: "local", path: join(root, "out") } },
    query: { kind: "sql", sql, file: "models/users.yaml", line: 1 },
    primaryKey: ["id"],
    mode: "delta",
    changes: ["added", "changed", "removed"],
    firstRun: "full",
    ignoreChangesIn: [],
    // Off here, for histories that empty tables on purpose; the tests of guards switch them on.
    guards: null,
    onSchemaChange: "hold",
    alerts: [],
    columns: null,
    fileFormat: { ...PLAIN_CSV, folder: "users" },
    manifest: true,
    ...changes,
  };
}
