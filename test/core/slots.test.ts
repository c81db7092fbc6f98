import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Slots } from "../../src/core/slots.ts";
import type { Slot } from "../../src/core/types.ts";
import { clockChanges, cronText, slotsByTheRule } from "../support/slot-oracle.ts";

const DAY_MS = 86_400_000;
/** Every zone and every change of clocks (`npm run slots`), or a sample of both. */
const IS_COMPLETE = process.env["SPILLWAY_ALL_ZONES"] !== undefined;
const FROM = Date.UTC(2024, 0, 1);
const UNTIL = Date.UTC(2031, 0, 1);
/** Half an hour, two hours, midnight, twice a year more for a month of fasting, a zone that moved, none. */
const ODD_ZONES = ["Australia/Lord_Howe", "Antarctica/Troll", "Africa/Cairo", "Africa/Casablanca", "Asia/Almaty", "America/Nuuk", "UTC"];

function slots(cron: string, timezone: string): Slots {
  return new Slots({ cron, timezone });
}

function told(found: Iterable<Slot>, count: number): readonly string[] {
  const texts: string[] = [];
  for (const slot of found) {
    texts.push(`${slot.at.toISOString().slice(0, 16)}Z ${slot.wall.slice(11, 16)}`);
    if (texts.length === count) break;
  }
  return texts;
}

describe("slots of a schedule", () => {
  it("S16: runs a time that the clocks skip at the first instant after the gap, once, and goes on as before", () => {
    expect(told(slots("30 2 * * *", "Europe/Berlin").following(new Date("2026-03-28T00:00Z")), 3)).toEqual([
      "2026-03-28T01:30Z 02:30",
      "2026-03-29T01:00Z 02:30",
      "2026-03-30T00:30Z 02:30",
    ]);
    expect(told(slots("0,30 2,3 * * *", "Europe/Berlin").following(new Date("2026-03-29T00:00Z")), 2)).toEqual([
      "2026-03-29T01:00Z 02:00",
      "2026-03-29T01:30Z 03:30",
    ]);
  });

  it("runs a time that the clocks show twice once, the first time", () => {
    expect(told(slots("30 2 * * *", "Europe/Berlin").following(new Date("2026-10-24T12:00Z")), 2)).toEqual([
      "2026-10-25T00:30Z 02:30",
      "2026-10-26T01:30Z 02:30",
    ]);
  });

  it("lets a schedule of every hour go by instants", () => {
    expect(told(slots("*/30 * * * *", "Europe/Berlin").following(new Date("2026-03-29T00:15Z")), 3)).toEqual([
      "2026-03-29T00:30Z 01:30",
      "2026-03-29T01:00Z 03:00",
      "2026-03-29T01:30Z 03:30",
    ]);
    expect(told(slots("30 * * * *", "Europe/Berlin").following(new Date("2026-10-25T00:00Z")), 3)).toEqual([
      "2026-10-25T00:30Z 02:30",
      "2026-10-25T01:30Z 02:30",
      "2026-10-25T02:30Z 03:30",
    ]);
  });

  it("gives the hour that half an hour is taken from its run", () => {
    expect(told(slots("15 * * * *", "Australia/Lord_Howe").following(new Date("2026-10-03T14:00Z")), 3)).toEqual([
      "2026-10-03T14:45Z 01:15",
      "2026-10-03T15:30Z 02:15",
      "2026-10-03T16:15Z 03:15",
    ]);
  });

  it("knows seconds, names of expressions, last days and the n-th weekday", () => {
    const from = new Date("2026-02-27T23:59:58.500Z");
    expect(told(slots("*/2 * * * * *", "UTC").following(from), 1)).toEqual(["2026-02-28T00:00Z 00:00"]);
    expect(told(slots("@hourly", "UTC").following(from), 1)).toEqual(["2026-02-28T00:00Z 00:00"]);
    expect(told(slots("0 6 L * *", "UTC").following(from), 2)).toEqual(["2026-02-28T06:00Z 06:00", "2026-03-31T06:00Z 06:00"]);
    expect(told(slots("0 6 * * MON#1", "UTC").following(from), 2)).toEqual(["2026-03-02T06:00Z 06:00", "2026-04-06T06:00Z 06:00"]);
    expect(told(slots("0 0 29 2 *", "UTC").following(from), 1)).toEqual(["2028-02-29T00:00Z 00:00"]);
    expect(told(slots("0 6 1 * MON", "UTC").following(from), 1)).toEqual(["2026-06-01T06:00Z 06:00"]);
  });

  it("is at most what follows, looked at from the other side", () => {
    const zone = fc.constantFrom(...ODD_ZONES, "Europe/Berlin", "America/New_York");
    const cron = fc.constantFrom("30 2 * * *", "0 0,12 * * *", "15 * * * *", "*/7 * * * * *", "0 3 * * MON", "59 23 L * *");
    const instant = fc.integer({ min: FROM, max: UNTIL });
    fc.assert(
      fc.property(zone, cron, instant, (timezone, expression, at) => {
        const each = slots(expression, timezone);
        const next = each.after(new Date(at));
        expect(next?.at.getTime()).toBeGreaterThan(at);
        const when = next?.at ?? new Date(0);
        expect(each.latest(new Date(0), when)).toEqual(next);
        const before = each.latest(new Date(0), new Date(when.getTime() - 1));
        expect(before?.at.getTime()).toBeLessThanOrEqual(at);
        expect(each.after(before?.at ?? new Date(0))).toEqual(next);
        expect(each.latest(new Date(at + 1), new Date(when.getTime() - 1))).toBeNull();
      }),
      { numRuns: IS_COMPLETE ? 20_000 : 150 },
    );
  });
});

describe("slots around changes of clocks, held against what clocks show", () => {
  const everyZone = Intl.supportedValuesOf("timeZone");
  const zones = IS_COMPLETE ? everyZone : [...ODD_ZONES, ...everyZone.filter((_, at) => at % 80 === 7)];
  const crons = [
    { minutes: [30], hours: [2] },
    { minutes: [0], hours: [0, 1, 2, 3, 12] },
    { minutes: [59], hours: [23] },
    { minutes: [0, 15, 30, 45], hours: null },
    { minutes: [15], hours: null },
    { minutes: [0], hours: null },
  ];

  it.each(zones)(
    "%s: no slot is missed, none comes twice",
    (zone) => {
      const changes = clockChanges(zone, FROM, UNTIL).filter((_, at) => IS_COMPLETE || at % 7 < 2);
      for (const change of [...changes, Date.UTC(2027, 5, 15)]) {
        const [from, until] = [change - DAY_MS / 2, change + DAY_MS / 2];
        for (const cron of IS_COMPLETE ? crons : crons.slice(change % 2, (change % 2) + 5)) {
          const found: number[] = [];
          for (const slot of slots(cronText(cron), zone).following(new Date(from - 1))) {
            if (slot.at.getTime() >= until) break;
            found.push(slot.at.getTime());
          }
          expect({ zone, cron, change, found }).toEqual({ zone, cron, change, found: slotsByTheRule(zone, cron, from, until) });
        }
      }
    },
    600_000,
  );

  it.each(IS_COMPLETE ? zones : ODD_ZONES.slice(0, 3))(
    "%s: a daily schedule has one slot for each day of seven years",
    (zone) => {
      const days = new Set<string>();
      let count = 0;
      for (const slot of slots("30 1 * * *", zone).following(new Date(Date.UTC(2024, 0, 1, 12)))) {
        if (slot.at.getTime() >= UNTIL) break;
        days.add(slot.wall.slice(0, 10));
        count += 1;
        expect(slot.wall.slice(11)).toBe("01:30:00");
      }
      expect(days.size).toBe(count);
      expect(count).toBeGreaterThanOrEqual(2555);
      expect(count).toBeLessThanOrEqual(2557);
    },
    600_000,
  );
});
