import { join } from "node:path";
import { failpoint } from "../core/failpoint.ts";
import type { ObjectStore } from "../core/ports.ts";
import { counted, placeText } from "../core/readable.ts";
import { readLastEntry } from "../state/current.ts";
import type { Current, FileRef, MovedMark, Plan } from "../state/documents.ts";
import { heldRuns } from "../state/held-runs.ts";
import { type HeldLease, takeLease } from "../state/lease.ts";
import { markCopied, markMoved, readRootMarks, stateMoved } from "../state/root-marks.ts";
import { numberOf, stateKeys } from "../state/state-keys.ts";
import { createDocument, damaged } from "../state/state-store.ts";
import { type ClosedStream, closeStream, planUnderWay } from "./close-root.ts";
import { keysToCopy, streamsOf } from "./copy-keys.ts";
import { type Copied, copyObjects, type CopyRoute } from "./copy-objects.ts";
import { prepareTarget, refuseOverlap } from "./copy-target.ts";
import { deliveries } from "./deliver-plan.ts";
import { namedFiles } from "./stage-folder.ts";
import type { SyncDeps } from "./sync-deps.ts";

type CopyDeps = Pick<SyncDeps, "state" | "clock" | "scratch" | "owner" | "leaseTtlMs" | "newRunId" | "log">;

/** What a copy of a state root came to. */
export interface CopiedState {
  readonly from: string;
  readonly to: string;
  /** All of it had been copied before; nothing was done. */
  readonly repeated: boolean;
  readonly streams: readonly string[];
  readonly objects: number;
  readonly bytes: number;
  /** Streams with a delivery under way, and held runs without an answer: both go on at the new place. */
  readonly unfinished: readonly string[];
  readonly held: readonly string[];
}

/** A copy under way. */
interface Copy extends CopyRoute {
  readonly deps: CopyDeps;
  readonly run: string;
  readonly copied: Copied;
}

/**
 * Copies a whole state root to another place, every object held against its hash, and closes the old one for good. What was killed half-way goes on
 * when the same copy is asked for again. Until the old root is closed it works as ever; afterwards no host can tell anything from it, not even one
 * that began before. STREAM_BUSY while a stream is being run.
 */
export async function copyState(deps: CopyDeps, to: ObjectStore, signal: AbortSignal): Promise<CopiedState> {
  const from = deps.state;
  const names = { from: placeText(from.place), to: placeText(to.place) };
  refuseOverlap(from.place, to.place);
  const run = deps.newRunId();
  const at = deps.clock.now().toISOString();
  const wanted: MovedMark = { format: "spillway/moved/1", run, to: names.to, at };
  refuseOther((await readRootMarks(from, signal)).moved ?? wanted, names.to);
  const about = { format: "spillway/copy/1", from: names.from, run, at } as const;
  if ((await prepareTarget(to, about, signal)) === "finished") {
    return { ...names, repeated: true, streams: [], objects: 0, bytes: 0, unfinished: [], held: [] };
  }
  const copy: Copy = { deps, run, from, to, scratch: join(deps.scratch, "copy"), copied: new Map() };
  const leases: HeldLease[] = [];
  try {
    // While the old root can still be used: nearly everything, and whether it is whole.
    const before = await streamsOf(from, signal);
    for (const stream of before) leases.push(await takeLease({ ...deps, ttlMs: deps.leaseTtlMs, store: from, stream, run }, signal));
    const named = await Promise.all(before.map((stream) => namedBy(from, stream, signal)));
    await copyKeys(copy, await keysToCopy(from, before, signal), named.flat(), signal);

    // From here on the old root only loses what hosts may do. A stream that was opened in between is found now.
    const mark = await markMoved(from, wanted, signal);
    refuseOther(mark, names.to);
    await failpoint("copy.marked");
    const streams = await streamsOf(from, signal);
    const closed: ClosedStream[] = [];
    for (const stream of streams) {
      const one = await closeStream(from, stream, mark, signal);
      if (one !== null) closed.push(one);
    }
    await copyRest(copy, streams, closed, signal);
    await markCopied(to, about, signal);
    const unfinished = closed.flatMap(({ open, stream }) => (open === null ? [] : [stream]));
    return { ...names, repeated: false, streams, ...sizeOf(copy), unfinished, held: await heldRunsOf(to, streams, signal) };
  } finally {
    for (const lease of leases) await lease[Symbol.asyncDispose]();
  }
}

function refuseOther(mark: MovedMark, to: string): void {
  if (mark.to !== to) throw stateMoved(null, mark);
}

function sizeOf({ copied }: Copy): Pick<CopiedState, "objects" | "bytes"> {
  return { objects: copied.size, bytes: [...copied.values()].reduce((sum, { size }) => sum + size, 0) };
}

/** Files of the root that must be whole: what CURRENT names, and the delta of a delivery under way. Staged bytes are checked before they are sent, wherever. */
async function namedBy(store: ObjectStore, stream: string, signal: AbortSignal): Promise<readonly FileRef[]> {
  const current = await readLastEntry(store, stream, signal);
  if (current === null) return [];
  return filesOf(current, await planUnderWay(store, stateKeys(stream), current.generation + 1, signal));
}

function filesOf(current: Current, open: Plan | null): readonly FileRef[] {
  return [...namedFiles(current), ...(open === null ? [] : [open.delta])];
}

async function copyKeys(copy: Copy, keys: readonly string[], named: readonly FileRef[], signal: AbortSignal): Promise<void> {
  const { deps, run, copied } = copy;
  const standing = new Set(keys);
  const lost = named.find(({ key }) => !standing.has(key));
  if (lost !== undefined) throw damaged(lost.key, "is missing");
  const about = { stream: "state", model: "state", run, generation: null, phase: "copy" } as const;
  const started = deps.clock.now().getTime();
  deps.log.phase({ ...about, state: "started" });
  const expected = new Map(named.map(({ key, sha256 }) => [key, sha256]));
  await copyObjects(copy, keys, expected, copied, (told) => deps.log.phase({ ...about, state: "progress", ...told }), signal);
  const ms = Math.max(0, deps.clock.now().getTime() - started);
  deps.log.phase({ ...about, state: "done", ms, detail: counted(copied.size, "object") });
}

/** Once nothing can change any more: what is left, without what says that the old root is closed, and CURRENT at the very last. */
async function copyRest(copy: Copy, streams: readonly string[], closed: readonly ClosedStream[], signal: AbortSignal): Promise<void> {
  const { from, to } = copy;
  const marks = new Set(closed.flatMap((stream) => [...stream.marks]));
  const keys = (await keysToCopy(from, streams, signal)).filter((key) => !marks.has(key));
  await copyKeys(
    copy,
    keys,
    closed.flatMap(({ current, open }) => filesOf(current, open)),
    signal,
  );
  // An earlier attempt may have copied what the old root has let go of since.
  const all = new Set(keys);
  for (const key of await keysToCopy(to, streams, signal)) {
    if (all.has(key)) continue;
    await to.delete(key, signal);
    copy.copied.delete(key);
  }
  for (const stream of closed) {
    await noteAttempts(copy, stream, signal);
    await copyCurrent(copy, stream, signal);
  }
}

/** A host that slept may have sent an object and written that down in the old root alone: where nobody may look, it must count as ours. */
async function noteAttempts({ to, run, deps }: Copy, { stream, open, marked }: ClosedStream, signal: AbortSignal): Promise<void> {
  if (open === null) return;
  const keys = stateKeys(stream);
  for (const { index, key } of deliveries(open)) {
    if (marked.has(index)) continue;
    const note = { format: "spillway/note/1", run, at: deps.clock.now().toISOString(), about: key };
    await createDocument(to, keys.attempt(open.generation, index, run), note, signal);
  }
}

/** The newest entry first: a lower one alone would be taken for CURRENT. */
async function copyCurrent({ from, to, ...copy }: Copy, { stream, current }: ClosedStream, signal: AbortSignal): Promise<void> {
  const keys = stateKeys(stream);
  const entries = (await from.list(keys.currentPrefix, signal)).filter((key) => (numberOf(key) ?? Infinity) <= current.seq);
  for (const key of entries.toReversed())
    await copyObjects({ from, to, scratch: copy.scratch }, [key], new Map(), copy.copied, () => undefined, signal);
}

async function heldRunsOf(to: ObjectStore, streams: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
  const found = await Promise.all(streams.map((stream) => heldRuns(to, stateKeys(stream), signal)));
  return found.flat().flatMap(({ held, decision }) => (decision === null ? [held.run] : []));
}
