import { SyncError } from "../core/errors.ts";
import { failpoint } from "../core/failpoint.ts";
import type { ObjectBody, ObjectFacts } from "../core/ports.ts";
import type { Plan } from "../state/documents.ts";
import type { ObjectNotes } from "../state/plans.ts";
import type { Delivery } from "./deliver-plan.ts";
import type { RunContext } from "./run-context.ts";

const ATTEMPTS = 8;

/** What is known about the sending of one object so far. */
interface Sending {
  readonly context: RunContext;
  readonly plan: Plan;
  readonly object: Delivery;
  readonly notes: ObjectNotes;
  readonly facts: ObjectFacts;
  /** The name of this host's attempts at this object. */
  readonly attempt: string;
  /** A PUT of this very call got no answer, so our object may stand there. */
  unanswered: boolean;
}

/**
 * Puts one object, create-once, and returns only when it is sure that these very bytes of this very state stand, or stood, at the key.
 * FOREIGN_OBJECT when somebody else's do, STATE_BEHIND when a newer copy of this state delivered others.
 */
export async function sendObject(
  context: RunContext,
  plan: Plan,
  object: Delivery,
  body: ObjectBody,
  notes: ObjectNotes,
  signal: AbortSignal,
): Promise<void> {
  const facts = { stateId: plan.stateId, generation: plan.generation, run: plan.run, sha256: object.sha256 };
  if (object.overwrite) return await replaceObject(context, plan, object, body, facts, signal);
  const sending: Sending = { context, plan, object, notes, facts, attempt: context.run, unanswered: false };
  // Where nobody may look, the attempts on record are what tells our own object from another's: written before each PUT.
  const blind = (await context.destination.head(object.key, signal)).kind === "forbidden";
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (blind) await notes.recordAttempt(sending.attempt, note(sending), signal);
    await failpoint("deliver.before-put");
    const outcome = await context.destination.putNew(object.key, body, facts, signal);
    if (outcome.kind === "created") return;
    sending.unanswered ||= outcome.kind === "unanswered" || outcome.afterUnanswered;
    if (await settle(sending, outcome.kind === "exists", signal)) return;
  }
  throw noAnswer({ plan, object });
}

/**
 * Puts an object that is told whole each time in the place of the one before. Never over somebody else's, nor over that of a later generation, as far as
 * the store lets itself be looked at; a host that slept between the look and its PUT can still bring older bytes back.
 */
async function replaceObject(
  context: RunContext,
  plan: Plan,
  object: Delivery,
  body: ObjectBody,
  facts: ObjectFacts,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const look = await context.destination.head(object.key, signal);
    if (look.kind === "found") {
      if (look.facts?.stateId !== facts.stateId) throw foreign({ plan, object });
      if (look.facts.generation > facts.generation) throw behind({ plan, object });
    }
    await failpoint("deliver.before-put");
    if ((await context.destination.replace(object.key, body, facts, signal)).kind === "created") return;
  }
  throw noAnswer({ plan, object });
}

function noAnswer({ plan, object }: Pick<Sending, "plan" | "object">): SyncError {
  return new SyncError("DESTINATION_UNANSWERED", `The destination gave no answer about ${object.key} in ${ATTEMPTS} attempts.`, {
    hint: `\`sync run -m ${plan.stream}\` goes on with the same bytes once the destination answers.`,
    retry: "transient",
    context: { stream: plan.stream, key: object.key },
  });
}

/** Finds out what a PUT came to that did not simply succeed: true = ours stands or stood there, false = put it again. */
async function settle(sending: Sending, refused: boolean, signal: AbortSignal): Promise<boolean> {
  const { object, facts, context } = sending;
  const look = await context.destination.head(object.key, signal);
  if (look.kind === "missing") return false;
  if (look.kind === "forbidden") return refused && (await settleBlind(sending, signal));
  if (look.facts?.stateId !== facts.stateId) throw foreign(sending);
  if (look.facts.sha256 !== facts.sha256) throw behind(sending);
  return true;
}

/** The order of these looks matters: a mark is certain, a record of a foreign object more so than any attempt. */
async function settleBlind(sending: Sending, signal: AbortSignal): Promise<boolean> {
  const { notes } = sending;
  if (await notes.isMarked(signal)) return true;
  if (await notes.isForeign(signal)) throw foreign(sending);
  if (sending.unanswered || (await notes.hasOtherAttempt(sending.attempt, signal))) return true;
  await notes.markForeign(note(sending), signal);
  throw foreign(sending);
}

function note({ context, object }: Sending): object {
  return { format: "spillway/note/1", run: context.run, at: context.deps.clock.now().toISOString(), about: object.key };
}

function foreign({ plan, object }: Pick<Sending, "plan" | "object">): SyncError {
  return new SyncError(
    "FOREIGN_OBJECT",
    `Somebody else's object stands at ${object.key}, where generation ${plan.generation} of ${plan.stream} is to go.`,
    {
      hint: `Find out who writes there, move ${object.key} away, then \`sync run -m ${plan.stream}\` goes on.`,
      context: { stream: plan.stream, key: object.key, generation: plan.generation },
    },
  );
}

function behind({ plan, object }: Pick<Sending, "plan" | "object">): SyncError {
  return new SyncError(
    "STATE_BEHIND",
    `${object.key} was delivered by this state before, with other bytes: the state root is an older copy of the one that delivered generation ${plan.generation} of ${plan.stream}.`,
    {
      hint: "Bring the newest state root back before anything else is run with this one.",
      context: { stream: plan.stream, key: object.key, generation: plan.generation },
    },
  );
}
