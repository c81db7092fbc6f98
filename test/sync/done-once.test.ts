import { expect, test } from "vitest";
import { DoneOnce } from "../../src/sync/done-once.ts";

const never = new AbortController().signal;
const EVERYBODYS = new Error("everybody's");

function once(): DoneOnce<number> {
  return new DoneOnce((error) => error === EVERYBODYS);
}

/** Work of several that ends when told, and how often it was begun. */
function works(outcomes: readonly (number | Error)[]): { readonly work: () => Promise<number>; readonly begun: () => number } {
  let begun = 0;
  return {
    begun: () => begun,
    work: async () => {
      const outcome = outcomes[begun] ?? new Error("begun too often");
      begun += 1;
      await new Promise((resolve) => setImmediate(resolve));
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
  };
}

test("what one does, all have, also who comes later", async () => {
  const { work, begun } = works([7]);
  const done = once();
  expect(done.begun).toBe(false);
  expect(await Promise.all([done.get(work, never), done.get(work, never)])).toEqual([7, 7]);
  expect(await done.get(work, never)).toBe(7);
  expect(begun()).toBe(1);
});

test("a failure is told to who did the work, and the next one that waits does it", async () => {
  const { work, begun } = works([new Error("first"), new Error("second"), 7]);
  const done = once();
  const ends = await Promise.allSettled([1, 2, 3, 4].map(() => done.get(work, never)));
  expect(ends.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled", "fulfilled"]);
  expect(begun()).toBe(3);
});

test("a failure that is everybody's is told to all who wait; who comes later may try", async () => {
  const { work, begun } = works([EVERYBODYS, 7]);
  const done = once();
  const ends = await Promise.allSettled([1, 2, 3].map(() => done.get(work, never)));
  expect(ends.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  expect(begun()).toBe(1);
  expect(await done.get(work, never)).toBe(7);
});

test("who is told to stop does not wait for the work of others", async () => {
  const done = once();
  let finish = (_value: number): void => undefined;
  const first = done.get(() => new Promise((resolve) => (finish = resolve)), never);
  const stop = new AbortController();
  const second = done.get(() => Promise.resolve(8), stop.signal);
  stop.abort(new Error("stopped"));
  await expect(second).rejects.toThrow("stopped");
  finish(7);
  expect(await first).toBe(7);
});
