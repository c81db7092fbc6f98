import { readCurrent } from "../../src/state/current.ts";
import type { Current, FileRef } from "../../src/state/documents.ts";
import { stateKeys } from "../../src/state/state-keys.ts";
import { consumeArchive, consumeFiles, consumeFromWhole, type Held } from "./archive.ts";
import type { Model } from "./commands.ts";
import type { HistoryWorld } from "./history-world.ts";

const never = new AbortController().signal;

/** CURRENT of the stream, or null where there is none or it is damaged. */
export async function currentOf(world: HistoryWorld): Promise<Current | null> {
  return await readCurrent(world.stateStore(), "users", never).catch(() => null);
}

/** What must hold after every command: no violation so far, and a snapshot that is what a consumer holds. */
export async function checkHistory(world: HistoryWorld, model: Model): Promise<void> {
  await checkSnapshot(world, model);
  refuseViolations(world);
}

/** Throws when something happened that never may. */
export function refuseViolations(world: HistoryWorld): void {
  const { violations } = world.archive;
  if (violations.length > 0) throw new Error(violations.join("\n"));
}

/** After a run that went well a consumer holds the table. */
export function checkTable(world: HistoryWorld, model: Model): void {
  const wanted = new Map(Object.entries(model.table).map(([key, name]) => [key, [name, ...model.more].join()]));
  for (const held of consumers(world, model, world.place, null)) compareTables(world, model, held, wanted);
}

/** What consumers hold: the one who goes by manifests, the one who begins with the newest whole table, and the one who takes every file. */
function consumers({ archive }: HistoryWorld, { strays }: Model, place: string, givenUp: ReadonlySet<number> | null): readonly Held[] {
  return [consumeArchive(archive, place, givenUp), consumeFromWhole(archive, place), ...(strays ? [] : [consumeFiles(archive, place)])];
}

function compareTables(world: HistoryWorld, model: Model, held: Held, wanted: Held): void {
  const differences = [...new Set([...held.keys(), ...wanted.keys()])].filter(
    (key) => held.get(key) !== wanted.get(key) && !(model.forgets && !wanted.has(key)),
  );
  if (differences.length > 0) world.archive.violations.push(`after a run a consumer holds ${show(held)} and not ${show(wanted)}`);
}

/** Where no delivery is under way, snapshot and consumer agree about every key that is not uncertain. */
async function checkSnapshot(world: HistoryWorld, model: Model): Promise<void> {
  const current = await currentOf(world);
  if (current === null || model.forgets) return;
  if (world.state.objects.has(stateKeys("users").plan(current.generation + 1))) return;
  const uncertain = new Set(current.uncertain.flatMap((file) => lines(world, file).map(({ key }) => key)));
  const told = new Map<string, string>();
  for (const file of [...(current.base === null ? [] : [current.base]), ...current.log]) {
    for (const { key, after } of lines(world, file)) {
      if (after === null) told.delete(key);
      else told.set(key, after.replaceAll("|", ","));
    }
  }
  for (const held of consumers(world, model, current.identity.destination.prefix, new Set(current.abandoned))) {
    const differs = [...new Set([...held.keys(), ...told.keys()])].some((key) => !uncertain.has(key) && held.get(key) !== told.get(key));
    if (differs)
      world.archive.violations.push(`the snapshot of generation ${current.generation} is ${show(told)}, a consumer holds ${show(held)}`);
  }
}

function lines(world: HistoryWorld, { key }: FileRef): readonly { readonly key: string; readonly after: string | null }[] {
  const text = world.state.objects.get(key)?.bytes.toString("utf8") ?? "";
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { key: string; after: string | null });
}

function show(table: Held): string {
  return JSON.stringify(Object.fromEntries([...table].toSorted(([a], [b]) => (a < b ? -1 : 1))));
}
