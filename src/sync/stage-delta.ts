import { basename, join } from "node:path";
import type { Delta, ResolvedMapping, StagedFile } from "../core/delta.ts";
import { syncFolder } from "../core/durable-file.ts";
import { SyncError } from "../core/errors.ts";
import { failpoint } from "../core/failpoint.ts";
import type { Estimate } from "../core/ports.ts";
import { bytes, counted } from "../core/readable.ts";
import type { Stream } from "../core/types.ts";
import type { DeltaKind } from "../diffing/delta-request.ts";
import type { Engine } from "../engine/open-engine.ts";
import type { WholeRows } from "../files/write-files.ts";
import type { Current, FileRef, Plan } from "../state/documents.ts";
import { fileBody, keepCopy, publishFile } from "../state/state-files.ts";
import { bytesBody } from "../state/state-store.ts";
import type { HeldFile } from "./adopt-files.ts";
import { type Members, membersAfter } from "./audience-members.ts";
import { compareModel } from "./compare-model.ts";
import type { EventWindow } from "./event-window.ts";
import type { Answers, Verdict } from "./judge-delta.ts";
import { judge } from "./judge.ts";
import { loadSnapshot } from "./load-snapshot.ts";
import { cacheFolder, type RunContext } from "./run-context.ts";
import { slotName, smallCount, storedCounts } from "./run-report.ts";
import { openStaging, type StageFolder } from "./stage-folder.ts";
import { streamIdentity } from "./stream-identity.ts";
import { namesOf, refuseUsedKeys } from "./used-keys.ts";
import { dropWhole, generationKind, toldCounts, wholeFacts, writeWhole } from "./whole-snapshot.ts";

/** What a run compared and wrote, before anything is decided. */
export interface Comparison {
  /** The CURRENT that it was compared with. */
  readonly current: Current;
  readonly delta: Delta;
  readonly mapping: ResolvedMapping;
  readonly staging: StageFolder;
  /** Files that would be delivered, in the order to apply them; empty when there is nothing to tell. */
  readonly files: readonly StagedFile[];
  /** The snapshot was not compared with: its place or key is another. */
  readonly replaces: boolean;
  /** How it was compared: as asked for, but for `on_schema_change: resync`. */
  readonly kind: DeltaKind;
  /** The stretch of an event table that was read. */
  readonly window?: EventWindow;
  /** Of an audience model: how many members each audience has once the delta is told. */
  readonly members: Members | null;
  readonly verdict: Verdict;
  /** The whole snapshot as it is once the delta is told, where the generation is to carry it. */
  readonly whole: WholeRows | null;
  /** What the warehouse said that the query would read; null where it does not bill by that. */
  readonly estimate: Estimate | null;
}

/** How a run compares. */
export interface ComparisonOptions {
  readonly kind: DeltaKind;
  readonly answers: Answers;
  /** Carry the whole snapshot beside the delta. */
  readonly checkpoint: boolean;
  /** Kind baseline: files whose rows are taken as told. */
  readonly adopts?: readonly HeldFile[];
  /** Looks at what was compared while the engine is open. */
  readonly inspect?: (comparison: Comparison, engine: Engine) => Promise<void>;
}

/** Queries the source, compares with the snapshot, and writes the files that would tell the difference. Touches nothing but staging. */
export async function compareAndWrite(
  context: RunContext,
  read: Current,
  { kind: asked, answers, checkpoint, adopts, inspect }: ComparisonOptions,
  signal: AbortSignal,
): Promise<Comparison> {
  const { deps, stream, run, report } = context;
  const loaded = await loadSnapshot(context, read, signal);
  const staging = await openStaging(context, loaded.current, signal);
  await using engine = await deps.openEngine(signal);
  const compared = await compareModel(
    context,
    loaded,
    { kind: asked, answers, staging, ...(adopts === undefined ? {} : { adopts }) },
    engine,
    signal,
  );
  const { delta, mapping, kind } = compared;
  await failpoint("extract.done");
  report.compared(delta);
  const whole = checkpoint ? await writeWhole(context, loaded, { delta, kind, staging }, engine, signal) : null;
  const request = {
    delta,
    ...(whole === null ? {} : { whole }),
    mapping,
    stream,
    run,
    generation: loaded.current.generation + 1,
    scheduledAt: context.slot,
    folder: join(staging.path, "files"),
  };
  const writes = tells(delta) || whole !== null || (kind !== "baseline" && stream.fileFormat.empty === "header_only");
  const files = writes ? await report.phase("files", () => deps.parts.writeFiles(engine, request, signal), filesDetail) : [];
  await dropWhole(whole);
  if (files.length > 0) await failpoint("stage.files-written");
  const done = deps.parts.doneKey(stream, request);
  await refuseUsedKeys(context, loaded.current, [...files.map(({ key }) => key), ...(done === null ? [] : [done])], signal);
  const verdict = await judge(context, loaded, { ...compared, answers, tells: tells(delta) }, engine, signal);
  const known = kind === "delta" && !tells(delta) ? loaded.current.members : undefined;
  const members = known ?? (await membersAfter(stream, delta, compared.replaces ? null : loaded.snapshot, engine, signal));
  const comparison = { current: loaded.current, ...compared, staging, files, members, verdict, whole };
  await inspect?.(comparison, engine);
  return comparison;
}

/** Whether a delta has anything to tell. */
function tells(delta: Delta): boolean {
  const { added, changed, removed, full } = delta.counts;
  return added + changed + removed + full > 0n;
}

/** Whether a comparison is delivered: it tells something, or the stream delivers a generation all the same. */
export function delivers({ delta, kind, whole }: Comparison, stream: Stream): boolean {
  return kind !== "baseline" && (tells(delta) || whole !== null || stream.fileFormat.empty !== "skip");
}

function filesDetail(files: readonly StagedFile[]): string {
  return `${counted(files.length, "file")}, ${bytes(files.reduce((sum, file) => sum + file.size, 0))}`;
}

/** Makes a comparison durable and writes the plan that would deliver it; the plan is not yet created. */
export async function stagePlan(context: RunContext, comparison: Comparison, signal: AbortSignal): Promise<Plan> {
  const { keys, run, state } = context;
  const { current, delta, staging, files } = comparison;
  await syncFolder(join(staging.path, "files"));
  await syncFolder(staging.path);
  const ref = await publishFile(state, delta.path, keys.log(current.generation + 1, run), outputNames(delta), signal);
  await keepCopy(state, delta.path, ref.sha256, cacheFolder(context));
  const objects = files.map((file) => ({
    key: file.key,
    change: file.change,
    ...(Object.keys(file.split).length === 0 ? {} : { split: file.split }),
    part: file.part,
    rows: smallCount(file.rows),
    size: file.size,
    sha256: file.sha256,
    staged: staging.keyOf(`files/${basename(file.path)}`),
    ...(context.stream.fileFormat.overwrite ? { overwrite: true as const } : {}),
  }));
  for (const file of files) await uploadStaged(context, file, staging.keyOf(`files/${basename(file.path)}`), signal);
  const done = await stageDone(context, comparison, signal);
  const facts = { ...planFacts(context, comparison, ref, objects), ...(done === null ? {} : { done }) };
  const plan = { ...facts, manifest: await stageManifest(context, comparison, facts, signal) };
  await failpoint("stage.uploaded");
  return plan;
}

function planFacts(context: RunContext, comparison: Comparison, ref: FileRef, objects: Plan["objects"]): Omit<Plan, "manifest"> {
  const { stream, run, deps, slot, destination } = context;
  const { current, delta, replaces, window, members } = comparison;
  return {
    format: "spillway/plan/1",
    stream: stream.name,
    generation: current.generation + 1,
    seq: current.seq,
    stateId: current.stateId,
    run,
    at: deps.clock.now().toISOString(),
    slot: slot.toISOString(),
    ...(context.scheduled === null ? {} : { scheduled: slotName(context.scheduled) }),
    kind: generationKind(comparison),
    ...wholeFacts(context, comparison),
    identity: streamIdentity(stream, destination.place),
    replaces,
    objects,
    delta: ref,
    wholeSnapshot: delta.wholeSnapshot,
    layout: delta.layout,
    states: replaces ? [] : current.uncertain.map((file) => file.key),
    counts: storedCounts(toldCounts(comparison)),
    changedColumns: delta.changedColumns.map(({ name, rows }) => ({ name, rows: smallCount(rows) })),
    ...(window === undefined ? {} : { watermark: window.next }),
    ...(members === null ? {} : { members }),
    names: namesOf(stream),
    ...(context.closes === undefined ? {} : { closes: context.closes }),
  };
}

async function stageDone(context: RunContext, { current, staging }: Comparison, signal: AbortSignal): Promise<Plan["done"] | null> {
  const { deps, stream, run, slot } = context;
  const key = deps.parts.doneKey(stream, { generation: current.generation + 1, run, scheduledAt: slot });
  return key === null ? null : { key, ...(await stageBytes(context, staging.keyOf("done"), Buffer.alloc(0), signal)) };
}

async function stageManifest(
  context: RunContext,
  { current, mapping, staging }: Comparison,
  plan: Omit<Plan, "manifest">,
  signal: AbortSignal,
): Promise<Plan["manifest"]> {
  if (!context.stream.manifest) return null;
  const manifest = context.deps.parts.manifest({ plan, mapping, stream: context.stream, previous: current.manifest });
  return { key: manifest.key, ...(await stageBytes(context, staging.keyOf("manifest.json"), manifest.bytes, signal)) };
}

async function stageBytes(
  context: RunContext,
  staged: string,
  content: Buffer,
  signal: AbortSignal,
): Promise<{ readonly size: number; readonly sha256: string; readonly staged: string }> {
  const body = bytesBody(content);
  const outcome = await context.state.putNew(staged, body, null, signal);
  if (outcome.kind !== "created") throw unstaged(staged);
  return { size: body.size, sha256: body.sha256, staged };
}

/** A state root elsewhere gets the staged bytes before the plan names them; in a folder they are there already. */
async function uploadStaged(context: RunContext, file: StagedFile, key: string, signal: AbortSignal): Promise<void> {
  if (context.state.pathOf !== undefined) return;
  const outcome = await context.state.putNew(key, fileBody(file.path, file.size, file.sha256), null, signal);
  if (outcome.kind !== "created") throw unstaged(key);
  await keepCopy(context.state, file.path, file.sha256, cacheFolder(context));
}

function unstaged(key: string): SyncError {
  return new SyncError("STATE_UNAVAILABLE", `${key} could not be stored in the state root.`, {
    hint: "Run the same command again; nothing was sent.",
    retry: "transient",
    context: { key },
  });
}

/** Names of the outputs that a delta's file holds, by position. */
export function outputNames(delta: Delta): readonly string[] {
  return delta.layout.outputs.map((output) => output.name);
}
