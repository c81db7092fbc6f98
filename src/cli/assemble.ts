import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { ObjectStore } from "../core/ports.ts";
import type { Project } from "../core/types.ts";
import { openEngine } from "../engine/open-engine.ts";
import type { Tracing } from "../serve/telemetry/open-tracing.ts";
import { tracesEndpoint } from "../serve/telemetry/traces-endpoint.ts";
import { openSource } from "../sources/open-source.ts";
import { runParts } from "../sync/run-parts.ts";
import type { SyncDeps } from "../sync/sync-deps.ts";
import type { CommandContext } from "./command.ts";
import { openDestination } from "./open-destination.ts";
import { openState } from "./open-state.ts";
import { newRunId } from "./run-id.ts";

// Long enough for a host that is swapping, short enough that a crashed host's stream is free again within minutes.
const LEASE_TTL_MS = 120_000;

/** The assembled program; disposing it closes the state root. */
export interface Program extends AsyncDisposable {
  readonly deps: SyncDeps;
}

/** Puts the parts together for one command: the state root, sources, destinations and the engine of a project. */
export async function assemble(project: Project, context: CommandContext): Promise<Program> {
  return await assembleOn(await openState(project.state, context.signal), project, context);
}

/** The same over a state root that is open already, and that the program closes. */
export async function assembleOn(state: ObjectStore, project: Project, context: CommandContext): Promise<Program> {
  const { host } = context;
  const tracing = await openTraces(context);
  const log = tracing?.log ?? context.log;
  const deps: SyncDeps = {
    clock: host.clock,
    log,
    state,
    scratch: project.engine.tempDirectory,
    owner: { host: hostname(), instance: randomUUID(), pid: process.pid, isRunning },
    leaseTtlMs: LEASE_TTL_MS,
    parts: runParts,
    newRunId: () => newRunId(host.clock),
    newStateId: () => randomUUID(),
    openEngine: (signal) => openEngine(project.engine, signal),
    openSource: (spec, opening, signal) =>
      openSource(spec, { ...opening, folder: project.root, scratch: project.engine.tempDirectory }, signal),
    openDestination: (spec, opening) => openDestination(spec, { ...opening, warn: (message) => log.warn(message) }),
  };
  return {
    deps,
    [Symbol.asyncDispose]: async () => {
      await state[Symbol.asyncDispose]();
      await tracing?.[Symbol.asyncDispose]();
    },
  };
}

/** Traces, where the environment names a collector; the libraries for them are loaded only then. */
async function openTraces({ host, log }: CommandContext): Promise<Tracing | null> {
  const url = tracesEndpoint(host.env);
  if (url === null) return null;
  const { openTracing } = await import("../serve/telemetry/open-tracing.ts");
  return openTracing({ url, version: host.version, clock: host.clock, log });
}

/** The same program for a changed project; the state root stays the one that is open. */
export function projectDeps(deps: SyncDeps, project: Project): SyncDeps {
  return {
    ...deps,
    scratch: project.engine.tempDirectory,
    openEngine: (signal) => openEngine(project.engine, signal),
    openSource: (spec, opening, signal) =>
      openSource(spec, { ...opening, folder: project.root, scratch: project.engine.tempDirectory }, signal),
  };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, under another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
