import type { Step } from "./steps.ts";

// The state of the model. Tables and deltas are numbers: two bits a key, 0 = nothing is said of it, 1 = removed or absent, 2 and more = a
// value. Numbers of CURRENT's sequence are kept relative ("so many swaps behind"), and generations that are closed and that no host
// works on are folded into what the two consumers hold: that keeps states few.

/** Faults and rare acts that a history may hold so many of. */
export const FAULTS = ["crash", "lostReply", "abandon", "fold", "damage", "foreign", "hold", "reset"] as const;
export type Fault = (typeof FAULTS)[number];

/** CURRENT: what was told, and the keys (a bit each) of which that is not certain. */
export interface Told {
  readonly generation: number;
  readonly table: number;
  readonly uncertain: number;
}

/** An object under its key. `content`: what was ever visible there, -1 = nothing. `present`: 0 no, 1 ours, 2 somebody else's. */
export interface Thing {
  readonly content: number;
  readonly present: number;
  readonly marked: boolean;
  /** Attempts on record, at most 2. */
  readonly attempts: number;
  readonly foreign: boolean;
}

/** A planned generation. Object i < keys states key i, the last one is the manifest. */
export interface Generation {
  readonly number: number;
  readonly delta: number;
  readonly staging: "gone" | "good" | "damaged";
  /** The host whose run made the plan, as long as that matters; -1 = none. */
  readonly owner: number;
  readonly end: "open" | "promoted" | "given_up";
  readonly things: readonly Thing[];
}

/** One process. It runs again after a crash, or when it is done. */
export interface Process {
  readonly step: Step;
  /** Swaps since it read CURRENT. */
  readonly behind: number;
  readonly generation: number;
  /** The delta it works on; before it queries, the table it read. */
  readonly delta: number;
  readonly uncertain: number;
  /** The object it works on; while it plans, whether its staging stands (1) or not (0). */
  readonly object: number;
  /** It made the plan itself. */
  readonly own: boolean;
  readonly flags: number;
}

/** A run that a guard holds. */
export interface HeldDelta {
  readonly generation: number;
  readonly delta: number;
  readonly decision: "none" | "approved" | "rejected";
  readonly staged: boolean;
}

export interface State {
  /** null: the stream was never opened. */
  readonly told: Told | null;
  /** What a consumer holds that applies every object that was ever visible, in the order of generations. */
  readonly seen: number;
  /** The same for a consumer that applies only generations whose manifest was ever visible. */
  readonly seenWhole: number;
  readonly generations: readonly Generation[];
  readonly hosts: readonly [Process, Process];
  readonly held: HeldDelta | null;
  /** The destination's claim (0 none, 1 ours, 2 an earlier life's) and what the state root records of it (0 nothing, 1 tried, 2 confirmed). */
  readonly claim: { readonly place: number; readonly record: number };
  readonly left: Readonly<Record<Fault, number>>;
}

export const IDLE: Process = { step: "idle", behind: 0, generation: 0, delta: 0, uncertain: 0, object: 0, own: false, flags: 0 };
export const NOTHING: Thing = { content: -1, present: 0, marked: false, attempts: 0, foreign: false };

/** What the cell of a key says; -1 = nothing, 0 = removed, 1 and more = a value. */
export function cell(table: number, key: number): number {
  return ((table >> (2 * key)) & 3) - 1;
}

/** A table or delta of cells. */
export function cells(values: readonly number[]): number {
  return values.reduce((table, value, key) => table | ((value + 1) << (2 * key)), 0);
}

/** A table after a delta: its word where it says something. */
export function overlaid(table: number, delta: number, keys: number): number {
  let result = 0;
  for (let key = 0; key < keys; key += 1) result |= ((delta >> (2 * key)) & 3 || (table >> (2 * key)) & 3) << (2 * key);
  return result;
}

/** The keys that a delta says something of, a bit each. */
export function keysOf(delta: number, keys: number): number {
  let bits = 0;
  for (let key = 0; key < keys; key += 1) if (((delta >> (2 * key)) & 3) !== 0) bits |= 1 << key;
  return bits;
}

export function generationOf(state: State, number: number): Generation | undefined {
  return state.generations.find((each) => each.number === number);
}

export function withGeneration(state: State, changed: Generation): State {
  const at = state.generations.findIndex(({ number }) => number >= changed.number);
  if (at === -1) return { ...state, generations: [...state.generations, changed] };
  const isSame = state.generations[at]?.number === changed.number;
  return { ...state, generations: state.generations.toSpliced(at, isSame ? 1 : 0, changed) };
}

export function withThing(state: State, { number }: Generation, object: number, change: Partial<Thing>): State {
  return {
    ...state,
    generations: state.generations.map((each) =>
      each.number === number
        ? { ...each, things: each.things.map((thing, at) => (at === object ? { ...thing, ...change } : thing)) }
        : each,
    ),
  };
}

export function withHost(state: State, host: number, process: Process): State {
  const [first, second] = state.hosts;
  return { ...state, hosts: host === 0 ? [process, second] : [first, process] };
}

export function spent(state: State, fault: Fault): State {
  return { ...state, left: { ...state.left, [fault]: state.left[fault] - 1 } };
}
