import type { Fault } from "./state.ts";

/** A rule of the protocol, and where the program keeps it. */
interface RuleEntry {
  readonly says: string;
  readonly code: string;
}

/** The rules. Each can be switched off, and then the search finds what it prevents (known-violations.ts). */
export const RULES = {
  "plan-once": { says: "a plan is created once (off: the later writer replaces it)", code: "state/plans.ts#createPlan" },
  "open-plan-first": { says: "an open plan is rolled forward before anything is asked", code: "sync/run-stream.ts#finishOpenPlan" },
  "check-staged": { says: "staged bytes are checked; bad or gone = the plan is voided", code: "sync/swap-current.ts#voidPlan" },
  "staging-kept": { says: "staging is deleted only once it cannot be planned any more", code: "sync/stage-folder.ts#cleanStaging" },
  cas: { says: "a swap creates the entry after the one it read (off: after the highest)", code: "state/current.ts#swapCurrent" },
  look: { says: "after a swap, look that nothing higher stands", code: "state/current.ts#swapCurrent" },
  "void-restates": { says: "every void makes the plan's keys uncertain (off: not one's own)", code: "sync/swap-current.ts#voided" },
  "abandon-restates": { says: "giving up makes all keys uncertain (off: only marked ones)", code: "sync/swap-current.ts#voided" },
  restate: { says: "the next delta states every uncertain key", code: "diffing/delta-sql.ts#deltaRows" },
  "carry-uncertain": { says: "what becomes uncertain adds to what is (off: replaces it)", code: "sync/swap-current.ts#voided" },
  "reset-restates": { says: "after a reset the next delta states every key", code: "sync/reset-stream.ts#resetUncertain" },
  marks: { says: "an object with a mark is not sent again", code: "state/plans.ts#isMarked" },
  tries: { says: "where nobody may look: an attempt on record before each PUT", code: "state/plans.ts#recordAttempt" },
  "foreign-mark": { says: "where nobody may look: a foreign object is recorded before stopping", code: "state/plans.ts#markForeign" },
  "own-id": { says: "an object is ours only by state id and hash (off: when it is there)", code: "sync/send-object.ts#settle" },
  "last-look": { says: "no manifest for a generation seen given up", code: "sync/deliver-plan.ts#deliverPlan" },
  "claim-strict": { says: "a claim whose reply was lost is not taken for ours unseen", code: "sync/confirm-claim.ts#unsettled" },
  "decision-first": { says: "a held run is planned only when approved", code: "sync/answer-held.ts#approve" },
  "decision-once": { says: "a decision is created once (off: the later one counts)", code: "state/held-runs.ts#decide" },
} as const satisfies Readonly<Record<string, RuleEntry>>;

export type Rule = keyof typeof RULES;
export const RULE_NAMES = Object.keys(RULES) as readonly Rule[];

/** What must hold in every state. */
export const INVARIANTS = {
  I1: "one content per key of the destination, ever",
  I2: "when nothing is under way, both consumers hold the snapshot, but for uncertain keys",
  I3: "no PUT without its plan, or out of order",
  I4: "no PUT by a host that could have seen the mark",
  I5: "any host alone can finish",
  I6: "one owner per entry of CURRENT, and its generation never falls",
  I7: "somebody else's object never passes for ours",
  I8: "a manifest only after all objects of its generation were visible",
  I9: "a rejected run is never planned",
  I10: "no manifest by a host that saw its generation given up before its last look",
  I11: "the bytes of an open plan stand, unless something damaged them",
} as const;
export type Invariant = keyof typeof INVARIANTS;

/** An invariant that does not hold. */
export class Violation extends Error {
  readonly invariant: Invariant;

  constructor(invariant: Invariant, what: string) {
    super(`${invariant} ${what}`);
    this.name = "Violation";
    this.invariant = invariant;
  }
}

/** How large a world is searched, and in what sort of world. */
export interface Bounds {
  readonly keys: number;
  /** Values that a present key can have. */
  readonly values: number;
  readonly generations: number;
  readonly faults: Readonly<Partial<Record<Fault, number>>>;
  readonly off: readonly Rule[];
  /** Nobody may look at the destination. */
  readonly writeOnly: boolean;
  /** A consumer may take objects away. */
  readonly consumer: boolean;
  /** Old entries of CURRENT are pruned at once, but for so many; null: they stay. */
  readonly kept: number | null;
  readonly firstRun: boolean;
  /** One host instead of two. */
  readonly solo: boolean;
  /** Whether I5 is checked; that takes about as long as the rest. */
  readonly progress: boolean;
}

export const SMALL: Bounds = {
  keys: 1,
  values: 1,
  generations: 2,
  faults: { crash: 1, lostReply: 1 },
  off: [],
  writeOnly: false,
  consumer: false,
  kept: null,
  firstRun: false,
  solo: false,
  progress: true,
};
