import { afterEach, expect, test, vi } from "vitest";
import { Ticker } from "../../src/serve/ticker.ts";
import { setClock } from "../support/service-world.ts";

afterEach(() => {
  vi.useRealTimers();
});

test("it ticks at the beginning of each second, once after days of sleep, and goes on when the clock was set back", async () => {
  vi.useFakeTimers();
  const clock = setClock("2026-03-02T06:00:00.400Z");
  const ticks: string[] = [];
  const pass = async (ms: number): Promise<void> => {
    clock.move(ms);
    await vi.advanceTimersByTimeAsync(ms);
  };
  const ticker = new Ticker(clock, () => ticks.push(clock.now().toISOString().slice(8, 19)));
  await pass(599);
  expect(ticks).toEqual([]);
  await pass(1);
  await pass(1000);
  clock.move(3 * 86_400_000);
  await pass(1000);
  clock.move(-86_400_000);
  await pass(1000);
  expect(ticks).toEqual(["02T06:00:01", "02T06:00:02", "05T06:00:03", "04T06:00:04"]);
  ticker[Symbol.dispose]();
  await pass(5000);
  expect(ticks).toHaveLength(4);
});
