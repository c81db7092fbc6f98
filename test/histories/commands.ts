import fc from "fast-check";
import { approveRun, findHeld, rejectRun } from "../../src/sync/answer-held.ts";
import { NO_ANSWERS } from "../../src/sync/judge-delta.ts";
import { openDelivery, recoverStream } from "../../src/sync/recover-stream.ts";
import { repairStream } from "../../src/sync/repair-stream.ts";
import { resetStream } from "../../src/sync/reset-stream.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import type { PutFault } from "../support/faulty-store.ts";
import { checkHistory, checkTable } from "./checks.ts";
import { damage, DAMAGES, PARTS, type Damage } from "./damage.ts";
import type { Conditions, HistoryWorld, HostName, PlaceName } from "./history-world.ts";
import { loseState, rememberState, restoreOlderState, type OlderState } from "./lost-state.ts";

/** What the world ought to be, as far as the outcome of a command depends on it. */
export interface Model {
  table: Readonly<Record<string, string>>;
  more: readonly string[];
  /** Something was lost that only it told of, so rows may stay at the destination that nobody remembers. */
  forgets: boolean;
  /** An older copy of the state sent files before it was told that it is one; no manifest names them. */
  strays: boolean;
  /** The state root as it was at earlier generations. */
  readonly older: OlderState[];
}

/** The model of an untouched world. */
export function newModel(): Model {
  return { table: {}, more: [], forgets: false, strays: false, older: [] };
}

/** A command of a history; whatever it does, what must never happen is looked for after it. */
class Step<T> implements fc.AsyncCommand<Model, HistoryWorld> {
  readonly #name: string;
  readonly #what: T;
  readonly #act: (what: T, model: Model, world: HistoryWorld) => Promise<void>;

  constructor(name: string, what: T, act: Step<T>["act"]) {
    this.#name = name;
    this.#what = what;
    this.#act = act;
  }

  get act(): (what: T, model: Model, world: HistoryWorld) => Promise<void> {
    return this.#act;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, world: HistoryWorld): Promise<void> {
    await this.#act(this.#what, model, world);
    await checkHistory(world, model);
    await rememberState(world, model);
  }

  toString(): string {
    return `${this.#name} ${JSON.stringify(this.#what)}`;
  }
}

const never = new AbortController().signal;
const who = { by: "a person", reason: null };
const host = fc.constantFrom<HostName>("a", "b");
/** How many operations on stores a process may do before it stands still; none of them takes as many as the largest. */
const FOREVER = 100_000;
const operations = fc.oneof({ weight: 1, arbitrary: fc.constant(FOREVER) }, { weight: 2, arbitrary: fc.nat(75) });

function command<T>(name: string, what: fc.Arbitrary<T>, act: Step<T>["act"]): fc.Arbitrary<Step<T>> {
  return what.map((each) => new Step(name, each, act));
}

const edit = command("edit", fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.constantFrom("1", "2", "3")), (table, model, world) => {
  model.table = table;
  world.warehouse.table = new Map(Object.entries(table));
  return Promise.resolve();
});

const changeColumns = command("change columns", fc.constantFrom<string[]>([], ["extra"], ["other"]), (more, model, world) => {
  model.more = more;
  world.warehouse.more = more;
  return Promise.resolve();
});

const run = command(
  "run",
  fc.record({
    host,
    operations,
    resync: fc.boolean(),
    checkpoint: fc.boolean(),
    accept: fc.boolean(),
    onSchemaChange: fc.constantFrom("hold", "resync"),
    held: fc.boolean(),
  }),
  async (how, model, world) => {
    const guards = { maxRemoved: null, maxChanged: null, maxAdded: null, minRows: 1000, aboveRows: 0, per: [], held: "supersede" } as const;
    const stream = world.stream({ onSchemaChange: how.onSchemaChange, guards: how.held ? guards : null });
    const answers = { ...NO_ANSWERS, acceptSchemaChange: how.accept };
    const options = { slot: null, fullResync: how.resync, checkpoint: how.checkpoint, baseline: false, answers };
    const process = await world.start(how.host, how.operations, (deps) => runStream(deps, stream, options, never));
    if (process.result === "ok") checkTable(world, model);
  },
);

const resume = command("resume", fc.record({ host, operations }), (how, _model, world) => world.resume(how.host, how.operations));

const kill = command("kill", host, (name, _model, world) => {
  world.kill(name);
  return Promise.resolve();
});

const faults = command(
  "faults",
  fc.record({
    store: fc.constantFrom<"destination" | "state">("destination", "state"),
    puts: fc.array(fc.constantFrom<PutFault>("pass", "lost_arrived", "lost_never", "fail"), { minLength: 1, maxLength: 8 }),
  }),
  ({ store, puts }, _model, world) => {
    world.script[store].splice(0, Infinity, ...puts);
    return Promise.resolve();
  },
);

const expire = command("expire credentials", fc.nat(4), (count, _model, world) => {
  world.expired = count;
  return Promise.resolve();
});

const advance = command("advance clock", fc.constantFrom(60_000, 700_000), (ms, _model, world) => {
  world.advance(ms);
  return Promise.resolve();
});

const answer = command(
  "answer",
  fc.record({ host, operations, approve: fc.boolean() }),
  async ({ host: name, operations: count, approve }, _model, world) => {
    const stream = world.stream();
    await world.start(name, count, async (deps) => {
      const held = await findHeld(deps, stream.name, never);
      return approve ? await approveRun(deps, stream, held, who, never) : await rejectRun(deps, stream, held, who, never);
    });
  },
);

const recover = command("recover", fc.record({ host, operations, abandon: fc.boolean() }), async (how, _model, world) => {
  const stream = world.stream();
  await world.start(how.host, how.operations, async (deps) => {
    const open = await openDelivery(deps, stream.name, never);
    if (open === null) return null;
    return await recoverStream(deps, stream, { abandon: how.abandon ? open.generation : null }, never);
  });
});

const reset = command("reset", fc.record({ host, operations }), async (how, _model, world) => {
  await world.start(how.host, how.operations, (deps) => resetStream(deps, world.stream(), never));
});

const repair = command("repair", fc.record({ host, operations }), async (how, _model, world) => {
  if (world.state.objects.size === 0) return;
  await world.start(how.host, how.operations, (deps) => repairStream(deps, world.stream(), never));
});

const corrupt = command(
  "corrupt",
  fc.record({ part: fc.constantFrom(...PARTS), how: fc.constantFrom<Damage>(...DAMAGES), which: fc.nat(5) }),
  (what, model, world) => {
    if (damage(world, what)) model.forgets = true;
    return Promise.resolve();
  },
);

const point = command("point to", fc.constantFrom<PlaceName>("out", "other"), (place, _model, world) => {
  world.place = place;
  return Promise.resolve();
});

const take = command("consumer takes", fc.nat(3), (each, _model, world) => {
  for (const bucket of Object.values(world.places)) {
    const keys = [...bucket.objects.keys()].filter((key) => !key.endsWith("claim.json"));
    for (const [at, key] of keys.entries()) if (at % 4 >= each) bucket.objects.delete(key);
  }
  return Promise.resolve();
});

const loseDisk = command("lose scratch", host, (name, _model, world) => world.loseScratch(name));
const loseRoot = command("lose state", host, loseState);
const olderRoot = command("older state", fc.record({ host, back: fc.integer({ min: 2, max: 4 }) }), restoreOlderState);

/** What holds for a whole history. */
export function conditionsOf(): fc.Arbitrary<Conditions> {
  return fc.record({ writeOnly: fc.boolean(), leases: fc.boolean() });
}

/** Histories of commands, the usual ones more often. */
export function histories(length: number): fc.Arbitrary<Iterable<fc.AsyncCommand<Model, HistoryWorld>>> {
  const usual = [run, run, run, edit, edit, resume, resume];
  const rare = [
    kill,
    faults,
    expire,
    advance,
    answer,
    recover,
    reset,
    repair,
    corrupt,
    point,
    take,
    loseDisk,
    loseRoot,
    olderRoot,
    changeColumns,
  ];
  return fc.commands([...usual, ...usual, ...rare], { maxCommands: length, size: "max" });
}
