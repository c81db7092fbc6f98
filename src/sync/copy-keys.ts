import type { ObjectStore } from "../core/ports.ts";
import { RUNS_PREFIX } from "../state/state-keys.ts";

/** What of a stream's folder tells that it is one: other folders may lie in a root as well, such as that of the engine's unfinished work. */
const TELLING = /^([a-z][^/]*)\/(?:current|slots|pauses|triggers|claims|plans)\/[^/]+$/;

/** Every stream of a root, also those that have nothing but a schedule's slots. */
export async function streamsOf(store: ObjectStore, signal: AbortSignal): Promise<readonly string[]> {
  const names = (await store.list("", signal)).flatMap((key) => TELLING.exec(key)?.[1] ?? []);
  return [...new Set(names)];
}

/** What belongs to a machine or a moment alone, and CURRENT, which is copied by itself. */
const LEFT_OUT = ["lease", "checked", "current"];

/** The keys of streams and of the records of runs that are copied. */
export async function keysToCopy(store: ObjectStore, streams: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
  const keys = await store.list(RUNS_PREFIX, signal);
  const ofStreams = await Promise.all(streams.map((stream) => store.list(`${stream}/`, signal)));
  return [...ofStreams.flat().filter((key) => !LEFT_OUT.includes(key.split("/")[1] ?? "")), ...keys];
}
