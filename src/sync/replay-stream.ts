import { SyncError } from "../core/errors.ts";
import type { LoggedRun, Phase } from "../core/log.ts";
import type { ObjectFacts, ObjectStore } from "../core/ports.ts";
import { bytes, counted } from "../core/readable.ts";
import type { Stream } from "../core/types.ts";
import type { Plan } from "../state/documents.ts";
import { fileBody } from "../state/state-files.ts";
import type { DeliveredGeneration } from "./delivered-plans.ts";
import { withScratchFolder } from "./scratch-folder.ts";
import { type StoredObject, storedBytes } from "./stored-bytes.ts";
import { placeName, samePlace } from "./stream-identity.ts";
import type { SyncDeps } from "./sync-deps.ts";

const ATTEMPTS = 8;

/** What became of one object. `there`: these very bytes stood there. `unchecked`: something stands there, and nobody may look what. */
export interface ReplayedObject {
  readonly key: string;
  readonly size: number;
  readonly from: StoredObject["from"];
  readonly status: "sent" | "there" | "unchecked";
}

/** A generation that was delivered again. */
export interface ReplayedGeneration {
  readonly stream: string;
  readonly generation: number;
  readonly run: string;
  readonly at: string;
  readonly objects: readonly ReplayedObject[];
}

/**
 * Delivers an old generation again: its very bytes, create-once, files first and the manifest last. `to`: the folder below the destination's
 * prefix that its keys go under; null: its own keys, so that only what is gone from there is sent. The state is not touched.
 */
export async function replayGeneration(
  deps: SyncDeps,
  stream: Stream,
  delivered: DeliveredGeneration,
  to: string | null,
  signal: AbortSignal,
): Promise<ReplayedGeneration> {
  const { plan } = delivered;
  const { generation, run, at } = plan;
  const replay = deps.newRunId();
  await using destination = await deps.openDestination(stream.destination, { stream: stream.name, run: replay, generation }, signal);
  if (to === null) refuseSameKeys(stream, plan, destination);
  const objects = await withScratchFolder(deps, "replay", async (folder) => {
    tell(deps, plan, "files", "started");
    const stored = await storedBytes(deps, stream, delivered, { destination, folder }, signal);
    const size = stored.reduce((sum, { object }) => sum + object.size, 0);
    tell(deps, plan, "files", "done", `generation ${generation}: ${counted(stored.length, "object")}, ${bytes(size)}`);
    return await sendAll(deps, plan, stored, { destination, to }, signal);
  });
  return { stream: stream.name, generation, run, at, objects };
}

function tell(deps: SyncDeps, plan: Plan, phase: Phase, state: "started" | "done", detail?: string): void {
  deps.log.phase({ ...loggedRun(plan), phase, state, ...(detail === undefined ? {} : { detail }) });
}

function loggedRun({ stream, run, generation }: Plan): LoggedRun {
  return { stream, model: stream.split(".", 1)[0] ?? stream, run, generation };
}

async function sendAll(
  deps: SyncDeps,
  plan: Plan,
  stored: readonly StoredObject[],
  { destination, to }: { readonly destination: ObjectStore; readonly to: string | null },
  signal: AbortSignal,
): Promise<readonly ReplayedObject[]> {
  const { run, generation } = plan;
  tell(deps, plan, "deliver", "started");
  const objects: ReplayedObject[] = [];
  for (const { object, path, from } of stored) {
    signal.throwIfAborted();
    const key = to === null ? object.key : `${to}/${object.key}`;
    const facts = { stateId: plan.stateId, generation, run, sha256: object.sha256 };
    const body = fileBody(path, object.size, object.sha256);
    const status = await putAgain({ destination, key, facts }, body, signal);
    objects.push({ key, size: object.size, from, status });
    deps.log.phase({ ...loggedRun(plan), phase: "deliver", state: "progress", done: objects.length, total: stored.length });
  }
  const sent = objects.filter(({ status }) => status === "sent").length;
  tell(deps, plan, "deliver", "done", `${counted(sent, "object")} sent, ${objects.length - sent} stood there`);
  return objects;
}

interface Target {
  readonly destination: ObjectStore;
  readonly key: string;
  readonly facts: ObjectFacts;
}

async function putAgain(target: Target, body: ReturnType<typeof fileBody>, signal: AbortSignal): Promise<ReplayedObject["status"]> {
  const { destination, key, facts } = target;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const outcome = await destination.putNew(key, body, facts, signal);
    if (outcome.kind === "created") return "sent";
    const look = await destination.head(key, signal);
    if (look.kind === "found") {
      if (look.facts?.stateId === facts.stateId && look.facts.sha256 === facts.sha256) return "there";
      throw taken(target);
    }
    if (look.kind === "forbidden" && outcome.kind === "exists") return "unchecked";
  }
  throw new SyncError("DESTINATION_UNANSWERED", `The destination gave no answer about ${key} in ${ATTEMPTS} attempts.`, {
    hint: "Run the same command again once the destination answers: what stands is not sent again.",
    retry: "transient",
    context: { key },
  });
}

/** At their own keys, objects are only put back where they stood: not elsewhere, and not over what took their place. */
function refuseSameKeys(stream: Stream, plan: Plan, destination: ObjectStore): void {
  const hint = `\`sync replay -m ${stream.name} --generation ${plan.generation} --to PREFIX\` delivers it under a prefix of its own.`;
  const context = { stream: stream.name, generation: plan.generation };
  if (!samePlace(plan.identity.destination, destination.place)) {
    const [then, now] = [placeName(plan.identity.destination), placeName(destination.place)];
    const message = `Generation ${plan.generation} of ${stream.name} was delivered to ${then}, and the configuration names ${now}.`;
    throw new SyncError("USAGE", message, { hint, context });
  }
  const replaced = plan.objects.find(({ overwrite }) => overwrite === true);
  if (replaced === undefined) return;
  throw new SyncError("USAGE", `${replaced.key} is replaced by every generation, so an old one is not put back in its place.`, {
    hint,
    context,
  });
}

function taken({ key, facts }: Target): SyncError {
  return new SyncError("REPLAY_KEY_TAKEN", `Other bytes stand at ${key}, so generation ${facts.generation} was not delivered there.`, {
    hint: "Replay under another prefix (--to), one for each replay of several generations of a file that keeps its name.",
    context: { key, generation: facts.generation },
  });
}
