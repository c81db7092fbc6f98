import { type Bounds, type Invariant, type Rule, SMALL } from "./rules.ts";

/** The world in which a rule that is switched off does its harm, and the invariant that breaks first. */
export const KNOWN_VIOLATIONS: Readonly<Record<Rule, { readonly world: Partial<Bounds>; readonly breaks: Invariant }>> = {
  "plan-once": { world: { values: 2 }, breaks: "I2" },
  "open-plan-first": { world: { progress: false }, breaks: "I3" },
  "check-staged": { world: { faults: { damage: 1 } }, breaks: "I5" },
  "staging-kept": { world: {}, breaks: "I11" },
  cas: { world: {}, breaks: "I6" },
  look: { world: { faults: { fold: 3 }, kept: 2 }, breaks: "I6" },
  "void-restates": { world: { faults: { crash: 1, damage: 1 } }, breaks: "I2" },
  "abandon-restates": { world: { faults: { abandon: 1 } }, breaks: "I2" },
  restate: { world: { faults: { abandon: 1 } }, breaks: "I2" },
  "carry-uncertain": { world: { keys: 2, faults: { reset: 1, abandon: 1 } }, breaks: "I2" },
  "reset-restates": { world: { faults: { reset: 1 } }, breaks: "I2" },
  marks: { world: { consumer: true }, breaks: "I4" },
  tries: { world: { writeOnly: true }, breaks: "I5" },
  "foreign-mark": { world: { writeOnly: true, solo: true, generations: 1, faults: { foreign: 1 } }, breaks: "I7" },
  "own-id": { world: { faults: { foreign: 1 } }, breaks: "I7" },
  "last-look": { world: { faults: { abandon: 1 } }, breaks: "I10" },
  "claim-strict": { world: { firstRun: true, writeOnly: true, generations: 1 }, breaks: "I7" },
  "decision-first": { world: { faults: { hold: 1 } }, breaks: "I9" },
  "decision-once": { world: { faults: { hold: 1 } }, breaks: "I9" },
};

/** The bounds of a rule's known violation. */
export function boundsWithout(rule: Rule): Bounds {
  return { ...SMALL, ...KNOWN_VIOLATIONS[rule].world, off: [rule] };
}
