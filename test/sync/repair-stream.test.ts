import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { readCurrent } from "../../src/state/current.ts";
import { repairStream } from "../../src/sync/repair-stream.ts";
import { baselineStream } from "../../src/sync/run-many.ts";
import { world, type World } from "../support/protocol-world.ts";

const never = new AbortController().signal;
const big = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`k${at + 10}`, "same"]));
const HISTORY = [
  { ...big, a: "1", b: "1" },
  { ...big, a: "2", c: "1" },
  { ...big, a: "2", d: "1" },
];
const LAST = { ...big, a: "3", d: "1", e: "1" };

/** Three generations, none of them folded. */
async function delivered(at: World): Promise<void> {
  for (const table of HISTORY) await at.deliver(table);
}

async function names(at: World, folder: string): Promise<readonly string[]> {
  return (await readdir(at.folder.at("state", "users", folder))).filter((name) => /\.(?:json|parquet)$/.test(name)).toSorted();
}

function path(at: World, folder: string, name: string | undefined): string {
  return at.folder.at("state", "users", folder, name ?? "none");
}

async function flip(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes[10] = (bytes[10] ?? 0) ^ 1;
  await writeFile(file, bytes);
}

const newest = async (at: World, folder: string): Promise<string> => path(at, folder, (await names(at, folder)).at(-1));

const DAMAGES: readonly (readonly [string, (at: World) => Promise<unknown>])[] = [
  ["a torn CURRENT", async (at) => truncate(await newest(at, "current"), 40)],
  ["a bit-flipped CURRENT", async (at) => flip(await newest(at, "current"))],
  ["an empty CURRENT", async (at) => truncate(await newest(at, "current"), 0)],
  ["no CURRENT at all", (at) => rm(at.folder.at("state", "users", "current"), { recursive: true })],
  [
    "nothing but torn entries of CURRENT",
    async (at) => Promise.all((await names(at, "current")).map((name) => truncate(path(at, "current", name), 9))),
  ],
];

test.each(DAMAGES)("%s is named with the repair, and the repaired snapshot tells only what is new", async (_what, damage) => {
  await using at = await world();
  await delivered(at);
  await damage(at);
  at.set(LAST);
  const stopped = await at.run(at.host("stopped"));
  expect(stopped.error).toMatchObject({ code: "STATE_DAMAGED", hint: expect.stringContaining("sync state repair -m users") as string });
  const { record, error } = await repairStream(at.host("operator"), at.stream, never);
  expect(error).toBeNull();
  expect(record.status).toBe("repaired");
  expect((await at.run(at.host("next"))).record).toMatchObject({
    status: "delivered",
    generation: 4,
    counts: { added: 1, changed: 1, removed: 0 },
  });
  expect(await at.consumed()).toEqual(LAST);
});

test("a base that is damaged is made anew from the first delta and those after it", async () => {
  await using at = await world();
  await at.deliver({ a: "1", b: "1" });
  await at.deliver({ a: "2", b: "1" });
  await at.deliver({ a: "2", c: "1" });
  const { base } = (await readCurrent(at.host("looker").state, "users", never)) ?? {};
  expect(base?.key).toMatch(/^users\/base\//);
  await flip(at.folder.at("state", ...(base?.key ?? "").split("/")));
  expect((await at.run(at.host("stopped"))).error).toMatchObject({ code: "STATE_DAMAGED" });
  expect((await repairStream(at.host("operator"), at.stream, never)).record.status).toBe("repaired");
  at.set({ a: "2", c: "2" });
  expect((await at.run(at.host("next"))).record).toMatchObject({ generation: 4, counts: { added: 0, changed: 1, removed: 0 } });
  expect(await at.consumed()).toEqual({ a: "2", c: "2" });
});

test("what stood there is copied aside, and a healthy state is left alone", async () => {
  await using at = await world();
  await delivered(at);
  expect((await repairStream(at.host("operator"), at.stream, never)).record.status).toBe("unchanged");
  const torn = await newest(at, "current");
  await truncate(torn, 40);
  const bytes = await readFile(torn);
  const { record } = await repairStream(at.host("operator 2"), at.stream, never);
  const kept = at.folder.at("state", "users", "repaired", record.run, torn.slice(torn.lastIndexOf("/") + 1));
  expect(await readFile(kept)).toEqual(bytes);
  expect(await readCurrent(at.host("looker").state, "users", never)).toMatchObject({ reason: "repaired", generation: 3 });
});

test("a delivery that is open while CURRENT is lost is finished, not told anew", async () => {
  await using at = await world();
  await delivered(at);
  at.set(LAST);
  at.destinationFaults.put = (_nth, key) => (key.endsWith("000004.json") ? "fail" : "pass");
  expect((await at.run()).error).not.toBeNull();
  at.destinationFaults.put = () => "pass";
  await truncate(await newest(at, "current"), 9);
  expect((await repairStream(at.host("operator"), at.stream, never)).record.status).toBe("repaired");
  expect((await at.run(at.host("next"))).record.status).toBe("unchanged");
  expect(await at.consumed()).toEqual(LAST);
  expect(at.destinationHistory.created.filter(({ key }) => key.includes("000004-added"))).toHaveLength(1);
});

test("a delta that is lost as well is named, and nothing is made up", async () => {
  await using at = await world();
  await delivered(at);
  await truncate(path(at, "log", (await names(at, "log"))[0]), 3);
  await rm(at.folder.at("state", "users", "current"), { recursive: true });
  expect((await repairStream(at.host("operator"), at.stream, never)).error).toMatchObject({
    code: "STATE_DAMAGED",
    hint: expect.stringContaining("sync state reset -m users") as string,
  });
  expect(await names(at, "plans")).toHaveLength(3);
});

test("a table that was set by a baseline is not put together from the deltas before it", async () => {
  await using at = await world();
  await delivered(at);
  at.set(LAST);
  expect((await baselineStream(at.host("operator"), at.stream, never)).error).toBeNull();
  const { base } = (await readCurrent(at.host("looker").state, "users", never)) ?? {};
  await flip(at.folder.at("state", ...(base?.key ?? "").split("/")));
  expect((await repairStream(at.host("operator 2"), at.stream, never)).error).toMatchObject({ code: "STATE_DAMAGED" });
});
