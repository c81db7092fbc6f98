import { approve, claimDestination, createPlan, dropHeld, idle, open, query, reject, rereadPlan, seek, supersede } from "./decide-steps.ts";
import { attempt, lastLook, lookAtObject, mark, put, rereadLost, settle } from "./deliver-steps.ts";
import { Violation } from "./rules.ts";
import { generationOf, IDLE, keysOf, spent, type State, withGeneration, withHost, withThing } from "./state.ts";
import type { Step } from "./steps.ts";
import { ended, fold, look, moved, promote, reread, voidPlan } from "./swap-steps.ts";
import { type Acting, acting, gone, type Move, WAITS, type World } from "./world.ts";

const STEP_MOVES: Readonly<Record<Step, (at: Acting) => readonly Move[]>> = {
  idle,
  open,
  claim: claimDestination,
  seek,
  query,
  supersede,
  plan: createPlan,
  "reread-plan": rereadPlan,
  object: lookAtObject,
  "last-look": lastLook,
  attempt,
  put,
  settle,
  mark,
  "reread-lost": rereadLost,
  void: voidPlan,
  promote,
  fold,
  look,
  reread,
  approve,
  reject,
  "drop-held": dropHeld,
  stopped: () => [],
};

/** One step of a host, with every outcome; the first is the one without a fault. */
export function hostMoves(world: World, state: State, host: number): readonly Move[] {
  const at = acting(world, state, host);
  const { step, generation, object: index } = at.process;
  const moves = STEP_MOVES[step](at);
  const thing = generationOf(state, generation)?.things[index];
  if (!world.consumer || (step !== "put" && step !== "settle") || thing?.present !== 1) return moves;
  // The consumer may have taken the object away: both cases, told apart only when somebody asks.
  const planned = generationOf(state, generation);
  if (planned === undefined) return moves;
  const taken = STEP_MOVES[step](acting(world, withThing(state, planned, index, { present: 0 }), host));
  return [...moves, ...taken.map(({ label, state: to }) => ({ label: `[a consumer took it] ${label}`, state: to }))];
}

/** Everything that can happen next. */
export function allMoves(world: World, state: State): readonly Move[] {
  const moves: Move[] = [];
  for (const host of [0, 1] as const) {
    try {
      for (const { label, state: to } of hostMoves(world, state, host)) moves.push({ label: `host#${host} ${label}`, state: to });
    } catch (error) {
      if (error instanceof Violation) error.message += ` (host#${host} at ${state.hosts[host].step})`;
      throw error;
    }
    moves.push(...aroundHost(world, state, host));
  }
  return [...moves, ...aroundHeld(world, state), ...outside(world, state)];
}

/** What happens to a host from outside: it is killed, started for a fold, asked to answer. */
function aroundHost(world: World, state: State, host: 0 | 1): readonly Move[] {
  const process = state.hosts[host];
  const { told, held, left, claim: place } = state;
  const moves: Move[] = [];
  const add = (label: string, to: State): void => void moves.push({ label: `host#${host} ${label}`, state: to });
  if (process.step === "stopped") {
    if (process.flags !== WAITS || (place.record === 2 && !world.solo)) add("runs again", withHost(state, host, IDLE));
    return moves;
  }
  if (left.crash > 0 && process.step !== "idle") {
    const orphaned = state.generations.map((each) => (each.owner === host ? { ...each, owner: -1 } : each));
    add(`(${process.step}) is killed`, spent(withHost({ ...state, generations: orphaned }, host, IDLE), "crash"));
  }
  if (process.step === "plan" && process.object === 1 && !world.on("staging-kept"))
    moves.push({ label: `a cleaner deletes the staging of host#${host}`, state: withHost(state, host, { ...process, object: 0 }) });
  if (process.step !== "idle" || told === null) return moves;
  const at = acting(world, state, host);
  if (left.fold > 0) {
    const reads = gone(at, { ...IDLE, step: "fold", generation: told.generation });
    add("reads CURRENT to fold", spent(reads, "fold"));
  }
  if (held !== null) {
    const answer = { ...IDLE, generation: held.generation, delta: held.delta };
    const fits = told.generation + 1 === held.generation && generationOf(state, held.generation) === undefined && held.staged;
    if (fits) add("is asked to approve", gone(at, { ...answer, step: "approve" }));
    if (held.staged) add("is asked to reject", gone(at, { ...answer, step: "reject" }));
  }
  return moves;
}

function aroundHeld(world: World, state: State): readonly Move[] {
  const { held, told } = state;
  if (held === null || told === null) return [];
  const label = "a cleaner deletes held staging";
  if (told.generation >= held.generation || generationOf(state, held.generation) !== undefined)
    return [{ label, state: { ...state, held: null } }];
  return !world.on("staging-kept") && held.staged ? [{ label, state: { ...state, held: { ...held, staged: false } } }] : [];
}

function outside(world: World, state: State): readonly Move[] {
  const { told, left } = state;
  if (told === null) return [];
  const moves: Move[] = [];
  const add = (label: string, to: State): void => void moves.push({ label, state: to });
  const next = generationOf(state, told.generation + 1);
  if (left.reset > 0) {
    const uncertain = world.on("reset-restates") ? world.everyKey : 0;
    const generation = told.generation + (next === undefined ? 0 : 1);
    const closed = next === undefined ? state : ended(state, generation, "given_up");
    add("a person resets", spent(moved(closed, { generation, table: world.nothing, uncertain }, world.farthest), "reset"));
  }
  for (const planned of state.generations) {
    const { number, delta, staging, things } = planned;
    if (staging === "good" && number <= told.generation)
      add(`a cleaner deletes the staging of ${number}`, withGeneration(state, { ...planned, staging: "gone" }));
    if (staging === "good" && planned === next && left.damage > 0)
      add(`the staging of ${number} is damaged`, spent(withGeneration(state, { ...planned, staging: "damaged" }), "damage"));
    if (planned === next && left.abandon > 0) {
      const stated = keysOf(delta, world.keys);
      const known = things.reduce((bits, { marked }, key) => bits | (marked ? 1 << key : 0), 0);
      const unsure = world.on("abandon-restates") ? stated : stated & known;
      const uncertain = (world.on("carry-uncertain") ? told.uncertain : 0) | unsure;
      const given = moved(ended(state, number, "given_up"), { ...told, generation: number, uncertain }, world.farthest);
      add(`a person gives ${number} up`, spent(given, "abandon"));
    }
    if (left.foreign === 0) continue;
    for (const [index, thing] of things.entries()) {
      const isPlanned = index === world.keys || ((keysOf(delta, world.keys) >> index) & 1) === 1;
      if (thing.present === 0 && isPlanned)
        add(`somebody else PUTs at object ${index} of ${number}`, spent(withThing(state, planned, index, { present: 2 }), "foreign"));
    }
  }
  return moves;
}
