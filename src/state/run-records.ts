import type { ObjectStore } from "../core/ports.ts";
import { runRecordSchema, type RunRecord } from "./documents.ts";
import { RUNS_PREFIX } from "./state-keys.ts";
import { createDocument, readDocument } from "./state-store.ts";

// A record's name holds the run and the stream, so that a listing of names finds a stream's newest run among many thousand
// and only that one is read. Run ids sort by the time at which they were made.

const STARTED = ".started.json";
const ENDED = ".json";

/** Which run of which stream a record tells of. */
export interface RunName {
  readonly run: string;
  readonly stream: string;
  readonly ended: boolean;
}

function keyOf(run: string, stream: string, suffix: string): string {
  return `${RUNS_PREFIX}${run}.${stream}${suffix}`;
}

/** Notes that a run has begun, so that one that is killed is not forgotten. */
export async function recordStart(store: ObjectStore, record: RunRecord, signal: AbortSignal): Promise<void> {
  await createDocument(store, keyOf(record.run, record.stream, STARTED), record, signal);
}

/** Notes what a run came to; the first account stands. */
export async function recordEnd(store: ObjectStore, record: RunRecord, signal: AbortSignal): Promise<void> {
  await createDocument(store, keyOf(record.run, record.stream, ENDED), record, signal);
  await store.delete(keyOf(record.run, record.stream, STARTED), signal);
}

/** Names of all records, newest run first; nothing but a listing is read. */
export async function listRuns(store: ObjectStore, signal: AbortSignal): Promise<readonly RunName[]> {
  const names = (await store.list(RUNS_PREFIX, signal)).map(parseName).filter((name) => name !== null);
  const ended = new Set(names.filter((name) => name.ended).map((name) => `${name.run}.${name.stream}`));
  return names.filter((name) => name.ended || !ended.has(`${name.run}.${name.stream}`)).toReversed();
}

function parseName(key: string): RunName | null {
  const name = key.slice(RUNS_PREFIX.length);
  const dot = name.indexOf(".");
  const suffix = name.endsWith(STARTED) ? STARTED : ENDED;
  if (dot < 0 || !name.endsWith(ENDED)) return null;
  return { run: name.slice(0, dot), stream: name.slice(dot + 1, -suffix.length), ended: suffix === ENDED };
}

/** Reads a record; null when it was taken away meanwhile. */
export async function readRun(store: ObjectStore, name: RunName, signal: AbortSignal): Promise<RunRecord | null> {
  const ended = await readDocument(store, keyOf(name.run, name.stream, ENDED), runRecordSchema, signal);
  return ended ?? readDocument(store, keyOf(name.run, name.stream, STARTED), runRecordSchema, signal);
}
