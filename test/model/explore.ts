import { encodeState, normalized } from "./encode-state.ts";
import { allMoves, hostMoves } from "./moves.ts";
import { type Bounds, type Invariant, Violation } from "./rules.ts";
import type { State } from "./state.ts";
import { firstStates, type Move, type World, worldOf } from "./world.ts";

/** What a search came to. */
export interface Found {
  readonly states: number;
  readonly steps: number;
  readonly violation: { readonly invariant: Invariant; readonly message: string; readonly trace: readonly string[] } | null;
}

/** A state that was met, and where from: enough to tell its history again. */
interface Met {
  readonly key: string;
  readonly from: number;
}

/**
 * Looks at every state that can be reached within the bounds, nearest first; ends at the first violation, whose history is then a shortest one.
 * Throws when there are more states than `limit`.
 */
export function explore(bounds: Bounds, limit = 20_000_000): Found {
  const world = worldOf(bounds);
  const met: Met[] = [];
  const known = new Set<string>();
  let frontier: { readonly state: State; readonly at: number }[] = [];
  const meet = (state: State, from: number, into: typeof frontier): void => {
    const key = encodeState(state);
    if (known.has(key)) return;
    known.add(key);
    into.push({ state, at: met.push({ key, from }) - 1 });
    if (met.length > limit) throw new Error(`More than ${limit} states.`);
  };
  for (const state of firstStates(world)) meet(state, -1, frontier);
  const finishing = new Map<string, boolean>();
  let steps = 0;
  while (frontier.length > 0) {
    const next: typeof frontier = [];
    for (const { state, at } of frontier) {
      try {
        check(world, state, finishing);
        for (const { state: to } of allMoves(world, state)) {
          steps += 1;
          meet(normalized(to, world.keys).state, at, next);
        }
      } catch (error) {
        if (!(error instanceof Violation)) throw error;
        const { invariant, message } = error;
        return { states: met.length, steps, violation: { invariant, message, trace: history(world, met, at, message) } };
      }
    }
    frontier = next;
  }
  return { states: met.length, steps, violation: null };
}

function check(world: World, state: State, finishing: Map<string, boolean>): void {
  const { told, seen, seenWhole, generations, hosts } = state;
  if (told !== null && generations.length === 0 && hosts.every(({ step }) => step === "idle")) {
    for (const [who, table] of [["objects", seen] as const, ["manifests", seenWhole] as const]) {
      for (let key = 0; key < world.keys; key += 1) {
        const isCertain = ((told.uncertain >> key) & 1) === 0;
        if (isCertain && ((table ^ told.table) & (3 << (2 * key))) !== 0)
          throw new Violation("I2", `who reads ${who} does not hold key ${key} as the snapshot does`);
      }
    }
  }
  if (told !== null && generations.some(({ number, staging }) => number === told.generation + 1 && staging === "gone"))
    throw new Violation("I11", "the staged bytes of an open plan were deleted");
  if (!world.progress) return;
  const swappedHosts: State = {
    ...state,
    hosts: [hosts[1], hosts[0]],
    generations: generations.map((each) => ({ ...each, owner: each.owner < 0 ? -1 : 1 - each.owner })),
  };
  if (!finishes(world, state, finishing) || !finishes(world, swappedHosts, finishing))
    throw new Violation("I5", "no host alone can finish: the plan stays open");
}

/** Whether the first host alone, without further faults, comes to a state in which no plan is open. */
function finishes(world: World, from: State, finishing: Map<string, boolean>): boolean {
  const left = { crash: 0, lostReply: 0, abandon: 0, fold: 0, damage: 0, foreign: 0, hold: 0, reset: 0 };
  const path: string[] = [];
  let state: State = { ...from, left };
  let ends: boolean | null = null;
  while (ends === null) {
    const key = encodeState(state);
    ends = finishing.get(key) ?? (isFinished(state) ? true : null);
    if (ends !== null) break;
    // Coming back to a state is no progress.
    finishing.set(key, false);
    path.push(key);
    const move = nextMove(world, state);
    if (move === undefined) ends = false;
    else if (move === "violation") ends = true;
    else ({ state } = move);
  }
  for (const key of path) finishing.set(key, ends);
  return ends;
}

/** A violation on the way is left to the search itself, which tells its whole history. */
function nextMove(world: World, state: State): Move | "violation" | undefined {
  try {
    return hostMoves(world, state, 0)[0];
  } catch (error) {
    if (error instanceof Violation) return "violation";
    throw error;
  }
}

/** Nothing is open, or a person was called by design. */
function isFinished({ told, hosts, generations, claim }: State): boolean {
  if (hosts.some(({ step }) => step === "stopped")) return true;
  if (generations.some(({ things }) => things.some(({ present, foreign }) => present === 2 || foreign))) return true;
  const isOpen = told === null || generations.some(({ number }) => number === told.generation + 1);
  return !isOpen && hosts[0].step === "idle" && claim.record === 2;
}

/** The steps that led to a state, the two hosts under names that they keep. */
function history(world: World, met: readonly Met[], last: number, message: string): readonly string[] {
  const path: string[] = [];
  for (let at = last; at >= 0; at = met[at]?.from ?? -1) path.unshift(met[at]?.key ?? "");
  let state = firstStates(world).find((each) => encodeState(each) === path[0]);
  let names: readonly [string, string] = ["A", "B"];
  const trace: string[] = [];
  const named = (text: string): string => text.replaceAll("host#0", `host ${names[0]}`).replaceAll("host#1", `host ${names[1]}`);
  for (const key of path.slice(1)) {
    if (state === undefined) break;
    const found = allMoves(world, state)
      .map((move) => ({ move, ...normalized(move.state, world.keys) }))
      .find((each) => encodeState(each.state) === key);
    if (found === undefined) break;
    trace.push(named(found.move.label));
    if (found.swapped) names = [names[1], names[0]];
    ({ state } = found);
  }
  return [...trace, named(`-> ${message}`)];
}
