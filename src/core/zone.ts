import { Temporal } from "temporal-polyfill";

/** A time in which a zone's clocks are not changed: from `start` (inclusive) to `end` (exclusive), in milliseconds since 1970. */
export interface ZonePeriod {
  readonly start: number;
  readonly end: number;
  /** What the clocks show, less UTC. */
  readonly offset: number;
  /** The offset of the period before; the same as `offset` where there is none. */
  readonly before: number;
}

/** When a zone's clocks are changed. */
export class Zone {
  readonly name: string;
  /** The period looked at last: the next question is mostly about the same one. */
  #known: ZonePeriod | null = null;

  constructor(name: string) {
    this.name = name;
  }

  /** The period that an instant is in. */
  periodOf(instant: number): ZonePeriod {
    if (!Number.isFinite(instant)) return { start: Infinity, end: Infinity, offset: 0, before: 0 };
    const known = this.#known;
    if (known !== null && instant >= known.start && instant < known.end) return known;
    const period = this.#find(instant);
    this.#known = period;
    return period;
  }

  #find(instant: number): ZonePeriod {
    const here = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(this.name);
    const next = here.getTimeZoneTransition("next");
    // `previous` is strictly before the instant it is asked about.
    const start = here.add({ milliseconds: 1 }).getTimeZoneTransition("previous");
    const offset = offsetOf(here);
    return {
      start: start?.epochMilliseconds ?? -Infinity,
      end: next?.epochMilliseconds ?? Infinity,
      offset,
      before: start === null ? offset : offsetOf(start.subtract({ milliseconds: 1 })),
    };
  }
}

function offsetOf(time: Temporal.ZonedDateTime): number {
  return time.offsetNanoseconds / 1e6;
}
