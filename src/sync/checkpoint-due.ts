import { Slots } from "../core/slots.ts";
import type { Slot, Stream } from "../core/types.ts";
import type { Current } from "../state/documents.ts";

/** An instant so far ahead was written by a clock that was wrong, and must not keep checkpoints back until it has come. */
const AHEAD_MS = 60 * 60_000;

/** What of a run's time says whether it carries a checkpoint. */
export interface CheckpointLook {
  /** The instant that the run stands for. */
  readonly slot: Date;
  readonly now: Date;
}

/**
 * Whether a run that stands for a slot carries the whole snapshot because of the stream's `checkpoint`: the newest slot of it that has come has no generation yet that
 * tells the whole table. That generation moves CURRENT together with its mark, so no slot has two, whoever runs and wherever it crashes.
 */
export function checkpointDue({ checkpoint }: Pick<Stream, "checkpoint">, current: Pick<Current, "whole">, look: CheckpointLook): boolean {
  if (checkpoint === undefined) return false;
  const done = current.whole === undefined ? null : new Date(current.whole.at);
  const isTrusted = done !== null && done.getTime() <= look.now.getTime() + AHEAD_MS;
  return new Slots(checkpoint).latest(isTrusted ? new Date(done.getTime() + 1) : new Date(0), reached(look)) !== null;
}

/** The instant up to which slots are done with once a run has told the whole table. A slot of the future says nothing of those that come before it. */
export function reached({ slot, now }: CheckpointLook): Date {
  return slot < now ? slot : now;
}

/** Which of the coming slots carry a checkpoint, if nothing else is run meanwhile. A stream's first delivery tells the whole table by itself. */
export function comingCheckpoints(
  stream: Pick<Stream, "checkpoint">,
  current: Pick<Current, "whole" | "layout"> | null,
  slots: readonly Slot[],
): ReadonlySet<Slot> {
  const carriers = new Set<Slot>();
  let whole = current?.whole;
  for (const slot of slots) {
    const isFirst = current?.layout == null && slot === slots[0];
    const isDue = checkpointDue(stream, { whole }, { slot: slot.at, now: slot.at });
    if (isDue && !isFirst) carriers.add(slot);
    if (isDue) whole = { generation: 1, at: slot.at.toISOString() };
  }
  return carriers;
}
