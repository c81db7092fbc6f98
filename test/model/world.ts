import type { Bounds, Rule } from "./rules.ts";
import { cells, generationOf, IDLE, type Process, type State, withHost } from "./state.ts";

/** One thing that can happen, and what it leads to. */
export interface Move {
  readonly label: string;
  readonly state: State;
}

/** Bounds, and what follows from them. */
export interface World extends Bounds {
  readonly on: (rule: Rule) => boolean;
  /** Every table that a query can return. */
  readonly tables: readonly number[];
  /** So far behind, the entry after the one that was read has been pruned and can be created again. */
  readonly farthest: number;
  /** All keys, a bit each. */
  readonly everyKey: number;
  readonly nothing: number;
}

export function worldOf(bounds: Bounds): World {
  const off = new Set(bounds.off);
  let tables: readonly (readonly number[])[] = [[]];
  for (let key = 0; key < bounds.keys; key += 1)
    tables = tables.flatMap((table) => Array.from({ length: bounds.values + 1 }, (_, value) => [...table, value]));
  return {
    ...bounds,
    on: (rule) => !off.has(rule),
    tables: tables.map(cells),
    farthest: bounds.kept ?? 1,
    everyKey: (1 << bounds.keys) - 1,
    nothing: cells(Array.from({ length: bounds.keys }, () => 0)),
  };
}

/** The states that a search begins with. */
export function firstStates(world: World): readonly State[] {
  const told = cells(Array.from({ length: world.keys }, (_, key) => (key === 0 ? 1 : 0)));
  const seen = world.firstRun ? world.nothing : told;
  const { crash = 0, lostReply = 0, abandon = 0, fold = 0, damage = 0, foreign = 0, hold = 0, reset = 0 } = world.faults;
  const first: State = {
    told: world.firstRun ? null : { generation: 0, table: told, uncertain: 0 },
    seen,
    seenWhole: seen,
    generations: [],
    hosts: [IDLE, world.solo ? { ...IDLE, step: "stopped", flags: WAITS } : IDLE],
    held: null,
    claim: world.firstRun ? { place: 0, record: 0 } : { place: 1, record: 2 },
    left: { crash, lostReply, abandon, fold, damage, foreign, hold, reset },
  };
  // A lost state root: an earlier life left its claim.
  return world.firstRun ? [first, { ...first, claim: { place: 2, record: 0 } }] : [first];
}

// Flags of a process.
/** It wrote the record of its attempt itself. */
export const RECORDED = 1;
/** A PUT of its own got no answer. */
export const UNANSWERED = 2;
/** It saw a mark and sends all the same. */
export const SAW_MARK = 4;
/** Its last PUT found something there; of a stopped one: it waits for a person. */
export const REFUSED = 8;
export const WAITS = 8;
/** It saw its generation given up and goes on all the same. */
export const SAW_END = 16;

/** The process, its generation, and ways to tell what it does next. */
export interface Acting {
  readonly world: World;
  readonly state: State;
  readonly host: number;
  readonly process: Process;
}

export function acting(world: World, state: State, host: number): Acting {
  return { world, state, host, process: state.hosts[host] ?? IDLE };
}

/** The state once the process has gone on. */
export function gone({ state, host, process }: Acting, change: Partial<Process>, from = state): State {
  return withHost(from, host, { ...process, ...change });
}

/** The state once the process has come to its end. */
export function done({ state, host }: Acting, from = state): State {
  return withHost(from, host, IDLE);
}

/** The planned generation that the process works on. */
export function planOf({ state, process }: Acting): ReturnType<typeof mustHave> {
  return mustHave(state, process.generation);
}

function mustHave(state: State, number: number) {
  const found = generationOf(state, number);
  if (found === undefined) throw new Error(`The model lost generation ${number}.`);
  return found;
}

/** CURRENT of a stream that has been opened. */
export function toldOf({ told }: State) {
  if (told === null) throw new Error("The model has no CURRENT.");
  return told;
}
