import { rm } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../core/durable-file.ts";
import { stageSchema, type Current, type FileRef, type Plan } from "../state/documents.ts";
import { readHeld } from "../state/held-runs.ts";
import { readPlan } from "../state/plans.ts";
import { createDocument, isDamage, readDocument, stateError, unlessDamaged } from "../state/state-store.ts";
import { supersede } from "./hold-run.ts";
import type { RunContext } from "./run-context.ts";

/** Where a run writes what it may deliver. */
export interface StageFolder {
  /** Absolute folder on this machine. */
  readonly path: string;
  /** Key of the state root that stands for a file of the folder. */
  keyOf(name: string): string;
}

/** Makes the run's staging, marked with the generation that it is for. */
export async function openStaging(context: RunContext, current: Current, signal: AbortSignal): Promise<StageFolder> {
  const { state, keys, run, deps } = context;
  const prefix = keys.staging(run);
  const about = {
    format: "spillway/stage/1",
    run,
    generation: current.generation + 1,
    seq: current.seq,
    at: deps.clock.now().toISOString(),
  } as const;
  await createDocument(state, `${prefix}stage.json`, about, signal);
  const path = state.pathOf === undefined ? join(deps.scratch, run) : state.pathOf(prefix.slice(0, -1));
  try {
    await makeFolder(deps.scratch);
    await makeFolder(join(path, "files"));
  } catch (error) {
    throw stateError(error, prefix);
  }
  return { path, keyOf: (name) => prefix + name };
}

/** Deletes this run's staging; only for a run that has planned nothing and never will. */
export async function dropStaging(context: RunContext, signal: AbortSignal): Promise<void> {
  const { state, keys, run, deps } = context;
  await deleteBelow(context, keys.staging(run), signal);
  if (state.pathOf === undefined) await rm(join(deps.scratch, run), { recursive: true, force: true });
  else await rm(state.pathOf(keys.staging(run).slice(0, -1)), { recursive: true, force: true });
}

/**
 * Deletes the staging of runs that can no longer be planned: their generation was delivered or consumed, or its plan is another
 * run's. Anything else may belong to a host that is about to plan it.
 */
export async function cleanStaging(context: RunContext, current: Current, signal: AbortSignal): Promise<void> {
  const { state, keys } = context;
  const runs = new Set(
    (await state.list(keys.stagingPrefix, signal)).map((key) => key.slice(keys.stagingPrefix.length).split("/")[0] ?? ""),
  );
  for (const run of runs) {
    const generation = await stagedFor(context, run, current, signal);
    if (generation === null) continue;
    const plan = await passedPlan(context, generation, current, signal);
    if (generation > current.generation && (plan === null || (plan !== "damaged" && plan.run === run))) continue;
    await closeHeld(context, run, signal);
    // Which files a plan named that nobody can read is not known: they stay.
    if (plan !== "damaged") {
      const named = [...keptFiles(current), ...(plan === null ? [] : [plan.delta])];
      await deleteOrphans(
        context,
        run,
        generation,
        named.map((file) => file.key),
        signal,
      );
    }
    await dropStaging({ ...context, run }, signal);
  }
}

/** The plan of a generation. One that has passed decides nothing any more, so its damage must not stop later runs; a reset may have given it up. */
async function passedPlan(
  context: RunContext,
  generation: number,
  current: Current,
  signal: AbortSignal,
): Promise<Plan | "damaged" | null> {
  try {
    return await readPlan(context.state, context.keys, generation, signal);
  } catch (error) {
    if (isDamage(error) && generation <= current.generation) return "damaged";
    throw error;
  }
}

/**
 * The generation that a run's staging is for; null where there is nothing yet. Where its note is damaged, what else names the run tells; staging
 * that nothing names is past. Should it be a slow host's after all, its plan is voided for want of bytes, and no stream waits for ever.
 */
async function stagedFor(context: RunContext, run: string, current: Current, signal: AbortSignal): Promise<number | null> {
  const { state, keys } = context;
  try {
    const about = await readDocument(state, `${keys.staging(run)}stage.json`, stageSchema, signal);
    // A host that slept while its staging was deleted leaves nothing but what holds it.
    return about?.generation ?? (await readHeld(state, keys, run, signal))?.held.plan.generation ?? null;
  } catch (error) {
    if (!isDamage(error)) throw error;
    const held = await unlessDamaged(readHeld(state, keys, run, signal));
    const open = await readPlan(state, keys, current.generation + 1, signal);
    return held?.held.plan.generation ?? (open?.run === run ? open.generation : current.generation);
  }
}

/** A run that was held until its generation had passed is told to be so. */
async function closeHeld(context: RunContext, run: string, signal: AbortSignal): Promise<void> {
  const found = await unlessDamaged(readHeld(context.state, context.keys, run, signal));
  if (found !== null && found.decision === null) await supersede(context, run, signal);
}

/** Files that the run put beside the log for a plan or swap that never came to be. */
async function deleteOrphans(
  context: RunContext,
  run: string,
  generation: number,
  named: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { state, keys } = context;
  const made = [keys.log(generation, run), keys.log(generation - 1, run), keys.base(generation - 1, run), keys.base(generation, run)];
  for (const key of made) if (!named.includes(key)) await state.delete(key, signal);
}

/** The snapshot's files, and the table that the history begins with. */
export function keptFiles(current: Current): readonly FileRef[] {
  const begin = current.horizon?.base ?? null;
  return [...namedFiles(current), ...(begin === null ? [] : [begin])];
}

/** Every file of the snapshot that a CURRENT names. */
export function namedFiles(current: Current): readonly FileRef[] {
  return [...(current.base === null ? [] : [current.base]), ...current.log, ...current.uncertain];
}

async function deleteBelow(context: RunContext, prefix: string, signal: AbortSignal): Promise<void> {
  const keys = await context.state.list(prefix, signal);
  // The note of what it is for goes last: a crash half-way leaves staging that the next cleaning still understands.
  for (const key of keys.filter((each) => !each.endsWith("/stage.json"))) await context.state.delete(key, signal);
  await context.state.delete(`${prefix}stage.json`, signal);
}
