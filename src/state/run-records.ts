import type { ObjectStore } from "../core/ports.ts";
import { runRecordSchema, type RunRecord } from "./documents.ts";
import { RUNS_PREFIX } from "./state-keys.ts";
import { createDocument, readDocument } from "./state-store.ts";

// A record's name holds the run and the stream, so that a listing of names finds a stream's newest run among many thousand
// and only that one is read. Run ids sort by the time at which they were made.

/** How far an account of a run goes: that it began, how it ended, or that another run finished its delivery. Later ones count. */
const STAGES = ["started", "ended", "finished"] as const;
type Stage = (typeof STAGES)[number];

/** Which run of which stream a record tells of. */
export interface RunName {
  readonly run: string;
  readonly stream: string;
  readonly stage: Stage;
}

function keyOf({ run, stream, stage }: RunName): string {
  return `${RUNS_PREFIX}${run}.${stream}.${stage}.json`;
}

/** Notes that a run has begun, so that one that is killed is not forgotten. */
export async function recordStart(store: ObjectStore, record: RunRecord, signal: AbortSignal): Promise<void> {
  await createDocument(store, keyOf({ ...record, stage: "started" }), record, signal);
}

/** Notes what a run came to, by its own account. */
export async function recordEnd(store: ObjectStore, record: RunRecord, signal: AbortSignal): Promise<void> {
  await createDocument(store, keyOf({ ...record, stage: "ended" }), record, signal);
  await store.delete(keyOf({ ...record, stage: "started" }), signal);
}

/** Notes that another run brought a run's delivery to its end. */
export async function recordFinish(store: ObjectStore, record: RunRecord, signal: AbortSignal): Promise<void> {
  await createDocument(store, keyOf({ ...record, stage: "finished" }), record, signal);
  await store.delete(keyOf({ ...record, stage: "started" }), signal);
}

/** The last account of each run, newest run first; nothing but a listing is read. */
export async function listRuns(store: ObjectStore, signal: AbortSignal): Promise<readonly RunName[]> {
  const newest = new Map<string, RunName>();
  for (const key of await store.list(RUNS_PREFIX, signal)) {
    const name = parseName(key);
    if (name === null) continue;
    const run = `${name.run}.${name.stream}`;
    const known = newest.get(run);
    if (known === undefined || STAGES.indexOf(known.stage) < STAGES.indexOf(name.stage)) newest.set(run, name);
  }
  return [...newest.values()].toReversed();
}

function parseName(key: string): RunName | null {
  const groups = /^(?<run>[^.]+)\.(?<stream>.+)\.(?<stage>[a-z]+)\.json$/.exec(key.slice(RUNS_PREFIX.length))?.groups;
  const stage = STAGES.find((each) => each === groups?.["stage"]);
  const { run, stream } = groups ?? {};
  return run === undefined || stream === undefined || stage === undefined ? null : { run, stream, stage };
}

/** Reads a record; null when it was taken away meanwhile. */
export async function readRun(store: ObjectStore, name: RunName, signal: AbortSignal): Promise<RunRecord | null> {
  const found = await readDocument(store, keyOf(name), runRecordSchema, signal);
  // Between the listing and the reading a run may have ended.
  return (
    found ?? (name.stage === "started" ? await readDocument(store, keyOf({ ...name, stage: "ended" }), runRecordSchema, signal) : null)
  );
}

/** Deletes every account of a run. */
export async function deleteRun(store: ObjectStore, { run, stream }: RunName, signal: AbortSignal): Promise<void> {
  // The last account last: what a crash leaves is still told as it ended.
  for (const stage of STAGES) await store.delete(keyOf({ run, stream, stage }), signal);
}
