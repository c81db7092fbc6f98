import { join } from "node:path";
import { isAbort, SyncError } from "../core/errors.ts";
import type { SqlSession } from "../core/ports.ts";
import { counted } from "../core/readable.ts";
import type { Stream } from "../core/types.ts";
import { rememberKeys, writeWithout } from "../diffing/forgotten-rows.ts";
import { readCurrent, swapCurrent } from "../state/current.ts";
import type { Current } from "../state/documents.ts";
import { createErasure, readErasures, type Erasure, type RewrittenFile } from "../state/erasures.ts";
import { readPlan } from "../state/plans.ts";
import { forgetChecks, publishFile } from "../state/state-files.ts";
import { stateKeys } from "../state/state-keys.ts";
import { audienceNames, membersOf } from "./audience-members.ts";
import { findForgotten, type Whereabouts } from "./find-forgotten.ts";
import { finishErasure, finishErasures } from "./finish-erasure.ts";
import { foldWhenDue } from "./fold-when-due.ts";
import { asObject, type ForgetReport, joined, nothingOf, reportOf } from "./forget-report.ts";
import type { FileWithRows, Search } from "./forget-search.ts";
import { loadSnapshot } from "./load-snapshot.ts";
import { recordedObjects } from "./objects-with-rows.ts";
import { mustReadCurrent } from "./open-stream.ts";
import { recordedRun, type RunResult } from "./recorded-run.ts";
import { cacheFolder, openRun, type RunContext } from "./run-context.ts";
import { dropStaging, namedFiles, openStaging } from "./stage-folder.ts";
import { runOfFile } from "./stored-history.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** Another host may write while rows are looked for; so often it is looked anew. */
const PASSES = 4;

/** Which rows are to be forgotten, and for whom. */
export interface ForgetRequest {
  /** Some or all columns of the primary key. */
  readonly columns: readonly string[];
  /** Of each row (or of several, where not all columns are given) the texts of these columns. */
  readonly keys: readonly (readonly string[])[];
  readonly by: string;
  readonly reason: string | null;
  /** Also rows that the destination still holds. */
  readonly evenIfPresent: boolean;
}

/** Looks where rows stand that could be forgotten; changes nothing. */
export async function findRows(deps: SyncDeps, stream: Stream, request: ForgetRequest, signal: AbortSignal): Promise<ForgetReport> {
  const current = await readCurrent(deps.state, stream.name, signal);
  if (current === null) return nothingOf(stream.name);
  const context = await openRun(deps, stream, null, signal);
  await using _destination = context.destination;
  await using session = await deps.openEngine(signal);
  const found = await findForgotten(await searchOf(context, session, request, signal), current, signal);
  return reportOf(stream.name, found, { current, files: found.files.map((file) => ({ ...file, to: null })) });
}

/** Refuses what `forgetRows` would refuse, before anybody is asked and without a run on record that failed. */
export async function refuseForgetting(
  deps: SyncDeps,
  stream: Stream,
  { evenIfPresent }: Pick<ForgetRequest, "evenIfPresent">,
  found: ForgetReport,
  signal: AbortSignal,
): Promise<void> {
  const current = await readCurrent(deps.state, stream.name, signal);
  if (current !== null) await refuseOpen({ state: deps.state, keys: stateKeys(stream.name) }, current, signal);
  if (!evenIfPresent && found.told > 0n) throw stillTold(stream, found);
}

/**
 * Erases rows from everything that the state root keeps of a stream: base, log, staging and held runs. What is written anew is recorded without
 * any value. Refused while a delivery is under way, and for rows that the destination still holds.
 */
export async function forgetRows(
  deps: SyncDeps,
  stream: Stream,
  request: ForgetRequest,
  signal: AbortSignal,
): Promise<{ readonly result: RunResult; readonly report: ForgetReport }> {
  let report = nothingOf(stream.name);
  const result = await recordedRun(
    deps,
    stream,
    null,
    async (context) => {
      if ((await readCurrent(deps.state, stream.name, signal)) === null) return "unchanged";
      report = await forget(context, request, signal);
      return report.files.length + report.staged.length + report.finished.length === 0 ? "unchanged" : "forgotten";
    },
    signal,
  );
  return { result, report };
}

async function forget(context: RunContext, request: ForgetRequest, signal: AbortSignal): Promise<ForgetReport> {
  const { deps, stream } = context;
  let report = await finished(context, signal);
  await using session = await deps.openEngine(signal);
  for (let pass = 0; ; pass += 1) {
    const current = await mustReadCurrent(context, signal);
    await refuseOpen(context, current, signal);
    const found = await findForgotten(await searchOf(context, session, request, signal), current, signal);
    if (!request.evenIfPresent && found.told > 0n) throw stillTold(stream, found);
    report = { ...report, otherKey: found.otherKey, named: found.named, horizon: current.horizon?.generation ?? null };
    if (found.files.length + found.staged.length === 0) return report;
    if (pass === PASSES) throw overtaken(stream);
    const step = { ...context, run: pass === 0 ? context.run : deps.newRunId() };
    const erasure = await unlessMoved(step, current, recordErasure(step, session, { request, found, current }, signal));
    if (erasure === null) continue;
    await finishErasure(step, erasure, signal);
    await settle(step, signal);
    const files = erasure.files.map(({ generation, rows, from, to }) => ({ generation, rows, file: from, to: to?.key ?? null }));
    report = joined(report, reportOf(stream.name, found, { current, files }));
  }
}

/** A host that delivers meanwhile tidies away what is being written: then it is looked anew. */
async function unlessMoved<T>(context: RunContext, { seq }: Current, work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (isAbort(error) || (await mustReadCurrent(context, new AbortController().signal)).seq === seq) throw error;
    return null;
  }
}

/** What an erasure that was interrupted had found: nobody finds it again. */
async function finished(context: RunContext, signal: AbortSignal): Promise<ForgetReport> {
  let report = nothingOf(context.stream.name);
  for (const erasure of await finishErasures(context, signal)) {
    const objects = await recordedObjects(context, erasure, signal);
    const files = erasure.files.map(({ generation, rows, from, to }) => ({ generation, rows, key: from.key, to: to?.key ?? null }));
    const found = { files, staged: erasure.staged, objects: objects.map(asObject), finished: [erasure.run] };
    report = joined(report, { ...nothingOf(context.stream.name), ...found });
  }
  if (report.finished.length > 0) await settle(context, signal);
  return report;
}

/** Counts what is left, and drops this machine's copies of the old files. */
async function settle(context: RunContext, signal: AbortSignal): Promise<void> {
  const current = await countMembers(context, await foldWhenDue(context, await mustReadCurrent(context, signal), signal), signal);
  await forgetChecks(context.state, context.stream.name, namedFiles(current), cacheFolder(context), signal);
}

/** Where another host swaps first, its delivery counts. */
async function countMembers(context: RunContext, read: Current, signal: AbortSignal): Promise<Current> {
  const { deps, stream, state, run } = context;
  if (read.members !== undefined || audienceNames(stream) === null) return read;
  const { current, snapshot } = await loadSnapshot(context, read, signal);
  if (snapshot === null) return current;
  await using session = await deps.openEngine(signal);
  const members = (await membersOf(stream, snapshot, session, signal)) ?? undefined;
  const at = deps.clock.now().toISOString();
  const next: Current = { ...current, seq: current.seq + 1, run, at, reason: "forgotten", members };
  return (await swapCurrent(state, stream.name, current.seq, next, signal)) === "swapped" ? next : await mustReadCurrent(context, signal);
}

async function searchOf(context: RunContext, session: SqlSession, { columns, keys }: ForgetRequest, signal: AbortSignal): Promise<Search> {
  await rememberKeys(session, keys, signal);
  return { context, session, columns, values: new Set(keys.flat()), erasures: await readErasures(context.state, context.keys, signal) };
}

async function recordErasure(
  context: RunContext,
  session: SqlSession,
  { request, found, current }: { readonly request: ForgetRequest; readonly found: Whereabouts; readonly current: Current },
  signal: AbortSignal,
): Promise<Erasure> {
  const { deps, state, stream, run } = context;
  const { by, reason, keys } = request;
  const files: RewrittenFile[] = [];
  try {
    const staging = await openStaging(context, current, signal);
    const work = async (): Promise<void> => {
      for (const [at, file] of found.files.entries()) {
        files.push(await rewrite(context, session, file, join(staging.path, `${at}.parquet`), signal));
        context.report.progress("files", at + 1, found.files.length);
      }
    };
    await context.report.phase("files", work, () => `${counted(files.length, "file")} without them`);
  } finally {
    await dropStaging(context, new AbortController().signal);
  }
  const erasure: Erasure = {
    format: "spillway/erasure/1",
    stream: stream.name,
    run,
    at: deps.clock.now().toISOString(),
    by,
    reason,
    keys: keys.length,
    files,
    staged: found.staged,
    objects: found.objects.map(({ generation, object }) => ({ generation, object })),
  };
  await createErasure(state, context.keys, erasure, signal);
  return erasure;
}

async function rewrite(
  context: RunContext,
  session: SqlSession,
  { generation, rows, file, path, places, isNeeded }: FileWithRows,
  target: string,
  signal: AbortSignal,
): Promise<RewrittenFile> {
  if (!isNeeded) return { generation, rows, from: file, to: null };
  const { keys, state, run } = context;
  await writeWithout(session, { path, outputs: file.outputs, target }, places, signal);
  // Begins as the old name does: who compares ids of runs goes on finding the run whose table it is.
  const name = `${runOfFile(file.key).split("x")[0] ?? ""}x${run}`;
  const key = file.key.startsWith(keys.basePrefix) ? keys.base(generation, name) : keys.log(generation, name);
  return { generation, rows, from: file, to: await publishFile(state, target, key, file.outputs, signal) };
}

async function refuseOpen({ state, keys }: Pick<RunContext, "state" | "keys">, current: Current, signal: AbortSignal): Promise<void> {
  const plan = await readPlan(state, keys, current.generation + 1, signal);
  if (plan === null) return;
  throw new SyncError("FORGET_DELIVERY_OPEN", `Generation ${plan.generation} of ${plan.stream} is under way. Nothing was erased.`, {
    hint: `\`sync state recover -m ${plan.stream}\` finishes it; then forget.`,
    context: { stream: plan.stream, generation: plan.generation },
  });
}

function stillTold({ name, changes, mode }: Stream, { told }: Pick<Whereabouts, "told">): SyncError {
  const tellsRemovals = changes.includes("removed") && mode !== "append";
  const hint = tellsRemovals
    ? `Delete them in the warehouse, \`sync run -m ${name}\` so that their removal is delivered, then forget. Or --even-if-present: then nothing tells the destination.`
    : `${name} delivers no removals: delete them in the warehouse, forget with --even-if-present, and erase the objects that are listed at the destination.`;
  return new SyncError(
    "FORGET_STILL_TOLD",
    `The destination of ${name} still holds rows that are to be forgotten (${told}). Nothing was erased.`,
    {
      hint,
      context: { stream: name },
    },
  );
}

function overtaken({ name }: Stream): SyncError {
  return new SyncError("FORGET_OVERTAKEN", `Rows of ${name} that were erased stood in the state root again each time.`, {
    hint: "Stop other hosts that write there, see that the store deletes what it is told to, then run the same command again.",
    retry: "transient",
    context: { stream: name },
  });
}
