import type { Cron } from "./cron.ts";

// A wall time is what a zone's clocks show, as milliseconds since 1970 of a calendar that knows no zones. Arithmetic on it is exact:
// every day has 24 hours.

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** 29 February comes every eight years at the latest; with a weekday that has to fit as well, every forty. */
const SEARCHED_DAYS = 366 * 41;

/** The first wall time at or after `from` that an expression means and that is before `before`; null: there is none. */
export function firstWall(cron: Cron, from: number, before: number): number | null {
  for (const { day, start } of daysUp(from, before)) {
    if (!cron.matchesDay(...day)) continue;
    const time = firstTime(cron, Math.max(0, from - start));
    if (time === null) continue;
    return start + time < before ? start + time : null;
  }
  return null;
}

/** The last wall time before `before` that an expression means and that is at or after `from`; null: there is none. */
export function lastWall(cron: Cron, from: number, before: number): number | null {
  const last = startOfDay(before - 1);
  const end = Math.max(startOfDay(from), last - SEARCHED_DAYS * DAY_MS);
  for (let start = last; start >= end; start -= DAY_MS) {
    if (!cron.matchesDay(...dayOf(start))) continue;
    const time = lastTime(cron, Math.min(DAY_MS, before - start));
    if (time === null) continue;
    return start + time >= from ? start + time : null;
  }
  return null;
}

function* daysUp(from: number, before: number): Generator<{ readonly day: readonly [number, number, number]; readonly start: number }> {
  const end = Math.min(before, startOfDay(from) + SEARCHED_DAYS * DAY_MS);
  for (let start = startOfDay(from); start < end; start += DAY_MS) yield { day: dayOf(start), start };
}

/** The first time of day, in milliseconds, at or after `from`. */
function firstTime({ hours, minutes, seconds }: Cron, from: number): number | null {
  for (const hour of hours) {
    if ((hour + 1) * HOUR_MS <= from) continue;
    for (const minute of minutes) {
      const start = hour * HOUR_MS + minute * MINUTE_MS;
      if (start + MINUTE_MS <= from) continue;
      const second = seconds.find((each) => start + each * SECOND_MS >= from);
      if (second !== undefined) return start + second * SECOND_MS;
    }
  }
  return null;
}

/** The last time of day, in milliseconds, before `before`. */
function lastTime({ hours, minutes, seconds }: Cron, before: number): number | null {
  for (const hour of hours.toReversed()) {
    if (hour * HOUR_MS >= before) continue;
    for (const minute of minutes.toReversed()) {
      const start = hour * HOUR_MS + minute * MINUTE_MS;
      if (start >= before) continue;
      const second = seconds.findLast((each) => start + each * SECOND_MS < before);
      if (second !== undefined) return start + second * SECOND_MS;
    }
  }
  return null;
}

function startOfDay(wall: number): number {
  return Math.floor(wall / DAY_MS) * DAY_MS;
}

function dayOf(start: number): readonly [number, number, number] {
  const date = new Date(start);
  return [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
}
