import { Slots } from "../core/slots.ts";
import type { Slot, Stream } from "../core/types.ts";
import { dueSlot } from "./due-slot.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** What a scheduler would start now. */
export interface DueStreams {
  readonly streams: readonly Stream[];
  /** The slot of each, by stream. */
  readonly slots: ReadonlyMap<string, Slot>;
  readonly missed: readonly MissedSlot[];
  /** The slot that comes first of those to come. */
  readonly next: { readonly stream: string; readonly slot: Slot } | null;
}

/** Slots that will not be run, up to and including this one. */
export interface MissedSlot {
  readonly stream: string;
  readonly slot: Slot;
  readonly count: number;
  readonly why: "paused" | "downtime";
}

/** So many streams are asked about at once. */
const AT_ONCE = 16;

/** Asks the state root of every stream that has a schedule what is due. */
export async function dueStreams(
  deps: Pick<SyncDeps, "state" | "clock">,
  streams: readonly Stream[],
  signal: AbortSignal,
): Promise<DueStreams> {
  const slots = new Map<string, Slot>();
  const missed: MissedSlot[] = [];
  let next: DueStreams["next"] = null;
  const look = async (stream: Stream): Promise<void> => {
    if (stream.schedule === undefined) return;
    const ofStream = new Slots(stream.schedule);
    const due = await dueSlot({ ...deps, stream, slots: ofStream }, signal);
    if (due.kind === "due") slots.set(stream.name, due.slot);
    if (due.kind === "missed") missed.push({ stream: stream.name, slot: due.slot, count: due.count, why: due.why });
    const coming = ofStream.after(deps.clock.now());
    if (coming !== null && (next === null || coming.at < next.slot.at)) next = { stream: stream.name, slot: coming };
  };
  for (let at = 0; at < streams.length; at += AT_ONCE) await Promise.all(streams.slice(at, at + AT_ONCE).map(look));
  return { streams: streams.filter(({ name }) => slots.has(name)), slots, missed, next };
}
