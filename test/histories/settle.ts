import { SyncError } from "../../src/core/errors.ts";
import { NO_ANSWERS } from "../../src/sync/judge-delta.ts";
import { openDelivery, recoverStream } from "../../src/sync/recover-stream.ts";
import { repairStream } from "../../src/sync/repair-stream.ts";
import { resetStream } from "../../src/sync/reset-stream.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import { checkHistory, checkTable, currentOf, refuseViolations } from "./checks.ts";
import type { Model } from "./commands.ts";
import type { HistoryWorld, PlaceName } from "./history-world.ts";

const never = new AbortController().signal;
const ALL = 1_000_000;
const TRIES = 12;

/**
 * The end of a history: nobody works, nothing fails any more, and a person follows the hints. Within a few runs the consumer holds the table,
 * every generation was told or given up, and another run finds nothing to do.
 */
export async function settle(world: HistoryWorld, model: Model): Promise<void> {
  for (const host of ["a", "b"] as const) world.kill(host);
  for (const store of ["destination", "state"] as const) world.script[store].length = 0;
  world.expired = 0;
  world.advance(3_600_000);
  const wanted = world.place;
  let resync = false;
  for (let tries = 1; ; tries += 1) {
    const failed = await run(world, resync);
    refuseViolations(world);
    if (failed === null && world.place === wanted) break;
    if (tries === TRIES) throw new Error(`after ${TRIES} runs: ${failed?.message ?? "nothing failed, at another place"}`);
    if (failed === null) world.place = wanted;
    else resync = (await follow(failed, world, model)) || resync;
  }
  checkTable(world, model);
  await checkHistory(world, model);
  await checkGenerations(world, model);
  const before = world.archive.created.size;
  if ((await run(world, false)) !== null || world.archive.created.size !== before) throw new Error("another run found something to tell");
}

async function run(world: HistoryWorld, fullResync: boolean): Promise<SyncError | null> {
  const options = { slot: null, fullResync, baseline: false, answers: { ...NO_ANSWERS, acceptSchemaChange: true } };
  const { result } = await world.start("a", ALL, (deps) => runStream(deps, world.stream(), options, never));
  return result instanceof SyncError ? result : null;
}

/** Does what the hint of an error says; true when the next run has to tell everything anew. */
async function follow({ code, message }: SyncError, world: HistoryWorld, model: Model): Promise<boolean> {
  switch (code) {
    case "STREAM_BUSY":
    case "BYTES_CHANGED":
    case "PLAN_ABANDONED":
      world.advance(3_600_000);
      return false;
    case "IDENTITY_CHANGED":
      return true;
    case "OPEN_PLAN_ELSEWHERE":
      world.place = other(world.place);
      return false;
    case "STATE_MISMATCH":
      // A stream that had told nothing began again as another state.
      if (!model.forgets || [...world.archive.created.keys()].some((name) => /\d\.json$/.test(name))) break;
      world.places[world.place].objects.delete("_spillway/users/claim.json");
      world.archive.created.delete(`${world.place} _spillway/users/claim.json`);
      return false;
    case "CLAIM_UNSETTLED":
      world.places[world.place].objects.delete("_spillway/users/claim.json");
      world.archive.created.delete(`${world.place} _spillway/users/claim.json`);
      return false;
    case "STATE_DAMAGED":
      await mend(world, model);
      return false;
    case "STATE_BEHIND":
      if (!model.forgets) break;
      await giveUp(world);
      return false;
    default:
  }
  throw new Error(`nothing mends ${code}: ${message}`);
}

function other(place: PlaceName): PlaceName {
  return place === "out" ? "other" : "out";
}

async function mend(world: HistoryWorld, model: Model): Promise<void> {
  const repaired = await world.start("a", ALL, (deps) => repairStream(deps, world.stream(), never));
  if (repaired.result === "ok") {
    // Repaired, or nothing wrong with the snapshot: then it is the open plan, or a file of its own.
    const again = await run(world, false);
    if (again?.code !== "STATE_DAMAGED") return;
  }
  model.forgets = true;
  await world.start("a", ALL, (deps) => resetStream(deps, world.stream(), never));
}

async function giveUp(world: HistoryWorld): Promise<void> {
  await world.start("a", ALL, async (deps) => {
    const open = await openDelivery(deps, "users", never);
    return open === null ? null : await recoverStream(deps, world.stream(), { abandon: open.generation }, never);
  });
}

/** Generations have no gaps but those that were given up. */
async function checkGenerations(world: HistoryWorld, model: Model): Promise<void> {
  const current = await currentOf(world);
  if (current === null) throw new Error("there is no CURRENT after a run that went well");
  if (model.forgets) return;
  const told = new Set([...world.archive.created.keys()].map((name) => /users\/(\d+)\.json$/.exec(name)?.[1]).map(Number));
  for (let generation = 1; generation <= current.generation; generation += 1) {
    if (!told.has(generation) && !current.abandoned.includes(generation)) throw new Error(`generation ${generation} is missing`);
  }
}
