import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { KitLoader } from "./kit-loader.ts";
import { comparable, type KitWorld, type Person } from "./kit-world.ts";

const COLUMNS = ["id", "name", "note", "amount"];
const MANIFESTS = "_spillway/people";

/** What readers of files get wrong. */
const TEXTS = [
  "plain",
  null,
  "",
  "a,b;c|d\te",
  'say "hi"',
  "two\nlines",
  "\r\n",
  " blanks ",
  "NULL",
  "\\N",
  "\\.",
  "=1+1",
  "é😀\u00a0",
  "\ufeffmark",
  "'",
];

/** Some change of every kind, decided by the number alone. */
export function live(people: Map<string, Person>, day: number, texts: readonly (string | null)[] = TEXTS): void {
  const text = (at: number): string | null => texts[at % texts.length] ?? null;
  for (let at = 0; at < 8; at += 1)
    people.set(`${day}-${at}`, { name: text(day + at), note: text(day * 3 + at), amount: at % 4 === 3 ? null : `${day}${at}.10` });
  for (const id of [...people.keys()].filter((_, at) => at % 5 === day % 5)) people.delete(id);
  for (const [at, id] of [...people.keys()].entries())
    if (at % 3 === day % 3) people.set(id, { name: text(day + at + 1), note: text(at), amount: `${day}.00` });
}

/** What a consumer goes through with one loader: files that come late, twice, altered, out of order; manifests too; a loader that is stopped. */
export async function mishapStory(world: KitWorld, loader: KitLoader): Promise<void> {
  const { people, inbox, kit, folder } = world;
  let day = 0;
  const next = async (...args: readonly string[]): Promise<void> => {
    live(people, (day += 1));
    await world.deliver(...args);
  };
  const load = async (): Promise<void> => {
    expect(await loader.load(kit, inbox)).toMatchObject({ ok: true });
    expect(comparable(await loader.rows(), COLUMNS)).toEqual(comparable(world.expected(), COLUMNS));
  };
  const refuse = async (why: RegExp): Promise<void> => {
    const before = day === 1 ? null : await loader.rows();
    expect(await loader.load(kit, inbox)).toEqual({ ok: false, said: expect.stringMatching(why) });
    if (before !== null) expect(comparable(await loader.rows(), COLUMNS)).toEqual(comparable(before, COLUMNS));
  };
  await next();
  await world.say(["kit", "people", "--out", "kit"]);
  await world.fetch((await world.missing()).filter((key) => key.startsWith("_")));
  await refuse(/generation 1 waits for people-000001-added-0001\.csv/);
  await world.fetch();
  await load();
  await load();
  await next();
  await world.fetch();
  const altered = join(inbox, "people-000002-changed-0001.csv");
  await alter(altered);
  await refuse(/people-000002-changed-0001\.csv is not the file that the manifest of generation 2 names/);
  await world.fetch(["people-000002-changed-0001.csv"]);
  await load();
  await next();
  const late = await world.missing();
  await next();
  await world.fetch((await world.missing()).filter((key) => !late.includes(key)));
  await refuse(/generation 4 waits for the manifest of generation 3/);
  await world.fetch();
  await loader.killed(kit, inbox, folder);
  await load();
  await redelivered(world, load);
  await doubled(world, load, refuse, next);
  await alteredManifest(world, load, refuse, next);
}

async function alter(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[bytes.length - 2] = (bytes.at(-2) ?? 0) ^ 1;
  await writeFile(path, bytes);
}

async function redelivered(world: KitWorld, load: () => Promise<void>): Promise<void> {
  const old = ["people-000002-changed-0001.csv", "people-000001-added-0001.csv"];
  for (const key of old) await rm(join(world.inbox, key));
  await load();
  await world.fetch(old);
  await load();
}

async function doubled(
  world: KitWorld,
  load: () => Promise<void>,
  refuse: (why: RegExp) => Promise<void>,
  next: () => Promise<void>,
): Promise<void> {
  await next();
  await world.fetch();
  const manifest = join(world.inbox, MANIFESTS, "000005.json");
  await copyFile(manifest, join(world.inbox, MANIFESTS, "000005 (1).json"));
  await copyFile(manifest, join(world.inbox, MANIFESTS, "000099.json"));
  await refuse(/not the (one|manifest) of (its )?generation/);
  await rm(join(world.inbox, MANIFESTS, "000099.json"));
  await load();
}

async function alteredManifest(
  world: KitWorld,
  load: () => Promise<void>,
  refuse: (why: RegExp) => Promise<void>,
  next: () => Promise<void>,
): Promise<void> {
  await next();
  await next();
  await world.fetch();
  const manifest = join(world.inbox, MANIFESTS, "000006.json");
  const bytes = await readFile(manifest);
  await writeFile(manifest, Buffer.concat([bytes, Buffer.from("\n")]));
  await refuse(/the manifest of generation 7 does not follow the generation 6 that is here/);
  await writeFile(manifest, bytes);
  await load();
}

/** Somebody who comes late begins with a checkpoint, and goes on; somebody who was there goes on through it. A full resync is one for both. */
export async function wholeStory(world: KitWorld, here: KitLoader, late: KitLoader): Promise<void> {
  const { people, inbox, kit } = world;
  const both = async (): Promise<void> => {
    await world.fetch();
    for (const loader of [here, late]) {
      expect(await loader.load(kit, inbox)).toMatchObject({ ok: true });
      expect(comparable(await loader.rows(), COLUMNS)).toEqual(comparable(world.expected(), COLUMNS));
    }
  };
  live(people, 20);
  await world.deliver("--checkpoint");
  await world.fetch();
  for (const generation of ["000001", "000003"]) await rm(join(inbox, MANIFESTS, `${generation}.json`));
  await both();
  live(people, 21);
  await world.deliver();
  await both();
  live(people, 22);
  await world.deliver("--full-resync");
  await both();
  live(people, 23);
  await world.deliver();
  await both();
}
