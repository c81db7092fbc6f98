import { mkdir } from "node:fs/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openFolderStore } from "../../src/folder/folder-store.ts";
import { bytesBody } from "../../src/state/state-store.ts";
import { Gate } from "../histories/gate.ts";
import { LossyDisk } from "../support/lossy-disk.ts";
import { world, type World } from "../support/protocol-world.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** Histories of the main test: few in `npm test`, any number of new ones by SPILLWAY_POWER_CUTS. */
const POWER_CUTS = Number(process.env["SPILLWAY_POWER_CUTS"] ?? 10);

/** One run on a disk that may lose what was not synced. */
interface Stop {
  readonly table: Readonly<Record<string, string>>;
  /** After so many changes of the disk the process stands still for good. */
  readonly after: number;
  /** null: the process alone was killed; else the power went, and this decides what of the unsynced is left. */
  readonly power: number | null;
}

const stop: fc.Arbitrary<Stop> = fc.record({
  table: fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom("1", "2", "3")),
  after: fc.nat(140),
  power: fc.option(fc.nat(), { freq: 4 }),
});

/** Choices that a seed decides. */
function chooser(seed: number): (below: number) => number {
  let at = seed;
  return (below) => {
    at = (Math.imul(at, 1_664_525) + 1_013_904_223) >>> 0;
    return (at >>> 8) % below;
  };
}

async function runUntil(at: World, disk: LossyDisk, { table, after, power }: Stop, name: string): Promise<void> {
  at.set(table);
  const gate = new Gate(after);
  disk.before = () => gate.pass();
  await Promise.race([at.run(at.host(name)), gate.stopped()]);
  // What stands at the gate stays there; those that come have none.
  disk.before = () => Promise.resolve();
  if (power !== null) disk.losePower(chooser(power));
}

async function survive(stops: readonly Stop[], forgets: (path: string) => boolean = () => false): Promise<void> {
  await using at = await world();
  await mkdir(at.folder.at("state"));
  using disk = new LossyDisk(at.folder.at("state"));
  disk.forgets = forgets;
  for (const [step, each] of stops.entries()) {
    await runUntil(at, disk, each, `host ${step}`);
    const { error } = await at.run(at.host(`next ${step}`));
    expect(error).toBeNull();
    expect(await at.consumed()).toEqual(Object.fromEntries(Object.entries(each.table).toSorted(([a], [b]) => (a < b ? -1 : 1))));
  }
  const contents = new Map<string, string>();
  for (const { key, sha256 } of at.destinationHistory.created) {
    expect(`${key} ${contents.get(key) ?? sha256}`).toBe(`${key} ${sha256}`);
    contents.set(key, sha256);
  }
}

test("S02: a power cut at any change of the state root loses no delta and tells none twice", { timeout: 120_000 }, async () => {
  const seeded = process.env["SPILLWAY_POWER_CUTS"] === undefined ? { seed: 20261123 } : {};
  const stops = fc.array(stop, { minLength: 1, maxLength: 4 });
  const found = await fc.check(
    fc.asyncProperty(stops, (each) => survive(each)),
    { numRuns: POWER_CUTS, ...seeded },
  );
  expect(fc.defaultReportMessage(found)).toBeUndefined();
});

test("a folder of a process that died before it was synced is kept by the next one that uses it", async () => {
  await using folder = await tempFolder();
  await mkdir(folder.at("state"));
  using disk = new LossyDisk(folder.at("state"));
  await mkdir(folder.at("state", "users", "plans"), { recursive: true });
  const store = openFolderStore({ path: folder.at("state"), role: "state" });
  const never = new AbortController().signal;
  expect((await store.putNew("users/plans/000001.json", bytesBody(Buffer.from("{}")), null, never)).kind).toBe("created");
  disk.losePower(() => 0);
  expect(await store.list("", never)).toEqual(["users/plans/000001.json"]);
});

test.each([
  ["the names of plans", (path: string) => path.endsWith("/plans")],
  ["the names of CURRENT", (path: string) => path.endsWith("/current")],
  ["the bytes of documents", (path: string) => path.includes("/.spillway/tmp/")],
  ["the bytes of deltas", (path: string) => path.endsWith("/delta.parquet")],
])("a disk that is never told to keep %s fails this very test", { timeout: 120_000 }, async (_what, forgets) => {
  const stops = fc.array(stop, { minLength: 2, maxLength: 4 });
  const property = fc.asyncProperty(stops, (each) => survive(each, forgets));
  const { failed } = await fc.check(property, { numRuns: 60, seed: 21, endOnFailure: true });
  expect(failed).toBe(true);
});
