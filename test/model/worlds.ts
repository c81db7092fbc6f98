import { type Bounds, SMALL } from "./rules.ts";

/** Worlds that every test run searches whole: each fault by itself or with its nearest relative, so that all of it takes seconds. */
export const DEFAULT_WORLDS: Readonly<Record<string, Bounds>> = {
  "crashes and lost replies": SMALL,
  "two keys": { ...SMALL, keys: 2, faults: { crash: 1 }, progress: false },
  "a first run": { ...SMALL, generations: 1, firstRun: true },
  "a first run where nobody may look": { ...SMALL, generations: 1, firstRun: true, writeOnly: true, faults: { crash: 1 } },
  "held runs and their answers": { ...SMALL, faults: { crash: 1, hold: 1 }, progress: false },
  "generations given up": { ...SMALL, faults: { crash: 1, abandon: 1 } },
  "damaged staging": { ...SMALL, faults: { crash: 1, damage: 1 } },
  "pruned entries of CURRENT": { ...SMALL, kept: 2, faults: { fold: 2 } },
  "a consumer that takes objects away": { ...SMALL, consumer: true, faults: { lostReply: 1 } },
  "somebody else's objects": { ...SMALL, faults: { foreign: 1, crash: 1 } },
  "nobody may look": { ...SMALL, generations: 1, writeOnly: true },
  resets: { ...SMALL, generations: 1, faults: { reset: 1, abandon: 1 } },
};

/** Larger worlds, minutes altogether: `npm run model`. */
export const LARGE_WORLDS: Readonly<Record<string, Bounds>> = {
  "two keys, crashes and lost replies": { ...SMALL, keys: 2 },
  "two values": { ...SMALL, values: 2 },
  "three generations": { ...SMALL, generations: 3 },
  "two crashes, two lost replies": { ...SMALL, faults: { crash: 2, lostReply: 2 } },
  "nobody may look, two generations": { ...SMALL, writeOnly: true },
  "nobody may look, two keys": { ...SMALL, keys: 2, generations: 1, writeOnly: true, progress: false },
  "held runs, each host alone can finish": { ...SMALL, faults: { crash: 1, hold: 1 } },
  "held runs, crashes, lost replies": { ...SMALL, faults: { crash: 1, lostReply: 1, hold: 1 } },
  "held runs, given up and damaged": { ...SMALL, faults: { hold: 1, abandon: 1, damage: 1 } },
  "two held runs": { ...SMALL, faults: { hold: 2, crash: 1 } },
  "given up twice": { ...SMALL, faults: { abandon: 2, crash: 1 } },
  "given up and reset, two keys": { ...SMALL, keys: 2, faults: { reset: 1, abandon: 1 }, progress: false },
  "reset under crashes": { ...SMALL, faults: { reset: 1, crash: 1, lostReply: 1 } },
  "folds among crashes, entries pruned": { ...SMALL, kept: 2, faults: { crash: 1, lostReply: 1, fold: 2 } },
  "a consumer that takes objects away, and crashes": { ...SMALL, consumer: true },
  "a first run with everything lost once": { ...SMALL, firstRun: true, faults: { crash: 2, lostReply: 2 } },
};
