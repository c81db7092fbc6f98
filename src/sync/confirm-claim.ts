import { createHash } from "node:crypto";
import { SyncError } from "../core/errors.ts";
import { failpoint } from "../core/failpoint.ts";
import type { ObjectFacts, Place } from "../core/ports.ts";
import type { Current } from "../state/documents.ts";
import { bytesBody, createDocument, hasDocument, readBytes } from "../state/state-store.ts";
import type { RunContext } from "./run-context.ts";

const ATTEMPTS = 5;

/**
 * Makes sure that the destination is claimed for this very state before anything is planned, and records it: a state that was lost or
 * is another one can then never deliver a second generation 1. STATE_MISMATCH when somebody else's claim stands there.
 */
export async function confirmClaim(context: RunContext, current: Current, signal: AbortSignal): Promise<void> {
  const { state, keys, stream, run, deps } = context;
  if (!stream.manifest) return;
  const place = placeHash(context.destination.place);
  if (await hasDocument(state, keys.claimConfirmed(place), signal)) return;
  const claim = deps.parts.claim(stream.name, current.stateId);
  const body = bytesBody(claim.bytes);
  const facts = { stateId: current.stateId, generation: 0, run, sha256: body.sha256 };
  const note = { format: "spillway/note/1", run, at: deps.clock.now().toISOString(), about: claim.key } as const;

  // Where nobody may look, only the record of an attempt tells a lost reply of ours from another's claim.
  let ambiguous = (await createDocument(state, keys.claimTried(place), note, signal)) === "exists";
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const outcome = await context.destination.putNew(claim.key, body, facts, signal);
    await failpoint("claim.put");
    ambiguous ||= outcome.kind === "unanswered" || (outcome.kind === "exists" && outcome.afterUnanswered);
    if (
      outcome.kind !== "created" &&
      !(await isOurs(context, claim.key, facts, { answered: outcome.kind === "exists", ambiguous }, signal))
    )
      continue;
    await createDocument(state, keys.claimConfirmed(place), note, signal);
    await failpoint("claim.confirmed");
    return;
  }
  throw new SyncError("DESTINATION_UNANSWERED", `The destination gave no answer about ${claim.key}.`, {
    hint: "Run the same command again once the destination answers.",
    retry: "transient",
    context: { key: claim.key },
  });
}

/** Looks whose claim stands there: true = ours, false = none or not known, so that it can be put again. */
async function isOurs(
  context: RunContext,
  key: string,
  facts: ObjectFacts,
  put: { readonly answered: boolean; readonly ambiguous: boolean },
  signal: AbortSignal,
): Promise<boolean> {
  const look = await context.destination.head(key, signal);
  switch (look.kind) {
    case "missing":
      return false;
    case "found": {
      const owner = look.facts?.stateId ?? (await claimedBy(context, key, signal));
      if (owner === facts.stateId) return true;
      throw mismatch(context, key, facts.stateId);
    }
    case "forbidden":
      if (!put.answered) return false;
      throw put.ambiguous ? unsettled(context, key, facts.stateId) : mismatch(context, key, facts.stateId);
  }
}

/** The state id inside a claim whose facts were lost (a copied folder, say). */
async function claimedBy(context: RunContext, key: string, signal: AbortSignal): Promise<string | null> {
  const bytes = await readBytes(context.destination, key, signal);
  const ours = /"state_?id"\s*:\s*"(?<id>[^"]+)"/i.exec(bytes?.toString("utf8") ?? "");
  return ours?.groups?.["id"] ?? null;
}

function mismatch(context: RunContext, key: string, stateId: string): SyncError {
  return new SyncError(
    "STATE_MISMATCH",
    `The destination of ${context.stream.name} was claimed by another state (${key}). Nothing was sent.`,
    {
      hint: `Point \`state\` at the root that delivers there. Is that lost for good? Deliver to a new prefix, or delete ${key} at the destination and run again.`,
      context: { stream: context.stream.name, key, stateId },
    },
  );
}

function unsettled(context: RunContext, key: string, stateId: string): SyncError {
  return new SyncError(
    "CLAIM_UNSETTLED",
    `Whether the claim of ${context.stream.name} (${key}) is this state's own cannot be told: a reply was lost and the credentials may not look.`,
    {
      hint: `Let someone who may read the destination open ${key}. If it names state ${stateId}, delete it and run again; if not, another state delivers there.`,
      context: { stream: context.stream.name, key, stateId },
    },
  );
}

function placeHash(place: Place): string {
  return createHash("sha256")
    .update(JSON.stringify([place.type, place.endpoint, place.bucket, place.prefix]))
    .digest("hex")
    .slice(0, 16);
}
