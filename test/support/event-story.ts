import { expect } from "vitest";
import { armFailpoints, type Failpoint } from "../../src/core/failpoint.ts";
import type { SourceSpec } from "../../src/core/types.ts";
import { eventTable } from "./event-table.ts";

const POINTS: readonly Failpoint[] = [
  "extract.done",
  "plan.created",
  "deliver.marked",
  "manifest.after-put",
  "promote.after-swap",
  "fold.swapped",
];

/** Stops a run at each of some points and runs again, with new and late events each time: all of them are told, once. */
export async function stopBetweenDeliveries(source?: SourceSpec, points = POINTS): Promise<void> {
  await using table = await eventTable(source === undefined ? {} : { source });
  const events: Record<string, string> = {};
  try {
    for (const [index, point] of points.entries()) {
      for (const [half, at] of [point, null].entries()) {
        const minute = 10 * 60 + (2 * index + half) * 7;
        events[`${point} ${half}`] = clock(minute - 3);
        events[`${point} ${half} same`] = clock(minute - 3);
        events[`${point} ${half} late`] = clock(minute - 55);
        armFailpoints((name) => {
          if (name === at) throw new Error("stopped here");
        });
        await table.run(clock(minute), events);
      }
    }
  } finally {
    armFailpoints(null);
  }
  expect((await table.told()).toSorted()).toEqual(Object.keys(events).toSorted());
}

/** Reads an event table whose cursor is of a type by two stretches, with a late event and one of the future. */
export async function findByType(type: "date" | "timestamp" | "timestamptz", source?: SourceSpec): Promise<void> {
  await using table = await eventTable({ type, ...(source === undefined ? {} : { source }) });
  const first = { a: "2026-01-01 23:59", b: "2026-01-02 00:00" };
  expect((await table.run("2026-01-02 10:00", first)).error).toBeNull();
  const second = { ...first, c: "2026-01-02 09:50", future: "2026-01-03 09:00" };
  await table.run("2026-01-02 10:30", second);
  expect(await table.told()).toEqual(["a", "b", "c"]);
  await table.run("2026-01-03 09:30", { ...second, d: "2026-01-03 09:10" });
  expect(await table.told()).toEqual(["a", "b", "c", "d", "future"]);
}

/** A minute of the day as `hh:mm`. */
export function clock(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}
