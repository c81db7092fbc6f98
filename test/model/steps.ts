import type { Failpoint } from "../../src/core/failpoint.ts";

/** What a process of the model does in a step, where the program does it, and the points at which tests stop the program there. */
interface StepEntry {
  /** The state of the protocol (docs/architecture.md) that it leads to, or is in. */
  readonly state: string;
  readonly does: string;
  readonly code: string;
  readonly points: readonly Failpoint[];
}

/** The steps of a process, one operation on a store (or one query) each. */
export const STEPS = {
  idle: {
    state: "DONE",
    does: "nothing; the next thing is to read CURRENT",
    code: "state/current.ts#readCurrent",
    points: ["cleanup.done", "lease.taken"],
  },
  open: { state: "OPENED", does: "creates CURRENT 0", code: "sync/open-stream.ts#openStream", points: ["opened"] },
  claim: {
    state: "OPENED",
    does: "claims the destination",
    code: "sync/confirm-claim.ts#confirmClaim",
    points: ["claim.put", "claim.confirmed"],
  },
  seek: { state: "CLAIMED", does: "looks for the open plan", code: "sync/resume-plan.ts#openPlan", points: [] },
  query: {
    state: "EXTRACTED",
    does: "asks the source, compares and stages, or holds what it staged",
    code: "sync/stage-delta.ts#stagePlan",
    points: ["extract.done", "stage.files-written", "stage.uploaded", "hold.before-held"],
  },
  supersede: { state: "STAGED", does: "takes the place of a held run", code: "sync/hold-run.ts#supersedeHeld", points: [] },
  plan: { state: "PLANNED", does: "creates the plan", code: "state/plans.ts#createPlan", points: ["plan.created"] },
  "reread-plan": {
    state: "PLANNED",
    does: "reads whose plan stands there, after no answer",
    code: "state/state-store.ts#createDocument",
    points: [],
  },
  object: {
    state: "DELIVERING",
    does: "looks at the mark and at the staged bytes",
    code: "sync/deliver-plan.ts#deliverPlan",
    points: ["deliver.marked"],
  },
  "last-look": {
    state: "DELIVERING",
    does: "reads CURRENT before the manifest: was the generation given up?",
    code: "sync/deliver-plan.ts#deliverPlan",
    points: [],
  },
  attempt: { state: "DELIVERING", does: "records the attempt, where nobody may look", code: "state/plans.ts#recordAttempt", points: [] },
  put: {
    state: "DELIVERING",
    does: "puts the object, create-once",
    code: "sync/send-object.ts#sendObject",
    points: ["deliver.before-put"],
  },
  settle: { state: "DELIVERING", does: "finds out what a PUT came to", code: "sync/send-object.ts#settle", points: [] },
  mark: {
    state: "DELIVERING",
    does: "marks the object",
    code: "sync/deliver-plan.ts#deliverOne",
    points: ["deliver.after-put", "manifest.after-put"],
  },
  "reread-lost": {
    state: "DELIVERING",
    does: "re-reads CURRENT, for staged bytes are bad or gone",
    code: "sync/swap-current.ts#closePlan",
    points: [],
  },
  void: { state: "DELIVERING", does: "swaps CURRENT: the generation is consumed", code: "sync/swap-current.ts#voidPlan", points: [] },
  promote: {
    state: "PUBLISHED",
    does: "swaps CURRENT: the generation is told",
    code: "sync/swap-current.ts#promotePlan",
    points: ["manifest.marked", "promote.before-swap"],
  },
  fold: {
    state: "DONE",
    does: "swaps CURRENT at the same generation: a fold or refresh",
    code: "sync/fold-when-due.ts#foldWhenDue",
    points: ["fold.written"],
  },
  look: {
    state: "PROMOTED",
    does: "looks that nothing higher stands",
    code: "state/current.ts#swapCurrent",
    points: ["promote.after-swap", "fold.swapped", "refresh.swapped"],
  },
  reread: { state: "PUBLISHED", does: "re-reads CURRENT after a conflict", code: "sync/swap-current.ts#closePlan", points: [] },
  approve: { state: "HELD", does: "decides that a held run is approved", code: "sync/answer-held.ts#approveRun", points: [] },
  reject: { state: "HELD", does: "decides that a held run is rejected", code: "sync/answer-held.ts#rejectRun", points: [] },
  "drop-held": { state: "HELD", does: "deletes the bytes of a rejected run", code: "sync/answer-held.ts#rejectRun", points: [] },
  stopped: { state: "DELIVERING", does: "nothing, until a person has looked", code: "sync/send-object.ts#foreign", points: [] },
} as const satisfies Readonly<Record<string, StepEntry>>;

export type Step = keyof typeof STEPS;

/** Names of all steps; their places are their codes. */
export const STEP_NAMES = Object.keys(STEPS) as readonly Step[];
