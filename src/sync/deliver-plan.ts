import { SyncError } from "../core/errors.ts";
import { failpoint } from "../core/failpoint.ts";
import type { ObjectBody } from "../core/ports.ts";
import { counted } from "../core/readable.ts";
import type { Plan } from "../state/documents.ts";
import { ObjectNotes } from "../state/plans.ts";
import { fileBody, stagedFile } from "../state/state-files.ts";
import { graceSignal } from "./grace-signal.ts";
import { mustReadCurrent } from "./open-stream.ts";
import { cacheFolder, type RunContext } from "./run-context.ts";
import { sendObject } from "./send-object.ts";

/** How long an object that is under way may take once somebody asked to stop. */
const GRACE_MS = 25_000;

/** An object of a plan with its place in the order of delivery; the manifest is the last. */
export interface Delivery {
  readonly index: number;
  readonly key: string;
  readonly size: number;
  readonly sha256: string;
  readonly staged: string;
  readonly isManifest: boolean;
  /** It may take the place of an object of ours at its key. */
  readonly overwrite: boolean;
}

/** Objects of a plan in the order in which they are sent. */
export function deliveries(plan: Plan): readonly Delivery[] {
  const files = plan.objects.map((object) => ({ ...pick(object), isManifest: false, overwrite: object.overwrite === true }));
  const done = plan.done === undefined ? [] : [{ ...pick(plan.done), isManifest: false, overwrite: false }];
  const manifest = plan.manifest === null ? [] : [{ ...pick(plan.manifest), isManifest: true, overwrite: false }];
  return [...files, ...done, ...manifest].map((object, index) => ({ index, ...object }));
}

function pick({
  key,
  size,
  sha256,
  staged,
}: Pick<Delivery, "key" | "size" | "sha256" | "staged">): Pick<Delivery, "key" | "size" | "sha256" | "staged"> {
  return { key, size, sha256, staged };
}

/**
 * Sends what has no mark yet, as many objects at a time as the destination takes, started in the plan's order, each object's staged
 * bytes checked before it leaves; what says that the others stand goes when all of them do. `bytes_lost`: staged bytes are gone or
 * changed, and nothing more was started. A stop that somebody asked for lets the objects in hand finish.
 */
export async function deliverPlan(context: RunContext, plan: Plan, signal: AbortSignal): Promise<"delivered" | "bytes_lost"> {
  const { report } = context;
  const objects = deliveries(plan);
  const files = objects.slice(0, plan.objects.length);
  const done = objects.slice(plan.objects.length).filter((object) => !object.isManifest);
  const manifest = objects.filter((object) => object.isManifest);
  const outcome = await report.phase(
    "deliver",
    async () => {
      const sent = await deliverEach(context, plan, files, signal);
      return sent === "bytes_lost" ? sent : await deliverEach(context, plan, done, signal);
    },
    () => counted(files.length + done.length, "file"),
  );
  if (outcome === "bytes_lost" || manifest.length === 0) return outcome;
  // A generation that was given up meanwhile gets no manifest: the next one follows the manifest before it.
  if ((await mustReadCurrent(context, signal)).abandoned.includes(plan.generation)) return outcome;
  return await report.phase("manifest", () => deliverEach(context, plan, manifest, signal));
}

async function deliverEach(
  context: RunContext,
  plan: Plan,
  objects: readonly Delivery[],
  signal: AbortSignal,
): Promise<"delivered" | "bytes_lost"> {
  const waiting = [...objects];
  const failed: unknown[] = [];
  let lost = false;
  let sent = 0;
  // One that fails stops the others as a person would: what is in hand may finish, nothing new is started.
  const stop = new AbortController();
  using grace = graceSignal(AbortSignal.any([signal, stop.signal]), GRACE_MS);
  const work = async (): Promise<void> => {
    for (let object = next(); object !== undefined; object = next()) {
      try {
        if ((await deliverOne(context, plan, object, grace.signal)) === "bytes_lost") lost = true;
        else context.report.progress(object.isManifest ? "manifest" : "deliver", (sent += 1), objects.length);
      } catch (error) {
        failed.push(error);
      }
      if (lost || failed.length > 0) stop.abort();
    }
  };
  const next = (): Delivery | undefined => (signal.aborted || stop.signal.aborted ? undefined : waiting.shift());
  const workers = Math.min(objects.length, context.destination.objectsAtOnce ?? 1);
  await Promise.all(Array.from({ length: workers }, work));
  if (failed.length > 0) throw failed[0];
  if (lost) return "bytes_lost";
  stopIfAsked(plan, signal);
  return "delivered";
}

function stopIfAsked(plan: Plan, signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new SyncError("INTERRUPTED", `${plan.stream} was stopped while generation ${plan.generation} is under way.`, {
    hint: `\`sync run -m ${plan.stream}\` sends the rest, the same bytes at the same keys.`,
    context: { stream: plan.stream, generation: plan.generation },
  });
}

async function deliverOne(context: RunContext, plan: Plan, object: Delivery, signal: AbortSignal): Promise<"delivered" | "bytes_lost"> {
  const { state, keys, deps, run } = context;
  const notes = new ObjectNotes(state, keys, plan.generation, object.index);
  if (await notes.isMarked(signal)) return "delivered";
  const body = await stagedBody(context, object, signal);
  if (body === null) return "bytes_lost";
  try {
    await sendObject(context, plan, object, body, notes, signal);
  } catch (error) {
    // Staged bytes can change, or be tidied away by a host that was quicker, after the check; the store hashes what it reads, so
    // none of that reached the destination.
    if ((error instanceof SyncError && error.code === "BYTES_CHANGED") || (await stagedBody(context, object, signal)) === null)
      return "bytes_lost";
    throw error;
  }
  await failpoint(object.isManifest ? "manifest.after-put" : "deliver.after-put");
  await notes.mark({ format: "spillway/note/1", run, at: deps.clock.now().toISOString(), about: object.key }, signal);
  await failpoint(object.isManifest ? "manifest.marked" : "deliver.marked");
  return "delivered";
}

async function stagedBody(context: RunContext, object: Delivery, signal: AbortSignal): Promise<ObjectBody | null> {
  const named = { key: object.staged, size: object.size, sha256: object.sha256 };
  const path = await stagedFile(context.state, named, cacheFolder(context), signal);
  return path === null ? null : fileBody(path, object.size, object.sha256);
}
