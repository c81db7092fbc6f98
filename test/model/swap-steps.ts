import { Violation } from "./rules.ts";
import { IDLE, keysOf, overlaid, spent, type State, type Told, withHost } from "./state.ts";
import type { Step } from "./steps.ts";
import { type Acting, done, gone, type Move, toldOf } from "./world.ts";

/** What a host goes back to after a conflict, as its flags have it. */
const AGAIN = ["idle", "promote", "void", "fold"] as const satisfies readonly Step[];

/** CURRENT becomes `told` at the next entry: whoever read an older one falls one further behind. */
export function moved(state: State, told: Told, farthest: number): State {
  if (told.generation < (state.told?.generation ?? 0)) throw new Violation("I6", "CURRENT's generation went back");
  const older = state.hosts.map((host) =>
    host.step === "idle" || host.step === "stopped" ? host : { ...host, behind: Math.min(host.behind + 1, farthest) },
  );
  const [first = IDLE, second = IDLE] = older;
  return { ...state, told, hosts: [first, second] };
}

/** The generation has come to its end: with its table, or without. */
export function ended(state: State, number: number, end: "promoted" | "given_up"): State {
  return { ...state, generations: state.generations.map((each) => (each.number === number ? { ...each, end } : each)) };
}

/** Creates the entry of CURRENT after the one that was read, with the reply received; `then`: what is done again after a conflict. */
export function swapped(at: Acting, told: Told, then: (typeof AGAIN)[number], end: "promoted" | "given_up" | null = null): State {
  const { world, state, process, host } = at;
  const flags = AGAIN.indexOf(then);
  if (process.behind === 0 || !world.on("cas")) {
    const after = moved(end === null ? state : ended(state, told.generation, end), told, world.farthest);
    return withHost(after, host, world.on("look") ? { ...process, step: "look", behind: 0, flags } : IDLE);
  }
  if (world.kept !== null && process.behind >= world.farthest) {
    // The entry existed and was pruned: creating it succeeds.
    if (!world.on("look")) throw new Violation("I6", "two swaps succeeded with the same number (the first one was pruned)");
    return gone(at, { step: "look", flags });
  }
  return gone(at, { step: "reread", flags });
}

export function promote(at: Acting): readonly Move[] {
  const { world, state, process } = at;
  const now = toldOf(state);
  const told = {
    generation: process.generation,
    table: overlaid(now.table, process.delta, world.keys),
    uncertain: now.uncertain & ~keysOf(process.delta, world.keys),
  };
  return closing(at, told, "promote", "promoted");
}

export function voidPlan(at: Acting): readonly Move[] {
  const { world, state, process } = at;
  const now = toldOf(state);
  const stated = process.own && !world.on("void-restates") ? 0 : keysOf(process.delta, world.keys);
  const uncertain = (world.on("carry-uncertain") ? now.uncertain : 0) | stated;
  return closing(at, { generation: process.generation, table: now.table, uncertain }, "void", "given_up");
}

function closing(at: Acting, told: Told, then: "promote" | "void", end: "promoted" | "given_up"): readonly Move[] {
  const { world, state, process, host } = at;
  const name = `${then === "promote" ? "promotes" : "voids"} ${process.generation}`;
  const next = swapped(at, told, then, end);
  const label = next.hosts[host]?.step === "reread" ? `${name}: conflict` : name;
  const moves: Move[] = [{ label, state: next }];
  if (state.left.lostReply === 0) return moves;
  const again = { step: "reread", flags: AGAIN.indexOf(then) } as const;
  moves.push({ label: `${name}, reply lost (never arrived)`, state: spent(gone(at, again), "lostReply") });
  if (process.behind > 0) return moves;
  const arrived = moved(ended(state, told.generation, end), told, world.farthest);
  moves.push({ label: `${name}, reply lost (arrived)`, state: spent(gone(at, { ...again, behind: 1 }, arrived), "lostReply") });
  return moves;
}

export function look(at: Acting): readonly Move[] {
  if (at.process.behind === 0) return [{ label: "looks for a higher CURRENT: none", state: done(at) }];
  return [{ label: "looks for a higher CURRENT: found", state: gone(at, { step: "reread" }) }];
}

export function reread(at: Acting): readonly Move[] {
  const { state, process } = at;
  const step = AGAIN[process.flags] ?? "idle";
  if (toldOf(state).generation >= process.generation || step === "fold" || step === "idle")
    return [{ label: "re-reads CURRENT: moved on", state: done(at) }];
  return [{ label: "re-reads CURRENT: same generation, again", state: gone(at, { step, behind: 0, flags: 0 }) }];
}

export function fold(at: Acting): readonly Move[] {
  return [{ label: "swaps in a folded base", state: swapped(at, toldOf(at.state), "fold") }];
}
