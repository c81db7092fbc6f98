import { readFile, rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { objectHashes } from "../support/consumer.ts";
import { say, type Said } from "../support/fake-host.ts";
import { duckdbLoader, type KitLoader, postgresLoader, programLoader } from "../support/kit/kit-loader.ts";
import { comparable } from "../support/kit/kit-world.ts";
import { type PostgresServer, startPostgres } from "../support/postgres/postgres-server.ts";
import { ALL_RIGHTS } from "../support/s3/s3-fixture.ts";
import { startTestS3, type TestS3 } from "../support/s3/test-s3-server.ts";
import { setClock } from "../support/service-world.ts";
import { customersModel, Warehouse, writeProject } from "../support/story/three-partners.ts";
import { memoryFolder, tempFolder, type TempFolder } from "../support/temp-folder.ts";

const DAYS = 91;
const START = Date.parse("2026-01-05T00:00:00Z");
const dateOf = (day: number): string => new Date(START + day * 86_400_000).toISOString().slice(0, 10);

/** Which partner holds which streams, and by which loader. */
const STREAMS = { "customers.acme": "acme", "customers.beta": "beta", orders: "acme", segments: "gamma", events: "beta" } as const;
type StreamName = keyof typeof STREAMS;
const NAMES = Object.keys(STREAMS) as StreamName[];

let folder: TempFolder;
let postgres: PostgresServer;
let server: TestS3;
beforeAll(async () => {
  [folder, postgres, server] = await Promise.all([memoryFolder().then(tempFolder), startPostgres(), startTestS3({ minimumPart: 1 })]);
  await writeProject(folder);
});
afterAll(async () => {
  await Promise.all([folder[Symbol.asyncDispose](), postgres[Symbol.asyncDispose](), server[Symbol.asyncDispose]()]);
});

const clock = setClock("2026-01-05T00:00:00Z");
const sync = (...args: readonly string[]): Promise<Said> => say(args, { cwd: folder.path, clock, env: { USER: "anna" } });
const warehouse = new Warehouse();
const loaders = new Map<StreamName, KitLoader>();
const bytes = new Map<string, string>();

/** A night at six: the day's rows, then everything that is due. */
async function night(day: number): Promise<Said> {
  warehouse.live(day, dateOf(day));
  await warehouse.publish(folder);
  return await due(day);
}

async function due(day: number): Promise<Said> {
  clock.set(`${dateOf(day)}T06:00:30Z`);
  return await sync("run", "--due", "-q");
}

async function quiet(from: number, to: number): Promise<void> {
  for (let day = from; day <= to; day += 1) {
    expect({ day, ...(await night(day)) }).toMatchObject({ day, exit: 0 });
    if (day % 14 === 6) await partnersRead();
  }
}

/** The kit is made anew now and then, as when columns change. */
async function kits(...names: readonly StreamName[]): Promise<void> {
  for (const name of names) expect(await sync("kit", name, "--out", `kits/${name}`, "--force")).toMatchObject({ exit: 0 });
}

const outOf = (name: StreamName): string => folder.at("out", STREAMS[name]);

/** Each partner folds what is there, and holds what the warehouse held last night. */
async function partnersRead(...names: readonly StreamName[]): Promise<void> {
  for (const [name, loader] of loaders) {
    if (names.length > 0 && !names.includes(name)) continue;
    expect({ name, ...(await loader.load(folder.at("kits", name), outOf(name))) }).toMatchObject({ name, ok: true });
    const told = warehouse.tables()[name] ?? [];
    const columns = Object.keys(told[0] ?? {});
    expect([name, ...comparable(await loader.rows(), columns)]).toEqual([name, ...comparable(told, columns)]);
  }
  for (const partner of ["acme", "beta", "gamma"]) {
    for (const [key, hash] of await objectHashes(folder.at("out", partner))) {
      expect(bytes.get(`${partner}/${key}`) ?? hash).toBe(hash);
      bytes.set(`${partner}/${key}`, hash);
    }
  }
}

async function januaryStarts(): Promise<void> {
  await quiet(0, 0);
  await kits(...NAMES);
  await folder.write("acme/.keep", "");
  await folder.write("gamma/.keep", "");
  await folder.write("beta/.keep", "");
  await folder.write("orders/.keep", "");
  loaders.set("customers.acme", programLoader("node", process.execPath, folder.at("acme")));
  loaders.set("orders", programLoader("node", process.execPath, folder.at("orders")));
  loaders.set("customers.beta", duckdbLoader("customers_beta", folder.at("beta")));
  loaders.set("events", duckdbLoader("events", folder.at("beta")));
  await quiet(1, 8);
}

/** One night the customers' table is not there; orders and events go their way, and the next night tells two days at once. */
async function aNightFails(day: number): Promise<void> {
  warehouse.live(day, dateOf(day));
  await warehouse.publish(folder);
  await rm(folder.at("customers.json"));
  const { exit, stderr } = await due(day);
  expect(exit).toBe(8);
  expect(stderr).toMatch(/customers\.acme|customers\.beta/);
  expect(JSON.parse((await sync("status", "--json")).stdout)).toMatchObject({
    data: { streams: expect.arrayContaining([expect.objectContaining({ stream: "orders", state: "ok" })]) },
  });
}

/** Half of the orders are cancelled at once: the guard holds them, somebody looks in the morning and approves. */
async function aRunIsHeld(day: number): Promise<void> {
  warehouse.live(day, dateOf(day));
  for (const key of [...warehouse.orders.keys()].filter((_, at) => at % 2 === 0)) warehouse.orders.delete(key);
  await warehouse.publish(folder);
  const held = await due(day);
  expect(held).toMatchObject({ exit: 8, stderr: expect.stringContaining("GUARD_REMOVED") });
  clock.set(`${dateOf(day + 1)}T04:00:00Z`);
  expect(await sync("approve", "-m", "orders", "--reason", "cancelled, as agreed")).toMatchObject({ exit: 0 });
  await partnersRead("orders");
}

/** acme's column gets another name: its stream is held until somebody says so, beta's is not touched; acme gets a new kit. */
async function aColumnIsRenamed(day: number): Promise<void> {
  warehouse.address = "Email";
  await folder.write("models/customers.yaml", customersModel("Email"));
  const held = await night(day);
  expect(held).toMatchObject({ exit: 8, stderr: expect.stringContaining("SCHEMA_CHANGED") });
  clock.set(`${dateOf(day)}T09:00:00Z`);
  expect(await sync("approve", "-m", "customers.acme", "--reason", "acme knows")).toMatchObject({ exit: 0 });
  await kits("customers.acme");
  await partnersRead();
}

/** acme deleted a day's files before it read them, and gets them again, byte by byte. */
async function aDayIsSentAgain(day: number): Promise<void> {
  await quiet(day, day);
  const lost = [...(await objectHashes(outOf("orders"))).keys()].filter((key) => /^orders-\d+-/.test(key) && !bytes.has(`acme/${key}`));
  expect(lost.length).toBeGreaterThan(0);
  const before = await objectHashes(outOf("orders"));
  for (const key of lost) await rm(folder.at("out/acme", key));
  const loader = loaders.get("orders");
  expect(await loader?.load(folder.at("kits/orders"), outOf("orders"))).toMatchObject({
    ok: false,
    said: expect.stringContaining("waits for"),
  });
  expect(await sync("replay", "-m", "orders", "--date", dateOf(day), "--same-keys")).toMatchObject({ exit: 0 });
  const after = await objectHashes(outOf("orders"));
  for (const key of lost) expect(after.get(key)).toBe(before.get(key));
  await partnersRead();
}

/** Somebody asks to be forgotten: deleted in the warehouse, told, then taken out of the state; partners erase the objects that they are shown. */
async function aPersonIsForgotten(day: number): Promise<void> {
  // Somebody of the last days, so that nothing is older than the deltas that are kept.
  const buyers = [...warehouse.orders.values()].map(({ customer }) => customer).filter((customer) => warehouse.customers.has(customer));
  const id = Math.max(...buyers);
  const mail = `person${id}@example.com`;
  expect(await acmeHolds(mail)).toBe(true);
  warehouse.live(day, dateOf(day));
  warehouse.forget(id);
  await warehouse.publish(folder);
  expect(await due(day)).toMatchObject({ exit: 0 });
  await partnersRead();
  for (const [model, key] of [
    ["customers", `id=${id}`],
    ["orders", `customer=${id}`],
    ["segments", `id=${id}`],
  ] as const) {
    const { exit, stdout, stderr } = await sync("forget", "-m", model, "--key", key, "--yes", "--json", "-q");
    expect({ exit, stderr: exit === 0 ? "" : stderr }).toEqual({ exit: 0, stderr: "" });
    const { data } = JSON.parse(stdout) as { data: { streams: { objects: { url: string }[] }[] } };
    for (const { url } of data.streams.flatMap(({ objects }) => objects)) await rm(url);
  }
  expect(await acmeHolds(mail)).toBe(false);
}

/** Whether a text stands in any object that acme has. */
async function acmeHolds(text: string): Promise<boolean> {
  const keys = [...(await objectHashes(folder.at("out/acme"))).keys()];
  const found = await Promise.all(keys.map(async (key) => (await readFile(folder.at("out/acme", key), "utf8")).includes(text)));
  return found.includes(true);
}

/** The state moves to a bucket; who has the old configuration is told, and everything else goes on. */
async function theStateMoves(): Promise<void> {
  server.buckets.add("acme-state");
  const { accessKeyId, secretAccessKey } = server.accounts.addUser("keeper", ALL_RIGHTS);
  const { region, endpoint } = server;
  const credentials = { access_key_id: accessKeyId, secret_access_key: secretAccessKey };
  const place = JSON.stringify({ url: "s3://acme-state/prod", region, endpoint, path_style: true, credentials });
  expect(await sync("state", "copy", "--to", place, "--yes")).toMatchObject({ exit: 0 });
  expect(await sync("run", "--due")).toMatchObject({ exit: 9, stderr: expect.stringContaining("STATE_MOVED") });
  const config = await readFile(folder.at("config.yaml"), "utf8");
  await folder.write("config.yaml", config.replace("state: state", `state: ${place}`));
}

test("three partners hold the warehouse's rows after three months of nights", { timeout: 600_000 }, async () => {
  await januaryStarts();
  await aNightFails(9);
  await quiet(10, 19);
  await aRunIsHeld(20);
  await quiet(21, 34);
  await aColumnIsRenamed(35);
  await quiet(36, 48);
  await aDayIsSentAgain(49);
  await quiet(50, 66);
  // gamma comes late, and begins with Monday's checkpoint.
  loaders.set("segments", postgresLoader("segments", postgres, "postgres"));
  await quiet(67, 78);
  await aPersonIsForgotten(79);
  await quiet(80, 83);
  await theStateMoves();
  await quiet(84, DAYS - 1);
  // Somebody else at acme begins now, without the objects that were erased.
  loaders.set("customers.acme", programLoader("node", process.execPath, folder.at("gamma")));
  await partnersRead();
  expect(await sync("verify", "-q")).toMatchObject({ exit: 0 });
});
