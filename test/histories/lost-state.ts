import { numberOf } from "../../src/state/state-keys.ts";
import { NO_ANSWERS } from "../../src/sync/judge-delta.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import { currentOf } from "./checks.ts";
import type { Model } from "./commands.ts";
import type { HistoryWorld, HostName } from "./history-world.ts";
import type { StoredObject } from "./memory-store.ts";

/** A copy of the state root as it once was. */
export interface OlderState {
  readonly objects: ReadonlyMap<string, StoredObject>;
  readonly generation: number;
}

/** The state root is gone for one run, which must not tell anything at a place that was claimed; then it is back. */
export async function loseState(host: HostName, model: Model, world: HistoryWorld): Promise<void> {
  if (model.forgets || !world.places[world.place].objects.has("_spillway/users/claim.json")) return;
  await runElsewhere(host, new Map(), ["STATE_MISMATCH", "CLAIM_UNSETTLED"], world);
}

/** Keeps a copy of the state root for each generation that was reached. */
export async function rememberState(world: HistoryWorld, model: Model): Promise<void> {
  const current = await currentOf(world);
  if (current === null || model.older.at(-1)?.generation === current.generation) return;
  model.older.push({ objects: new Map(world.state.objects), generation: current.generation });
}

/** An older copy of the state root stands in for the newest one for one run, which must not deliver; then the newest is back. */
export async function restoreOlderState(
  { host, back }: { readonly host: HostName; readonly back: number },
  model: Model,
  world: HistoryWorld,
): Promise<void> {
  const current = await currentOf(world);
  const older = model.older.findLast(({ generation }) => current !== null && generation <= current.generation - back);
  if (current === null || model.forgets || older === undefined) return;
  // Whether it can be noticed depends on what was delivered since, at the place that is named now.
  const since = Array.from({ length: current.generation - older.generation }, (_, at) => older.generation + 1 + at);
  const isTold = (generation: number): boolean =>
    !current.abandoned.includes(generation) &&
    world.places[world.place].objects.has(`_spillway/users/${String(generation).padStart(6, "0")}.json`);
  if (!since.every(isTold)) return;
  const before = world.archive.created.size;
  const newest = world.state.objects;
  // A copy from before the claim cannot know that the claim is its own where nobody may look.
  const codes = ["STATE_BEHIND", "FOREIGN_OBJECT", ...(older.generation === 0 ? ["STATE_MISMATCH", "CLAIM_UNSETTLED"] : [])];
  const plans = await runElsewhere(host, older.objects, codes, world);
  if (world.archive.created.size > before) model.strays = true;
  for (const [key, plan] of plans) {
    if (!newest.get(key)?.bytes.equals(plan.bytes)) world.archive.violations.push(`an older state thinks that it delivered its own ${key}`);
  }
}

/** Runs on another state root, which may tell nothing; yields the plans that it delivered, as far as it knows. */
async function runElsewhere(
  host: HostName,
  objects: ReadonlyMap<string, StoredObject>,
  codes: readonly string[],
  world: HistoryWorld,
): Promise<ReadonlyMap<string, StoredObject>> {
  for (const name of ["a", "b"] as const) world.kill(name);
  const newest = world.state.objects;
  const told = world.archive.created.size;
  world.state.objects = new Map(objects);
  for (const code of codes) world.mayFailWith.add(code);
  const options = { slot: null, fullResync: false, baseline: false, answers: NO_ANSWERS };
  const process = await world.start(host, 100_000, (deps) => runStream(deps, world.stream(), options, new AbortController().signal));
  for (const code of codes) world.mayFailWith.delete(code);
  if (world.conditions.writeOnly) world.mayFailWith.add("CLAIM_UNSETTLED");
  const current = await currentOf(world);
  const delivered = [...world.state.objects].filter(
    ([key]) => /plans\/\d+\.json$/.test(key) && (numberOf(key) ?? 0) <= (current?.generation ?? 0),
  );
  world.state.objects = newest;
  await world.loseScratch(host);
  const isManifest = (name: string): boolean => /\d\.json$/.test(name);
  const more = [...world.archive.created.keys()].slice(told);
  if (process.result === "ok" && more.some(isManifest))
    world.archive.violations.push(`a state that is not the newest told ${more.join(", ")}`);
  return new Map(delivered);
}
