import { SyncError } from "../core/errors.ts";
import type { Place } from "../core/ports.ts";
import type { Stream } from "../core/types.ts";
import type { Current, StreamIdentity } from "../state/documents.ts";

/** What a stream's snapshot belongs to, as the configuration names it. */
export function streamIdentity(stream: Stream, destination: Place): StreamIdentity {
  const { type, endpoint, bucket, prefix } = destination;
  return {
    destination: { type, endpoint, bucket, prefix },
    source: { type: stream.source.type, name: stream.source.name },
    key: stream.primaryKey,
    mode: stream.mode,
    ...(stream.cursor === undefined ? {} : { cursor: stream.cursor.column }),
  };
}

/** Whether two places are the same. */
export function samePlace(a: Place, b: Place): boolean {
  return a.type === b.type && a.endpoint === b.endpoint && a.bucket === b.bucket && a.prefix === b.prefix;
}

/** A place as people read it. */
export function placeName(place: Place): string {
  return place.type === "local"
    ? place.prefix
    : `${place.type}://${place.bucket}/${place.prefix}${place.endpoint === "" ? "" : ` at ${place.endpoint}`}`;
}

/** Whether what was told can still be compared by key with what is to be told: same place, same key. */
export function sameTable(a: StreamIdentity, b: StreamIdentity): boolean {
  return samePlace(a.destination, b.destination) && sameKey(a.key, b.key);
}

/** Whether two primary keys are the same. */
export function sameKey(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((column, at) => column === b[at]);
}

/** Whether a snapshot belongs to another destination, source, key or mode. */
export function identityDiffers(a: StreamIdentity, b: StreamIdentity): boolean {
  return (
    !sameTable(a, b) || a.source.name !== b.source.name || a.source.type !== b.source.type || a.mode !== b.mode || a.cursor !== b.cursor
  );
}

/** Whether what is on record can stand for what the destination holds: of events, no more is on record than what one cursor can find again. */
function comparable(before: StreamIdentity, now: StreamIdentity): boolean {
  return sameKey(before.key, now.key) && (before.mode !== "append" || (now.mode === "append" && before.cursor === now.cursor));
}

/**
 * Refuses to compare with a snapshot that belongs to something else than the configuration names, unless somebody said that the
 * destination holds what was told all the same. By another key nothing can be compared, nor with the events that one cursor left on record.
 */
export function refuseChangedIdentity(stream: Stream, current: Current, now: StreamIdentity, sameDestination: boolean): void {
  if (current.layout === null) return; // nothing was told, so nothing can be wrong about it
  if (sameDestination && comparable(current.identity, now)) return;
  const before = current.identity;
  const differences = [
    samePlace(before.destination, now.destination)
      ? null
      : `destination (${placeName(before.destination)} → ${placeName(now.destination)})`,
    before.source.name === now.source.name && before.source.type === now.source.type
      ? null
      : `source (${before.source.name} → ${now.source.name})`,
    sameKey(before.key, now.key) ? null : `primary_key (${before.key.join(", ")} → ${now.key.join(", ")})`,
    before.mode === now.mode ? null : `mode (${before.mode} → ${now.mode})`,
    before.mode !== now.mode || before.cursor === now.cursor ? null : `cursor (${before.cursor ?? "none"} → ${now.cursor ?? "none"})`,
  ].filter((difference) => difference !== null);
  if (differences.length === 0) return;
  throw new SyncError(
    "IDENTITY_CHANGED",
    `What ${stream.name} has delivered belongs to another ${differences.join(", ")}. Nothing was sent.`,
    {
      hint: answers(stream, comparable(before, now)),
      context: { stream: stream.name, differences },
    },
  );
}

function answers(stream: Stream, canCompare: boolean): string {
  const anew = `Undo the change in ${stream.file}; or deliver every row anew: \`sync run -m ${stream.name} --full-resync\`.`;
  return canCompare
    ? `${anew} Does the destination hold what was delivered all the same? \`sync run -m ${stream.name} --same-destination\`.`
    : anew;
}
