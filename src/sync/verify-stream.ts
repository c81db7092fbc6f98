import { createHash } from "node:crypto";
import { pipeline } from "node:stream/promises";
import { SyncError } from "../core/errors.ts";
import type { ObjectStore } from "../core/ports.ts";
import type { Stream } from "../core/types.ts";
import { readCurrent } from "../state/current.ts";
import type { Current, Plan } from "../state/documents.ts";
import { readErasures } from "../state/erasures.ts";
import { readPlan } from "../state/plans.ts";
import { stateKeys } from "../state/state-keys.ts";
import { unlessDamaged } from "../state/state-store.ts";
import { type Delivery, deliveries } from "./deliver-plan.ts";
import { manifestBefore } from "./delivered-plans.ts";
import { recordedObjects } from "./objects-with-rows.ts";
import { type Rebuilt, rebuildFiles } from "./rebuild-files.ts";
import { withScratchFolder } from "./scratch-folder.ts";
import { namedFiles } from "./stage-folder.ts";
import { UNREADABLE } from "./stored-bytes.ts";
import { firstKept, wholeFile } from "./stored-history.ts";
import { samePlace } from "./stream-identity.ts";
import type { SyncDeps } from "./sync-deps.ts";
import { type FoldVerification, verifyFold } from "./verify-fold.ts";

/** Which generations are looked at: one, or the newest few that were delivered. */
export interface VerifyOptions {
  readonly generation: number | null;
  readonly last: number;
}

/**
 * What one object came to. `missing`: it is not there (any more), which a consumer may have seen to. `changed`: it holds other bytes than
 * were delivered. `unreadable`: the credentials may not read there, so nothing is known of it.
 */
export interface VerifiedObject {
  readonly generation: number;
  readonly key: string;
  readonly size: number;
  readonly status: "ok" | "missing" | "changed" | "unreadable" | "replaced" | "elsewhere";
}

/** Rows that were erased from the state, by the record of it. */
export interface VerifiedErasure {
  readonly run: string;
  readonly at: string;
  /** Files that were written anew, or deleted. */
  readonly files: number;
  readonly done: boolean;
  /** Objects of the destination that held the rows. */
  readonly objects: readonly { readonly generation: number; readonly key: string }[];
}

/** What of a stream could be compared with what is on record. */
export interface StreamVerification {
  readonly stream: string;
  /** Null: the stream was never opened. */
  readonly generation: number | null;
  /** Files of the state that CURRENT names, hashed anew. */
  readonly files: readonly { readonly key: string; readonly size: number; readonly status: "ok" | "damaged" }[];
  readonly objects: readonly VerifiedObject[];
  /** Whether the stored delta of a generation gives the very files that were planned. */
  readonly deltas: readonly { readonly generation: number; readonly status: Rebuilt["outcome"] | "pruned" }[];
  /** The last generation whose delta is no longer kept; null: all are. */
  readonly horizon: number | null;
  /** Rows that were erased from the history, and whether that was brought to its end. */
  readonly erasures: readonly VerifiedErasure[];
  /** Null: a single generation was asked for, or an erasure has not come to its end. */
  readonly fold: FoldVerification | null;
  /** Generations that were asked for and given up, or never delivered. */
  readonly skipped: readonly number[];
}

/**
 * Hashes the files that CURRENT names and, where that is allowed, the objects of delivered generations; makes the files of each generation anew from
 * its stored delta, and folds all stored deltas into a table that must be the snapshot. So what consumers were sent, what is stored and what
 * is compared with are the same. Changes nothing.
 */
export async function verifyStream(
  deps: SyncDeps,
  stream: Stream,
  options: VerifyOptions,
  signal: AbortSignal,
): Promise<StreamVerification> {
  const current = await readCurrent(deps.state, stream.name, signal);
  if (current === null) return neverOpened(stream.name);
  const files: StreamVerification["files"][number][] = [];
  for (const ref of namedFiles(current)) {
    const found = await wholeFile(deps, stream, ref, signal);
    files.push({ key: ref.key, size: ref.size, status: found === "missing" || found === "other" ? "damaged" : "ok" });
  }
  const { plans, skipped } = await deliveredPlans(deps, stream, current, options, signal);
  const objects = plans.length === 0 ? [] : await verifyPlans(deps, stream, plans, signal);
  const deltas = await verifyDeltas(deps, stream, current, plans, signal);
  const { all, open } = await readErasures(deps.state, stateKeys(stream.name), signal);
  // Between its record and its end an erasure is done in the deltas and not yet in the snapshot.
  const fold = options.generation === null && open.length === 0 ? await verifyFold(deps, stream, current, signal) : null;
  const erasures: VerifiedErasure[] = [];
  for (const each of all) {
    const found = await recordedObjects({ state: deps.state, keys: stateKeys(stream.name) }, each, signal);
    const held = found.map(({ generation, key }) => ({ generation, key }));
    erasures.push({ run: each.run, at: each.at, files: each.files.length, done: !open.includes(each), objects: held });
  }
  const horizon = current.horizon?.generation ?? null;
  return { stream: stream.name, generation: current.generation, files, objects, deltas, horizon, erasures, fold, skipped };
}

function neverOpened(stream: string): StreamVerification {
  return { stream, generation: null, files: [], objects: [], deltas: [], horizon: null, erasures: [], fold: null, skipped: [] };
}

async function verifyDeltas(
  deps: SyncDeps,
  stream: Stream,
  current: Current,
  plans: readonly Plan[],
  signal: AbortSignal,
): Promise<StreamVerification["deltas"]> {
  const found: StreamVerification["deltas"][number][] = [];
  for (const plan of plans) {
    if (plan.generation < firstKept(current)) {
      found.push({ generation: plan.generation, status: "pruned" });
      continue;
    }
    const previous = await manifestBefore(deps, current, plan, signal);
    const { outcome } = await withScratchFolder(deps, "verify", (folder) => rebuildFiles(deps, stream, plan, previous, folder, signal));
    found.push({ generation: plan.generation, status: outcome });
  }
  return found;
}

async function deliveredPlans(
  { state }: SyncDeps,
  stream: Stream,
  { generation, abandoned }: Current,
  options: VerifyOptions,
  signal: AbortSignal,
): Promise<{ readonly plans: readonly Plan[]; readonly skipped: readonly number[] }> {
  const first = Math.max(1, generation - options.last + 1);
  const wanted =
    options.generation === null ? Array.from({ length: Math.max(0, generation - first + 1) }, (_, at) => first + at) : [options.generation];
  const plans: Plan[] = [];
  const skipped: number[] = [];
  for (const each of wanted) {
    const isDelivered = each <= generation && !abandoned.includes(each);
    if (!isDelivered) skipped.push(each);
    // One that is lost is told with the history.
    const plan = isDelivered ? await unlessDamaged(readPlan(state, stateKeys(stream.name), each, signal)) : null;
    if (plan !== null) plans.push(plan);
  }
  return { plans, skipped };
}

async function verifyPlans(
  deps: SyncDeps,
  stream: Stream,
  plans: readonly Plan[],
  signal: AbortSignal,
): Promise<readonly VerifiedObject[]> {
  const run = deps.newRunId();
  await using destination = await deps.openDestination(stream.destination, { stream: stream.name, run, generation: null }, signal);
  const objects: VerifiedObject[] = [];
  // The newest first: what it replaced is not looked for under an older one.
  const replaced = new Set<string>();
  for (const plan of plans.toReversed()) {
    const isHere = samePlace(plan.identity.destination, destination.place);
    for (const object of deliveries(plan)) {
      const status = !isHere ? "elsewhere" : replaced.has(object.key) ? "replaced" : await look(destination, object, signal);
      if (object.overwrite) replaced.add(object.key);
      objects.push({ generation: plan.generation, key: object.key, size: object.size, status });
    }
  }
  return objects;
}

async function look(destination: ObjectStore, { key, size, sha256 }: Delivery, signal: AbortSignal): Promise<VerifiedObject["status"]> {
  const head = await destination.head(key, signal);
  if (head.kind === "forbidden") return "unreadable";
  if (head.kind === "missing") return "missing";
  if (head.size !== size) return "changed";
  try {
    const stream = await destination.get(key, signal);
    if (stream === null) return "missing";
    const hash = createHash("sha256");
    await pipeline(stream, hash, { signal });
    return hash.digest("hex") === sha256 ? "ok" : "changed";
  } catch (error) {
    // Metadata may be open to those who may not have the bytes, for want of a KMS key, say.
    if (error instanceof SyncError && UNREADABLE.includes(error.code)) return "unreadable";
    throw error;
  }
}
