import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ResolvedMapping, StagedFile } from "../core/delta.ts";
import { makeFolder } from "../core/durable-file.ts";
import { SyncError } from "../core/errors.ts";
import type { Column, Stream } from "../core/types.ts";
import { resolveColumnSecrets } from "../files/column-secrets.ts";
import type { Plan } from "../state/documents.ts";
import { readErasures } from "../state/erasures.ts";
import { hashedFile } from "../state/state-files.ts";
import { stateKeys } from "../state/state-keys.ts";
import { bytesBody } from "../state/state-store.ts";
import { deliveries } from "./deliver-plan.ts";
import { cacheFolder } from "./run-context.ts";
import type { SyncDeps } from "./sync-deps.ts";
import { wholeThen } from "./whole-then.ts";

/** The manifest before a generation's. */
export type PreviousManifest = { readonly generation: number; readonly sha256: string } | null;

/**
 * What making a generation's objects anew from its stored delta came to. `same`: byte by byte what was planned. `other_settings`: the mapping or the
 * files are set up otherwise now, or are compressed or encrypted, which is not the same twice, so nothing can be said. `differs`: all is set up as it
 * was, and yet the delta tells something else than the files did. `delta_lost`: the delta, or one that a checkpoint was made from, is missing or damaged.
 * `forgotten`: rows that it told of were erased from the state since, so that it gives other files.
 */
export interface Rebuilt {
  readonly outcome: "same" | "other_settings" | "differs" | "delta_lost" | "forgotten";
  /** Paths of the objects that came out as planned, by their place in the order of delivery. */
  readonly paths: ReadonlyMap<number, string>;
}

/** The files of a generation, made anew; `isLost`: a stored delta that its checkpoint was made from is missing or damaged. */
interface FilesAnew {
  readonly files: readonly StagedFile[];
  readonly isLost: boolean;
}

/** Makes the objects of a delivered generation anew in a folder, by the mapping and file settings of today; their hashes prove which are right. */
export async function rebuildFiles(
  deps: SyncDeps,
  stream: Stream,
  plan: Plan,
  previous: PreviousManifest,
  folder: string,
  signal: AbortSignal,
): Promise<Rebuilt> {
  await makeFolder(join(folder, "files"));
  const erasures = await readErasures(deps.state, stateKeys(stream.name), signal);
  if (erasures.isRewritten(plan.delta) || erasures.concern(plan.generation)) return { outcome: "forgotten", paths: new Map() };
  const delta = await hashedFile(deps.state, plan.delta, cacheFolder({ deps, stream }), signal);
  if (delta === "missing" || delta === "other") return { outcome: "delta_lost", paths: new Map() };
  try {
    const mapping = await mappingThen(deps, stream, plan, signal);
    if (mapping === null) return { outcome: "other_settings", paths: new Map() };
    const anew = await filesAnew(deps, stream, plan, { mapping, delta: delta.path, folder }, signal);
    const rebuilt = await compared(deps, stream, plan, { mapping, files: anew.files, previous, folder });
    return anew.isLost && rebuilt.outcome !== "same" ? { ...rebuilt, outcome: "delta_lost" } : rebuilt;
  } catch (error) {
    if (error instanceof SyncError && /^(?:DATA|MODEL|CONFIG)_/.test(error.code)) return { outcome: "other_settings", paths: new Map() };
    throw error;
  }
}

/** The mapping of today over the columns of then; null when it is another one. */
async function mappingThen(deps: SyncDeps, stream: Stream, plan: Plan, signal: AbortSignal): Promise<ResolvedMapping | null> {
  const { layout } = plan;
  const mapped = { ...stream, columns: await resolveColumnSecrets(stream.columns, signal) };
  const mapping = deps.parts.resolveMapping(mapped, asQueried(layout));
  const names = (outputs: readonly { readonly name: string }[]): string => JSON.stringify(outputs.map(({ name }) => name));
  return mapping.text === layout.mapping && names(mapping.outputs) === names(layout.outputs) ? mapping : null;
}

/** Columns in an order in which those that are taken as they are come out in the order of the file, as they did when the source told them. */
export function asQueried({ columns, outputs }: Plan["layout"]): readonly Column[] {
  const place = new Map(outputs.map(({ name }, at) => [name, at]));
  return columns.toSorted((a, b) => (place.get(a.name) ?? outputs.length) - (place.get(b.name) ?? outputs.length));
}

async function filesAnew(
  deps: SyncDeps,
  stream: Stream,
  plan: Plan,
  { mapping, delta, folder }: { readonly mapping: ResolvedMapping; readonly delta: string; readonly folder: string },
  signal: AbortSignal,
): Promise<FilesAnew> {
  if (plan.objects.length === 0) return { files: [], isLost: false };
  await using engine = await deps.openEngine(signal);
  const whole = plan.kind === "checkpoint" ? await wholeThen(deps, stream, plan, { session: engine, folder }, signal) : null;
  const big = (name: keyof Plan["counts"]): bigint => BigInt(plan.counts[name]);
  const counts = {
    added: big("added"),
    changed: big("changed"),
    removed: big("removed"),
    full: big("full"),
    refreshed: big("refreshed"),
    unchanged: big("unchanged"),
    current: big("current"),
    snapshotAfter: big("snapshotAfter"),
  };
  const { run, generation } = plan;
  const known = whole === null || typeof whole === "string" ? {} : { whole };
  const told = plan.kind === "checkpoint" ? { ...counts, full: 0n } : counts;
  const request = { delta: { path: delta, counts: told }, ...known, mapping, stream, run, generation, scheduledAt: new Date(plan.slot) };
  const files = await deps.parts.writeFiles(engine, { ...request, folder: join(folder, "files") }, signal);
  return { files, isLost: whole === "lost" };
}

async function compared(
  deps: SyncDeps,
  stream: Stream,
  plan: Plan,
  made: {
    readonly mapping: ResolvedMapping;
    readonly files: readonly StagedFile[];
    readonly previous: PreviousManifest;
    readonly folder: string;
  },
): Promise<Rebuilt> {
  const { files, folder } = made;
  const paths = new Map<number, string>();
  for (const [at, object] of plan.objects.entries()) {
    // By place, not by key: a name can be changed without any byte being another.
    const file = files[at];
    if (file !== undefined && file.sha256 === object.sha256) paths.set(at, file.path);
  }
  const isAll = paths.size === plan.objects.length && files.length === plan.objects.length;
  const manifest = plan.manifest === null ? null : deps.parts.manifest({ plan, stream, mapping: made.mapping, previous: made.previous });
  for (const { index, isManifest, sha256, size } of deliveries(plan).slice(plan.objects.length)) {
    const bytes = isManifest ? (manifest?.bytes ?? Buffer.alloc(0)) : Buffer.alloc(0);
    if (bytesBody(bytes).sha256 !== sha256 || bytes.length !== size) continue;
    const path = join(folder, String(index));
    await writeFile(path, bytes);
    paths.set(index, path);
  }
  if (isAll) return { outcome: "same", paths };
  // A manifest tells how the files are set up, so an equal one says that they are set up as they were.
  const isSetUpAlike = manifest !== null && plan.manifest !== null && paths.has(deliveries(plan).length - 1) && sameParts(plan, files);
  const isRepeatable = stream.fileFormat.compression === "none" && stream.fileFormat.recipients.length === 0;
  return { outcome: isSetUpAlike && isRepeatable ? "differs" : "other_settings", paths };
}

/** How files are cut stands in no manifest, but is seen from their rows. */
function sameParts({ objects }: Plan, files: readonly StagedFile[]): boolean {
  return objects.length === files.length && objects.every(({ rows }, at) => BigInt(rows) === files[at]?.rows);
}
