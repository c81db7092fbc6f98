import { Slots } from "../core/slots.ts";
import type { Slot, Stream } from "../core/types.ts";
import type { RunFacts } from "./ports.ts";

/** A run that was asked for by hand and has not started. */
export interface RequestedRun {
  readonly run: string;
  readonly start: () => void;
}

/** What the service remembers of one stream; all of it can be forgotten, for what is due stands in the state root. */
export class ScheduleLane {
  stream: Stream;
  slots: Slots | null;
  /** When the state root is next asked what is due. */
  lookAt: Date | null;
  /** Somebody asks it now. */
  looking = false;
  /** The run that has the stream in this process, whether it waits for room or is under way. */
  taken: RunFacts | null = null;
  started = false;
  /** A slot came due meanwhile. */
  pending = false;
  /** The slot that failed last, how often it did, and when it is tried again. */
  failed: { readonly slot: Date; readonly failures: number; readonly retryAt: Date | null } | null = null;
  readonly requested: RequestedRun[] = [];

  constructor(stream: Stream, now: Date) {
    this.stream = stream;
    this.slots = slotsOf(stream);
    this.lookAt = this.slots === null ? null : now;
  }

  /** Takes on a changed configuration; what is under way goes on as it began. */
  become(stream: Stream, now: Date): void {
    const isSame = JSON.stringify(stream.schedule) === JSON.stringify(this.stream.schedule) && stream.enabled === this.stream.enabled;
    this.stream = stream;
    if (isSame) return;
    this.slots = slotsOf(stream);
    this.lookAt = this.slots === null ? null : now;
    this.pending = false;
  }

  /** When a slot that failed is tried again; null: it did not fail last, or is not tried again. */
  retryOf(slot: Slot): Date | null {
    return this.failed?.slot.getTime() === slot.at.getTime() ? this.failed.retryAt : null;
  }

  /** The slot that comes next; null: none does. */
  next(now: Date): Slot | null {
    return this.slots?.after(now) ?? null;
  }

  /** Notes when to look again: at the next slot, or earlier if something asks for that. */
  lookAgain(now: Date, earlier: Date | null): void {
    const next = this.next(now)?.at ?? null;
    this.lookAt = earlier !== null && (next === null || earlier < next) ? earlier : next;
  }
}

function slotsOf({ schedule, enabled }: Stream): Slots | null {
  return schedule === undefined || !enabled ? null : new Slots(schedule);
}
