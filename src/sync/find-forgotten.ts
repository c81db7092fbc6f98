import type { SqlSession } from "../core/ports.ts";
import { counted } from "../core/readable.ts";
import { countForgotten, countTold } from "../diffing/forgotten-rows.ts";
import { outputsOf } from "../diffing/write-delta.ts";
import type { Current, Plan } from "../state/documents.ts";
import { readPlan } from "../state/plans.ts";
import { localFile, storedFile } from "../state/state-files.ts";
import { numberOf } from "../state/state-keys.ts";
import { unlessDamaged } from "../state/state-store.ts";
import { type FileWithRows, placesOf, type Search } from "./forget-search.ts";
import { loadSnapshot } from "./load-snapshot.ts";
import { checkpointsWith, type ObjectWithRows, objectsOf } from "./objects-with-rows.ts";
import { cacheFolder, type RunContext } from "./run-context.ts";
import { keptFiles } from "./stage-folder.ts";
import { runOfFile } from "./stored-history.ts";

/** Where rows that are to be forgotten stand. */
export interface Whereabouts {
  readonly files: readonly FileWithRows[];
  /** Runs whose staged bytes tell of them, or are not whole enough to say. */
  readonly staged: readonly string[];
  readonly objects: readonly ObjectWithRows[];
  /** Rows that the destination holds, as far as it was told. */
  readonly told: bigint;
  /** Generations whose objects are named by such a key, because they are split by it. */
  readonly named: readonly number[];
  /** Generations that were told under other key columns: rows cannot be found in them by these. */
  readonly otherKey: readonly number[];
}

/** Looks through every file of base, log and staging for rows that are to be forgotten. */
export async function findForgotten(search: Search, current: Current, signal: AbortSignal): Promise<Whereabouts> {
  const detail = ({ files }: Whereabouts): string => `looked through; ${counted(files.length, "file")} with such rows`;
  return await search.context.report.phase("snapshot", () => lookThrough(search, current, signal), detail);
}

async function lookThrough(search: Search, current: Current, signal: AbortSignal): Promise<Whereabouts> {
  const { context } = search;
  const { state, keys } = context;
  const stored = [...(await state.list(keys.basePrefix, signal)), ...(await state.list(keys.logPrefix, signal))];
  const plans = await readPlans(search, current, signal);
  const files: FileWithRows[] = [];
  const objects: ObjectWithRows[] = [];
  const otherKey = new Set<number>();
  for (const [done, key] of stored.entries()) {
    const plan = plans.get(numberOf(key) ?? -1);
    const layout = layoutOf(key, plans, current);
    const places = placesOf(search, layout);
    if (places === null) otherKey.add(numberOf(key) ?? 0);
    else {
      const found = await look(search, { key, plan, places, current }, signal);
      if (found !== null) files.push(found);
      if (found !== null && plan !== undefined && plan.delta.key === key)
        objects.push(...(await objectsOf(search, current, plan, found, signal)));
    }
    context.report.progress("snapshot", done + 1, stored.length);
  }
  objects.push(...(await checkpointsWith(search, plans, files, signal)));
  const staged = await stagedRuns(search, { stored, files }, signal);
  return {
    files,
    staged,
    objects,
    told: await toldRows(search, current, files, signal),
    named: namedIn(search, plans),
    otherKey: [...otherKey].toSorted((a, b) => a - b),
  };
}

/** Names of objects stand in plans and records, which are never edited. */
function namedIn({ values }: Search, plans: ReadonlyMap<number, Plan>): readonly number[] {
  const isNamed = ({ split }: Plan["objects"][number]): boolean =>
    Object.values(split ?? {}).some((value) => value !== null && values.has(value));
  return [...plans.values()].filter(({ objects }) => objects.some(isNamed)).map(({ generation }) => generation);
}

async function readPlans(
  { context: { state, keys }, erasures }: Search,
  current: Current,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, Plan>> {
  const plans = new Map<number, Plan>();
  for (let generation = current.horizon?.generation ?? 1; generation <= current.generation; generation += 1) {
    const plan = generation < 1 ? null : await unlessDamaged(readPlan(state, keys, generation, signal));
    if (plan !== null) plans.set(generation, erasures.planned(plan));
  }
  return plans;
}

/** What the rows of a file mean: what its plan says, or, of a base, the delivery before it. */
function layoutOf(key: string, plans: ReadonlyMap<number, Plan>, current: Current): Current["layout"] {
  const generation = numberOf(key) ?? 0;
  const own = plans.get(generation);
  if (own?.delta.key === key) return own.layout;
  if (keptFiles(current).some((file) => file.key === key) && current.generation === generation) return current.layout;
  for (let before = generation; before > 0; before -= 1) {
    const plan = plans.get(before);
    if (plan !== undefined && !current.abandoned.includes(before)) return plan.layout;
  }
  return current.layout;
}

interface Looked {
  readonly key: string;
  readonly plan: Plan | undefined;
  readonly places: readonly number[];
  readonly current: Current;
}

async function look(
  { context, session }: Search,
  { key, plan, places, current }: Looked,
  signal: AbortSignal,
): Promise<FileWithRows | null> {
  const named = [...keptFiles(current), ...(plan === undefined ? [] : [plan.delta])].find((file) => file.key === key);
  const generation = numberOf(key) ?? 0;
  if (named === undefined) return await lookAtUnnamed(context, session, { key, generation, places }, signal);
  const path = await localFile(context.state, named, cacheFolder(context), signal);
  const rows = path === null ? 0n : await countForgotten(session, path, places, signal);
  return path === null || rows === 0n
    ? null
    : { generation, rows: Number(rows), file: named, path, places, isBase: isBase(context, key), isNeeded: true };
}

/** What nobody names goes when it holds such rows, and when it is torn, so that nobody can say. */
async function lookAtUnnamed(
  context: RunContext,
  session: SqlSession,
  { key, generation, places }: { readonly key: string; readonly generation: number; readonly places: readonly number[] },
  signal: AbortSignal,
): Promise<FileWithRows | null> {
  const found = await storedFile(context.state, key, cacheFolder(context), signal);
  if (found === null) return null;
  const { path, size, sha256 } = found;
  const outputs = await outputsOf(session, path, signal);
  const rows = outputs === null ? 0n : await countForgotten(session, path, places, signal);
  if (outputs !== null && rows === 0n) return null;
  return {
    generation,
    rows: Number(rows),
    file: { key, size, sha256, outputs: outputs ?? [] },
    path,
    places,
    isBase: isBase(context, key),
    isNeeded: false,
  };
}

function isBase({ keys }: RunContext, key: string): boolean {
  return key.startsWith(keys.basePrefix);
}

/** Staging whose delta stands beside the log is as that delta is; what never got so far may hold anything. */
async function stagedRuns(
  { context: { state, keys } }: Search,
  { stored, files }: { readonly stored: readonly string[]; readonly files: readonly FileWithRows[] },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const staging = await state.list(keys.stagingPrefix, signal);
  const runs = new Set(staging.map((key) => key.slice(keys.stagingPrefix.length).split("/")[0] ?? ""));
  const clean = new Set(stored.filter((key) => key.startsWith(keys.logPrefix)).map(runOfFile));
  for (const { file } of files) clean.delete(runOfFile(file.key));
  return [...runs].filter((run) => !clean.has(run));
}

/** Also a row of which it is not certain that it was told is one that the destination may hold: its removal is still owed. */
async function toldRows(search: Search, read: Current, files: readonly FileWithRows[], signal: AbortSignal): Promise<bigint> {
  const { context, session } = search;
  const { current, snapshot } = await loadSnapshot(context, read, signal);
  const places = placesOf(search, current.layout);
  const told = snapshot === null || places === null ? 0n : await countTold(session, snapshot, places, signal);
  const owed = current.uncertain.some(({ key }) => files.some(({ file }) => file.key === key));
  return told === 0n && owed ? 1n : told;
}
