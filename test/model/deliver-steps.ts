import { nextObject } from "./decide-steps.ts";
import { Violation } from "./rules.ts";
import { cell, IDLE, keysOf, spent, type Process, type State, withThing } from "./state.ts";
import { type Acting, done, gone, type Move, planOf, REFUSED, SAW_END, SAW_MARK, toldOf, UNANSWERED } from "./world.ts";

/** What comes after an object: the next one, the last look before the manifest, or CURRENT. */
function after({ world, process }: Acting): Partial<Process> {
  if (process.object === world.keys) return { step: "promote", behind: process.behind, object: 0, flags: 0 };
  const object = nextObject(process.delta, process.object, world.keys);
  return { step: object === world.keys ? "last-look" : "object", object, flags: 0 };
}

export function lookAtObject(at: Acting): readonly Move[] {
  const { world, process } = at;
  const plan = planOf(at);
  const marked = plan.things[process.object]?.marked === true;
  if (marked && world.on("marks")) return [{ label: `object ${process.object} is marked`, state: gone(at, after(at)) }];
  if (plan.staging !== "good") return [lostBytes(at)];
  const step = world.writeOnly && world.on("tries") ? "attempt" : "put";
  const flags = (process.flags & SAW_END) | (marked ? SAW_MARK : 0);
  return [{ label: `object ${process.object} has no mark`, state: gone(at, { step, flags }) }];
}

function lostBytes(at: Acting): Move {
  if (!at.world.on("check-staged")) return { label: "staged bytes are bad or gone: stops", state: done(at) };
  return { label: "staged bytes are bad or gone", state: gone(at, { step: "reread-lost", flags: 0 }) };
}

export function rereadLost(at: Acting): readonly Move[] {
  const { state, process } = at;
  if (toldOf(state).generation >= process.generation) return [{ label: "re-reads CURRENT: moved on", state: done(at) }];
  return [{ label: "re-reads CURRENT: same generation", state: gone(at, { step: "void", behind: 0, object: 0 }) }];
}

export function lastLook(at: Acting): readonly Move[] {
  const givenUp = planOf(at).end === "given_up";
  if (givenUp && at.world.on("last-look")) return [{ label: "reads CURRENT: given up, PLAN_ABANDONED", state: done(at) }];
  return [{ label: "reads CURRENT before the manifest", state: gone(at, { step: "object", flags: givenUp ? SAW_END : 0 }) }];
}

export function attempt(at: Acting): readonly Move[] {
  const { state, process } = at;
  const plan = planOf(at);
  const attempts = Math.min((plan.things[process.object]?.attempts ?? 0) + 1, 2);
  const from = withThing(state, plan, process.object, { attempts });
  return [{ label: `records an attempt at object ${process.object}`, state: gone(at, { step: "put" }, from) }];
}

export function put(at: Acting): readonly Move[] {
  const { state, process } = at;
  const label = `PUTs object ${process.object} of ${process.generation}`;
  if (planOf(at).staging !== "good") return [lostBytes(at)];
  const stored = stores(at);
  if (stored === null) return [{ label: `${label}: 412`, state: gone(at, { step: "settle", flags: process.flags | REFUSED }) }];
  const moves = [{ label, state: gone(at, { step: "mark", flags: 0 }, stored) }];
  if (state.left.lostReply === 0) return moves;
  const unanswered = { step: "settle", flags: (process.flags & ~REFUSED) | UNANSWERED } as const;
  return [
    ...moves,
    { label: `${label}, reply lost (arrived)`, state: spent(gone(at, unanswered, stored), "lostReply") },
    { label: `${label}, reply lost (never arrived)`, state: spent(gone(at, unanswered), "lostReply") },
  ];
}

/** The conditional PUT takes effect; null when something stands at the key. */
function stores(at: Acting): State | null {
  const { world, state, process } = at;
  const { generation, object: index, flags } = process;
  const plan = planOf(at);
  const told = toldOf(state).generation;
  if (generation > told + 1) throw new Violation("I3", `PUT of generation ${generation} while CURRENT is at ${told}`);
  const thing = plan.things[index];
  if (thing === undefined || thing.present !== 0) return null;
  const content = index === world.keys ? process.delta : cell(process.delta, index);
  if (thing.content !== -1 && thing.content !== content)
    throw new Violation("I1", `generation ${generation} object ${index} has two contents`);
  const stated = keysOf(process.delta, world.keys);
  const absent = plan.things.some((each, key) => ((stated >> key) & 1) === 1 && each.content === -1);
  if (index === world.keys && absent) throw new Violation("I8", `manifest of generation ${generation} before its objects`);
  if (index === world.keys && (flags & SAW_END) !== 0)
    throw new Violation("I10", `manifest of generation ${generation}, which was given up`);
  if (thing.marked && (flags & SAW_MARK) !== 0)
    throw new Violation("I4", `generation ${generation} object ${index} sent again after its mark`);
  return withThing(state, plan, index, { content, present: 1 });
}

export function settle(at: Acting): readonly Move[] {
  const { world, process } = at;
  const plan = planOf(at);
  const thing = plan.things[process.object];
  const flags = process.flags & ~REFUSED;
  const ours = (how: string): readonly Move[] => [{ label: `${how}: delivered`, state: gone(at, { step: "mark", flags: 0 }) }];
  if (!world.writeOnly) {
    if (thing?.present === 0) return [{ label: "HEAD: not there, again", state: gone(at, { step: "put", flags }) }];
    if (thing?.present !== 2) return ours("HEAD: ours");
    if (world.on("own-id")) return [{ label: "HEAD: FOREIGN_OBJECT", state: gone(at, { ...IDLE, step: "stopped" }) }];
    throw new Violation("I7", "a foreign object is taken for ours");
  }
  if ((process.flags & REFUSED) === 0) {
    const step = world.on("tries") ? "attempt" : "put";
    return [{ label: "nobody may look: sends it again", state: gone(at, { step, flags }) }];
  }
  return settleBlind(at, ours);
}

/** In this order: a mark is certain, the record of a foreign object more so than any attempt. */
function settleBlind(at: Acting, ours: (how: string) => readonly Move[]): readonly Move[] {
  const { world, state, process } = at;
  const plan = planOf(at);
  const thing = plan.things[process.object];
  const stops = { ...IDLE, step: "stopped" } as const;
  if (thing?.marked === true) return ours("412 and a mark");
  if (thing?.foreign === true && world.on("foreign-mark")) return [{ label: "412 and a foreign mark", state: gone(at, stops) }];
  if ((process.flags & UNANSWERED) !== 0 || (thing?.attempts ?? 0) > 1) {
    if (thing?.present === 2) throw new Violation("I7", "a foreign object is taken for ours");
    return ours("412 after an attempt without an answer");
  }
  if (thing?.present === 1) throw new Violation("I5", "our own object is called foreign: the plan is stuck");
  const from = world.on("foreign-mark") ? withThing(state, plan, process.object, { foreign: true }) : state;
  return [{ label: "412 at the only attempt: FOREIGN_OBJECT", state: gone(at, stops, from) }];
}

export function mark(at: Acting): readonly Move[] {
  const from = withThing(at.state, planOf(at), at.process.object, { marked: true });
  return [{ label: `marks object ${at.process.object} of ${at.process.generation}`, state: gone(at, after(at), from) }];
}
