import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { demoProject } from "../support/demo-project.ts";
import { say } from "../support/fake-host.ts";
import { duckdbLoader, type KitLoader, type LoadedRow, programLoader } from "../support/kit/kit-loader.ts";
import { comparable, kitWorld, type KitWorld } from "../support/kit/kit-world.ts";
import { live } from "../support/kit/mishaps.ts";
import type { TempFolder } from "../support/temp-folder.ts";

const loadersIn = (folder: TempFolder, table: string): readonly KitLoader[] => [
  programLoader("node", process.execPath, folder.path),
  duckdbLoader(table, folder.path),
];

/** Delivers days, and holds both loaders to the rows after each of them. */
async function livesOn(
  world: KitWorld,
  columns: readonly string[],
  rows: () => readonly Readonly<Record<string, string | null>>[],
): Promise<void> {
  const loaders = loadersIn(world.folder, "people");
  for (const day of [1, 2, 3]) {
    live(world.people, day);
    await world.deliver();
    if (day === 1) await world.say(["kit", "people", "--out", "kit"]);
    await world.fetch([...(await world.missing()), ...(await replaced(world))]);
    for (const loader of loaders) {
      expect(await loader.load(world.kit, world.inbox)).toMatchObject({ ok: true });
      expect(comparable(await loader.rows(), columns)).toEqual(comparable(rows(), columns));
    }
  }
}

/** The one key whose bytes change. */
async function replaced({ folder }: KitWorld): Promise<readonly string[]> {
  return await readFile(folder.at("out/latest.csv")).then(
    () => ["latest.csv"],
    () => [],
  );
}

test("a file that is replaced each time is the whole table", { timeout: 120_000 }, async () => {
  await using world = await kitWorld("primary_key: [id]\nmode: full\nfile: {name: latest, overwrite: true}\n");
  await expect(livesOn(world, ["id", "name", "note", "amount"], () => world.expected())).resolves.toBeUndefined();
});

test("files by the value of a column that they do not show fold into one table", { timeout: 120_000 }, async () => {
  await using world = await kitWorld(
    "primary_key: [id]\ncolumns: {Amount: amount, Id: {from: id, apply: [base64]}}\nfile: {split_by: [note]}\n",
  );
  const coded = (id: string | null | undefined): string => Buffer.from(id ?? "").toString("base64");
  await expect(
    livesOn(world, ["Id", "Amount"], () => world.expected().map((row) => ({ Id: coded(row["id"]), Amount: row["amount"] ?? null }))),
  ).resolves.toBeUndefined();
});

test("a kind of change that is not told leaves the table as it was told", { timeout: 120_000 }, async () => {
  await using world = await kitWorld("primary_key: [id]\nchanges: [added, changed]\n");
  const told = new Map<string, Readonly<Record<string, string | null>>>();
  await expect(
    livesOn(world, ["id", "name", "note", "amount"], () => {
      for (const row of world.expected()) told.set(row["id"] ?? "", row);
      return [...told.values()];
    }),
  ).resolves.toBeUndefined();
});

test("audiences, which have two columns for a key, fold into the members that the warehouse has", { timeout: 120_000 }, async () => {
  await using folder = await demoProject();
  const command = async (...args: readonly string[]): Promise<void> => {
    expect(await say(args, { cwd: folder.path })).toMatchObject({ exit: 0 });
  };
  await command("kit", "audiences", "--out", "kit");
  const loaders = loadersIn(folder, "audiences");
  const seen: string[] = [];
  for (const day of [1, 2]) {
    if (day === 2) await command("init", "--next-day");
    await command("run", "-m", "audiences", "--allow-removals", "1000");
    for (const loader of loaders) {
      expect(await loader.load(folder.at("kit"), folder.at("out"))).toMatchObject({ ok: true });
      seen.push(JSON.stringify(comparable(await loader.rows(), ["CustomerId", "Audience"])));
    }
  }
  expect(seen[0] === seen[1]).toBe(true);
  expect(seen[2] === seen[3]).toBe(true);
  expect(seen[2] === seen[0]).toBe(false);
  // A first delivery of the second day, to somebody else, tells the same table.
  await folder.write(
    "models/again.yaml",
    (await readFile(folder.at("models/audiences.yaml"), "utf8")).replace('folder: "audiences', 'folder: "again'),
  );
  await command("run", "-m", "again");
  await command("kit", "again", "--out", "kit-again");
  const again = programLoader("node", process.execPath, folder.at("demo"));
  expect(await again.load(folder.at("kit-again"), folder.at("out"))).toMatchObject({ ok: true });
  expect(JSON.stringify(comparable(await again.rows(), ["CustomerId", "Audience"])) === seen[2]).toBe(true);
});

test("an event table, of which rows are only added, keeps every event", { timeout: 120_000 }, async () => {
  await using folder = await demoProject();
  await folder.write("events.json", "[]");
  await folder.write(
    "models/events.yaml",
    `source: warehouse
destination: partner
query: "SELECT * FROM read_json('events.json', columns = {id: 'VARCHAR', seen: 'TIMESTAMP', kind: 'VARCHAR'})"
primary_key: [id]
mode: append
cursor: {column: seen, start: 2026-01-01}
columns: {Kind: kind}
guards: off
`,
  );
  const kinds: LoadedRow[] = [];
  const events: { readonly id: string; readonly seen: string; readonly kind: string }[] = [];
  const loaders = loadersIn(folder, "events");
  for (const day of [1, 2, 3]) {
    for (const at of [1, 2, 3]) {
      events.push({ id: `${day}-${at}`, seen: `2026-02-0${day}T0${at}:00:00`, kind: `kind ${at % 2}` });
      kinds.push({ Kind: `kind ${at % 2}` });
    }
    await folder.write("events.json", JSON.stringify(events));
    expect(
      await say(["run", "-m", "events"], { cwd: folder.path, clock: { now: () => new Date(`2026-02-0${day}T20:00:00Z`) } }),
    ).toMatchObject({ exit: 0 });
    expect(await say(["kit", "events", "--out", "kit", "--force"], { cwd: folder.path })).toMatchObject({ exit: 0 });
    for (const loader of loaders)
      for (const _ of ["once", "twice"]) {
        expect(await loader.load(folder.at("kit"), folder.at("out"))).toMatchObject({ ok: true });
        expect(comparable(await loader.rows(), ["Kind"])).toEqual(comparable(kinds, ["Kind"]));
      }
  }
});
