import { Violation } from "./rules.ts";
import { cell, cells, generationOf, IDLE, NOTHING, spent, type State, withGeneration, withHost } from "./state.ts";
import { swapped } from "./swap-steps.ts";
import { type Acting, done, gone, type Move, RECORDED, toldOf, UNANSWERED, WAITS } from "./world.ts";

/** From reading CURRENT to the plan: what a process does before anything is sent. */
export function idle(at: Acting): readonly Move[] {
  const { world, state } = at;
  const { told, claim } = state;
  if (told === null) return [{ label: "finds no CURRENT", state: gone(at, { ...IDLE, step: "open" }) }];
  if (claim.record !== 2) return [{ label: "reads CURRENT, claim not confirmed", state: gone(at, { ...IDLE, step: "claim" }) }];
  const number = told.generation + 1;
  if (told.generation >= world.generations && generationOf(state, number) === undefined) return [];
  const read = { ...IDLE, generation: number, delta: told.table, uncertain: told.uncertain };
  return [{ label: `reads CURRENT (generation ${told.generation})`, state: gone(at, { ...read, step: "seek" }) }];
}

export function open(at: Acting): readonly Move[] {
  const { world, state } = at;
  const told = state.told ?? { generation: 0, table: world.nothing, uncertain: 0 };
  return [{ label: `creates CURRENT 0${state.told === null ? "" : " (exists)"}`, state: done(at, { ...state, told }) }];
}

export function claimDestination(at: Acting): readonly Move[] {
  const { world, state, process } = at;
  const { place, record } = state.claim;
  const mine = (): State => ({ ...state, claim: { place: 1, record: 2 } });
  const stopped = { ...IDLE, step: "stopped", flags: WAITS } as const;
  if (record === 2) return [{ label: "claim meanwhile confirmed", state: done(at) }];
  if (world.writeOnly && process.flags === 0) {
    if (record !== 1) {
      const tried = { ...state, claim: { place, record: 1 } };
      return [{ label: "records an attempt at the claim", state: gone(at, { ...IDLE, step: "claim", flags: RECORDED }, tried) }];
    }
    if (place === 0) return [{ label: "PUTs the claim again: created", state: done(at, mine()) }];
    if (world.on("claim-strict")) return [{ label: "PUTs the claim again: 412, CLAIM_UNSETTLED", state: gone(at, stopped) }];
    if (place === 2) throw new Violation("I7", "another life's claim is taken for ours");
    return [{ label: "PUTs the claim again: 412, takes it for ours", state: done(at, mine()) }];
  }
  if (place === 0) {
    const put = { ...state, claim: { place: 1, record } };
    const answered = { label: "PUTs the claim", state: gone(at, { ...IDLE, step: "claim", flags: UNANSWERED }, put) };
    if (state.left.lostReply === 0) return [answered];
    return [answered, { label: "PUTs the claim, reply lost (arrived)", state: spent(done(at, put), "lostReply") }];
  }
  if (process.flags === UNANSWERED) {
    return [{ label: "records that the claim is confirmed", state: done(at, { ...state, claim: { place, record: 2 } }) }];
  }
  if (world.writeOnly) return [{ label: "PUTs the claim: 412, stops", state: gone(at, stopped) }];
  if (place === 1) return [{ label: "claim: 412, HEAD: ours", state: gone(at, { ...IDLE, step: "claim", flags: UNANSWERED }) }];
  return [{ label: "claim: 412, HEAD: another life's, STATE_MISMATCH", state: gone(at, stopped) }];
}

export function seek(at: Acting): readonly Move[] {
  const { world, state, process } = at;
  const plan = generationOf(state, process.generation);
  if (plan !== undefined && world.on("open-plan-first")) {
    const forward = { step: "object", delta: plan.delta, uncertain: 0, object: firstObject(plan.delta, world.keys), own: false } as const;
    return [{ label: `finds plan ${plan.number}: rolls it forward`, state: gone(at, forward) }];
  }
  const generation = process.generation + (plan === undefined ? 0 : 1);
  return [{ label: `finds no plan ${process.generation}`, state: gone(at, { step: "query", generation }) }];
}

/** The first object of a plan: what states its first key. */
function firstObject(delta: number, keys: number): number {
  return nextObject(delta, -1, keys);
}

/** The object after one; the manifest, at the place `keys`, comes last. */
export function nextObject(delta: number, object: number, keys: number): number {
  let next = object + 1;
  while (next < keys && cell(delta, next) === -1) next += 1;
  return next;
}

export function query(at: Acting): readonly Move[] {
  const { world, state, process, host } = at;
  const told = toldOf(state);
  const restates = world.on("restate");
  return world.tables.flatMap((table): readonly Move[] => {
    const delta = cells(
      Array.from({ length: world.keys }, (_, key) => {
        const isStated = cell(table, key) !== cell(process.delta, key) || (((process.uncertain >> key) & 1) === 1 && restates);
        return isStated ? cell(table, key) : -1;
      }),
    );
    if (delta === 0) {
      if (process.uncertain === 0 || restates) return [{ label: "queries: empty delta", state: done(at) }];
      return [{ label: "queries: nothing to say", state: swapped(at, { ...told, uncertain: 0 }, "idle") }];
    }
    const supersedes = state.held?.decision === "none";
    const staged = gone(at, { step: supersedes ? "supersede" : "plan", delta, uncertain: 0, object: 1, own: false });
    const moves = [{ label: `queries, stages ${shown(delta, world.keys)}`, state: staged }];
    if (state.left.hold === 0 || state.held !== null) return moves;
    const held = { generation: process.generation, delta, decision: "none", staged: true } as const;
    const waits = spent(withHost({ ...state, held }, host, IDLE), "hold");
    return [...moves, { label: `queries, stages ${shown(delta, world.keys)}: HELD`, state: waits }];
  });
}

/** A delta for people: `1:x 2:gone`. */
function shown(delta: number, keys: number): string {
  const words = Array.from({ length: keys }, (_, key) => {
    const value = cell(delta, key);
    return value === -1 ? "" : `key ${key}=${value === 0 ? "removed" : value}`;
  });
  return words.filter((word) => word !== "").join(" ");
}

export function supersede(at: Acting): readonly Move[] {
  const { state } = at;
  const { held } = state;
  const from: State = held?.decision === "none" ? { ...state, held: { ...held, decision: "rejected" } } : state;
  return [{ label: "takes the place of the held run", state: gone(at, { step: "plan" }, from) }];
}

export function createPlan(at: Acting): readonly Move[] {
  const { world, state, process } = at;
  const { generation: number } = process;
  const stands = generationOf(state, number);
  const isHeld = process.flags === RECORDED;
  if (number <= toldOf(state).generation || (stands !== undefined && world.on("plan-once")))
    return [{ label: `creates plan ${number}: exists`, state: done(at) }];
  const held = isHeld ? askedAbout(at) : null;
  if (isHeld && held?.decision === "rejected") throw new Violation("I9", "a rejected run is planned");
  const staging = (isHeld ? held?.staged === true : process.object === 1) ? "good" : "gone";
  const things = stands?.things ?? Array.from({ length: world.keys + 1 }, () => NOTHING);
  const planned = withGeneration(
    { ...state, held: isHeld ? null : state.held },
    { number, delta: process.delta, staging, owner: at.host, end: "open", things },
  );
  const object = firstObject(process.delta, world.keys);
  const made = { label: `creates plan ${number}`, state: gone(at, { step: "object", object, own: true, flags: 0 }, planned) };
  if (state.left.lostReply === 0) return [made];
  return [
    made,
    { label: `creates plan ${number}, reply lost (arrived)`, state: spent(gone(at, { step: "reread-plan" }, planned), "lostReply") },
    { label: `creates plan ${number}, reply lost (never arrived)`, state: spent(gone(at, { step: "reread-plan" }), "lostReply") },
  ];
}

export function rereadPlan(at: Acting): readonly Move[] {
  const { world, state, process, host } = at;
  const stands = generationOf(state, process.generation);
  if (stands?.owner === host) {
    const object = firstObject(process.delta, world.keys);
    return [{ label: "reads the plan: ours", state: gone(at, { step: "object", object, own: true, flags: 0 }) }];
  }
  if (stands !== undefined || process.generation <= toldOf(state).generation)
    return [{ label: "reads the plan: another run's", state: done(at) }];
  return [{ label: "reads the plan: not there", state: gone(at, { step: "plan" }) }];
}

/** The held run that the process answers; there is one a generation at most, and its bytes may be gone. */
function askedAbout({ state, process }: Acting): State["held"] {
  return state.held?.generation === process.generation ? state.held : null;
}

export function approve(at: Acting): readonly Move[] {
  const { world, state } = at;
  const held = askedAbout(at);
  if (held === null) return [{ label: "approves: RUN_NOT_HELD", state: done(at) }];
  if (held.decision === "rejected" && world.on("decision-first")) return [{ label: "approves: HELD_ANSWERED", state: done(at) }];
  const decided: State = held.decision === "none" ? { ...state, held: { ...held, decision: "approved" } } : state;
  return [{ label: "approves the held run", state: gone(at, { step: "plan", flags: RECORDED }, decided) }];
}

export function reject(at: Acting): readonly Move[] {
  const { world, state } = at;
  const held = askedAbout(at);
  if (held === null) return [{ label: "rejects: RUN_NOT_HELD", state: done(at) }];
  if (held.decision === "approved" && world.on("decision-once")) return [{ label: "rejects: HELD_ANSWERED", state: done(at) }];
  return [{ label: "rejects the held run", state: gone(at, { step: "drop-held" }, { ...state, held: { ...held, decision: "rejected" } }) }];
}

export function dropHeld(at: Acting): readonly Move[] {
  const { state } = at;
  const held = askedAbout(at);
  const from = held === null ? state : { ...state, held: { ...held, staged: false } };
  return [{ label: "deletes the bytes of the rejected run", state: done(at, from) }];
}
