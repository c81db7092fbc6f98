/*
 * A second opinion on slots that looks at nothing but what clocks show: it asks Intl about every minute of a window.
 */

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** What a zone's clocks show, minute by minute, as milliseconds of a calendar without zones. */
export function wallReader(zone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  return (instant) => {
    const [month = 0, day = 1, year = 0, hour = 0, minute = 0, second = 0] = format.format(instant).split(/\D+/).map(Number);
    return Date.UTC(year, month - 1, day, hour, minute, second);
  };
}

/** Instants between which a zone's clocks are changed, each found to the minute. */
export function clockChanges(zone: string, from: number, until: number): readonly number[] {
  const read = wallReader(zone);
  const offset = (instant: number): number => read(instant) - instant;
  const changes: number[] = [];
  for (let at = from; at < until; at += 12 * HOUR_MS) {
    let [low, high] = [at, at + 12 * HOUR_MS];
    if (offset(low) === offset(high)) continue;
    while (high - low > MINUTE_MS) {
      const middle = low + Math.floor((high - low) / 2 / MINUTE_MS) * MINUTE_MS;
      if (offset(middle) === offset(low)) low = middle;
      else high = middle;
    }
    changes.push(high);
  }
  return changes;
}

/** A cron of whole minutes, as an oracle reads it: minutes of the hour, and hours (null: all of them). */
export interface PlainCron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[] | null;
}

/** The text of such a cron. */
export function cronText({ minutes, hours }: PlainCron): string {
  return `${minutes.join(",")} ${hours === null ? "*" : hours.join(",")} * * *`;
}

/** Slots in [from, until), by the rule as the documentation words it. */
export function slotsByTheRule(zone: string, cron: PlainCron, from: number, until: number): readonly number[] {
  const read = wallReader(zone);
  const isMeant = (wall: number): boolean =>
    cron.minutes.includes((wall / MINUTE_MS) % 60) && (cron.hours?.includes(Math.floor(wall / HOUR_MS) % 24) ?? true);
  const slots: number[] = [];
  // What the clocks have shown so far; well before the window, so that an overlap at its beginning is known.
  let shown = read(from - 6 * HOUR_MS);
  let last = shown;
  for (let at = from - 6 * HOUR_MS + MINUTE_MS; at < until; at += MINUTE_MS) {
    const wall = read(at);
    const skipped = range(Math.max(last, shown) + MINUTE_MS, wall);
    const isGapOfLessThanAnHour = wall - last > MINUTE_MS && wall - last - MINUTE_MS < HOUR_MS;
    const runs =
      cron.hours === null
        ? isMeant(wall) || (isGapOfLessThanAnHour && skipped.some(isMeant))
        : wall > shown && (isMeant(wall) || skipped.some(isMeant));
    if (runs && at >= from) slots.push(at);
    shown = Math.max(shown, wall);
    last = wall;
  }
  return slots;
}

function range(from: number, before: number): readonly number[] {
  return Array.from({ length: Math.max(0, (before - from) / MINUTE_MS) }, (_, count) => from + count * MINUTE_MS);
}
