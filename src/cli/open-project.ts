import { loadProject } from "../config/load-project.ts";
import { asksForState, selectStreams } from "../config/select-streams.ts";
import type { ObjectStore } from "../core/ports.ts";
import type { StreamState } from "../core/stream-states.ts";
import type { Project, Stream } from "../core/types.ts";
import { retiredStreams } from "../sync/retired-streams.ts";
import { streamStatus } from "../sync/stream-status.ts";
import type { CommandContext } from "./command.ts";
import { openState } from "./open-state.ts";
import type { StreamChoice } from "./stream-choice.ts";

/** A project as loaded for one command, with the streams that were chosen. */
export interface OpenedProject {
  readonly project: Project;
  readonly streams: readonly Stream[];
  readonly warnings: readonly string[];
}

/** Loads the project that -c names and picks streams; `otherwise: all` takes every stream when nothing was chosen. */
export async function openProject(choice: StreamChoice, otherwise: "all" | "refuse", context: CommandContext): Promise<OpenedProject> {
  const { host, globals, signal } = context;
  const { project, warnings } = await loadProject({
    configFile: globals.configFile,
    env: host.env,
    cwd: host.cwd,
    target: globals.target,
    signal,
  });
  const nothing = choice.models.length === 0 && choice.select.length === 0;
  const all = choice.all || (otherwise === "all" && nothing);
  const stateOf = asksForState(choice) ? await statesOf(project, context) : undefined;
  return { project, warnings, streams: selectStreams(project, { ...choice, all, ...(stateOf === undefined ? {} : { stateOf }) }) };
}

/** How the streams of a project stand at this moment. */
async function statesOf({ state, streams }: Project, { signal }: CommandContext): Promise<(stream: string) => StreamState> {
  await using store = await openState(state, signal);
  const names = streams.map(({ name }) => name);
  const states = new Map((await streamStatus({ state: store }, names, signal)).map((each) => [each.stream, each.state]));
  return (stream) => states.get(stream) ?? "new";
}

/** Of several streams those that are not retired, and a warning for each that is; one that is named alone is left to what refuses or opens it. */
export async function notRetired(
  streams: readonly Stream[],
  state: ObjectStore,
  signal: AbortSignal,
): Promise<{ readonly chosen: readonly Stream[]; readonly skipped: readonly string[] }> {
  if (streams.length < 2) return { chosen: streams, skipped: [] };
  const retired = await retiredStreams(state, streams, signal);
  return {
    chosen: streams.filter(({ name }) => !retired.has(name)),
    skipped: [...retired].map(([name, { at }]) => `${name} was retired at ${at}, so it was left out.`),
  };
}

/** The streams that are switched on, and a warning for each that is not. */
export function switchedOn(streams: readonly Stream[]): { readonly chosen: readonly Stream[]; readonly skipped: readonly string[] } {
  const off = streams.filter((stream) => !stream.enabled);
  return {
    chosen: streams.filter((stream) => stream.enabled),
    skipped: off.map(({ name }) => `${name} is switched off (enabled: false), so it was left out.`),
  };
}
