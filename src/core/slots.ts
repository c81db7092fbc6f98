import { parseCron, type Cron } from "./cron.ts";
import type { Schedule, Slot } from "./types.ts";
import { firstWall, lastWall } from "./wall-times.ts";
import { Zone, type ZonePeriod } from "./zone.ts";

// The rule for days on which clocks are changed. An expression that names hours means what clocks show: a time that the clocks skip is
// run at the first instant after the gap, and a time that they show twice is run once, the first time. An expression that means every
// hour, such as each quarter of an hour, goes by instants: every instant at which the clocks show a time that is meant, also where they
// show it twice; where clocks skip less than an hour, the time of the hour is run after the gap, so that no hour goes without.

const HOUR_MS = 3_600_000;
/** Periods that are looked through before a schedule counts as having ended; zones change their clocks a few times a year. */
const SEARCHED_PERIODS = 400;

/**
 * What a slot has to do with a change of clocks. skipped: its time does not exist on that day, so it runs after the gap. twice: its time
 * is shown twice. forward, back: clocks are changed on that day.
 */
export type ClockNote = "skipped" | "twice" | "forward" | "back";

/** The slots of one schedule. */
export class Slots {
  readonly #cron: Cron;
  readonly #zone: Zone;

  constructor({ cron, timezone }: Pick<Schedule, "cron" | "timezone">) {
    this.#cron = parseCron(cron);
    this.#zone = new Zone(timezone);
  }

  /** The first slot after an instant; null: none comes any more. */
  after(instant: Date): Slot | null {
    let from = instant.getTime() + 1;
    for (let count = 0; count < SEARCHED_PERIODS && Number.isFinite(from); count += 1) {
      const period = this.#zone.periodOf(from);
      const found = this.#firstIn(period, from);
      if (found !== null) return found;
      from = period.end;
    }
    return null;
  }

  /** The last slot at or before an instant, and not before `since`; null: there is none. */
  latest(since: Date, instant: Date): Slot | null {
    let before = instant.getTime() + 1;
    const least = since.getTime();
    while (before > least) {
      const period = this.#zone.periodOf(before - 1);
      const found = this.#lastIn(period, least, before);
      if (found !== null) return found;
      before = period.start;
    }
    return null;
  }

  /** Slots after an instant, in order, for as long as they are asked for. */
  *following(instant: Date): Generator<Slot> {
    for (let slot = this.after(instant); slot !== null; slot = this.after(slot.at)) yield slot;
  }

  /** What a slot has to do with a change of clocks; null: nothing. */
  clocksAt({ at, wall }: Slot): ClockNote | null {
    const period = this.#zone.periodOf(at.getTime());
    const shown = at.getTime() + period.offset;
    if (new Date(shown).toISOString().slice(0, 19) !== wall) return "skipped";
    // The next change is still to come for the first of two times that are the same, and has been for the second.
    const next = this.#zone.periodOf(period.end);
    if (Number.isFinite(period.end) && shown >= period.end + next.offset) return "twice";
    if (shown < period.start + period.before) return "twice";
    const day = wall.slice(0, 10);
    for (const { start, offset, before } of [period, next]) {
      if (Number.isFinite(start) && offset !== before && new Date(start + offset).toISOString().startsWith(day)) {
        return offset > before ? "forward" : "back";
      }
    }
    return null;
  }

  #firstIn(period: ZonePeriod, from: number): Slot | null {
    const skipped = from <= period.start ? this.#skippedIn(period) : null;
    if (skipped !== null) return skipped;
    const wall = firstWall(this.#cron, Math.max(from + period.offset, this.#firstOwn(period)), period.end + period.offset);
    return wall === null ? null : this.#slot(wall - period.offset, wall);
  }

  #lastIn(period: ZonePeriod, least: number, before: number): Slot | null {
    const from = Math.max(least + period.offset, this.#firstOwn(period));
    const wall = lastWall(this.#cron, from, Math.min(before, period.end) + period.offset);
    if (wall !== null && wall - period.offset !== period.start) return this.#slot(wall - period.offset, wall);
    const skipped = period.start >= least && period.start < before ? this.#skippedIn(period) : null;
    return skipped ?? (wall === null ? null : this.#slot(wall - period.offset, wall));
  }

  /** The first wall time that is this period's own: what the clocks show again after they were set back is not, for named hours. */
  #firstOwn({ start, offset, before }: ZonePeriod): number {
    return start + (this.#cron.isInterval ? offset : Math.max(offset, before));
  }

  /** The slot at the end of a gap that stands for the times in it; what it is called is the first of them. */
  #skippedIn({ start, offset, before }: ZonePeriod): Slot | null {
    const gap = offset - before;
    if (gap <= 0 || (this.#cron.isInterval && gap >= HOUR_MS)) return null;
    const wall = firstWall(this.#cron, start + before, start + offset);
    return wall === null ? null : this.#slot(start, wall);
  }

  #slot(at: number, wall: number): Slot {
    return { at: new Date(at), wall: new Date(wall).toISOString().slice(0, 19), zone: this.#zone.name };
  }
}
