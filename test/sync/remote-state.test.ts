import { readdir, rm, truncate } from "node:fs/promises";
import { afterEach, expect, test } from "vitest";
import { armFailpoints } from "../../src/core/failpoint.ts";
import type { ObjectStore } from "../../src/core/ports.ts";
import { openFolderStore } from "../../src/folder/folder-store.ts";
import type { SyncDeps } from "../../src/sync/sync-deps.ts";
import { faultyStore, type PutFault } from "../support/faulty-store.ts";
import { world, type World } from "../support/protocol-world.ts";

// A state root that is no folder of this machine, as a bucket is: hosts share nothing but its objects.

afterEach(() => armFailpoints(null));

const before = { a: "1", b: "1" };
const after = { a: "2", c: "1" };

function remoteHost(at: World, name: string, fault?: (key: string) => PutFault): SyncDeps {
  const { pathOf: _none, ...rest } = faultyStore(openFolderStore({ path: at.folder.at("state"), role: "state" }), {
    put: (_nth, key) => fault?.(key) ?? "pass",
  });
  const state: ObjectStore = rest;
  return at.host(name, { state, scratch: at.folder.at(name) });
}

async function expectDelivered(at: World, host: SyncDeps, table: Readonly<Record<string, string>>): Promise<void> {
  at.set(table);
  expect((await at.run(host)).error).toBeNull();
  expect(await at.consumed()).toEqual(table);
}

test("hosts that take turns deliver what changed, and keep no copies that are not needed", async () => {
  await using at = await world();
  for (let turn = 0; turn < 6; turn += 1) {
    await expectDelivered(at, remoteHost(at, turn % 2 === 0 ? "one" : "two"), { a: `${turn}`, [`n${turn}`]: "1" });
  }
  // Unfinished work is gone, and of the snapshot at most base and log are left.
  expect(await readdir(at.folder.at("one"))).toEqual(["cache"]);
  expect((await readdir(at.folder.at("one", "cache", "users"))).length).toBeLessThan(4);
});

test("a host finishes what another one planned, from the bytes in the state root", async () => {
  await using at = await world();
  await expectDelivered(at, remoteHost(at, "one"), before);
  at.set(after);
  at.destinationFaults.put = (_nth, key) => (key.includes("changed") ? "fail" : "pass");
  expect((await at.run(remoteHost(at, "one"))).error).not.toBeNull();
  await rm(at.folder.at("one"), { recursive: true });
  at.destinationFaults.put = () => "pass";
  expect((await at.run(remoteHost(at, "two"))).error).toBeNull();
  expect(await at.consumed()).toEqual(after);
});

async function tearStaged(at: World): Promise<void> {
  const [run] = await readdir(at.folder.at("state", "users", "staging"));
  await truncate(at.folder.at("state", "users", "staging", run ?? "", "files", "changed"), 4);
}

test("staged bytes that were torn in the state root are given up by a host that has no others, never sent", async () => {
  await using at = await world();
  await expectDelivered(at, remoteHost(at, "one"), before);
  at.set(after);
  at.destinationFaults.put = () => "fail";
  expect((await at.run(remoteHost(at, "one"))).error).not.toBeNull();
  at.destinationFaults.put = () => "pass";
  await tearStaged(at);
  const { record, error } = await at.run(remoteHost(at, "two"));
  expect({ error, warnings: record.warnings }).toEqual({
    error: null,
    warnings: [expect.stringContaining("Generation 2 of users was given up")],
  });
  expect(record.generation).toBe(3);
  expect(await at.consumed()).toEqual(after);
});

test("the host that staged them sends its own copy, whose hash it checks", async () => {
  await using at = await world();
  await expectDelivered(at, remoteHost(at, "one"), before);
  at.set(after);
  let met = false;
  armFailpoints(async (point) => {
    if (met || point !== "plan.created") return;
    met = true;
    await tearStaged(at);
  });
  expect((await at.run(remoteHost(at, "one"))).error).toBeNull();
  expect(met).toBe(true);
  expect(await at.consumed()).toEqual(after);
  await expectDelivered(at, remoteHost(at, "two"), { ...after, z: "1" });
});

test.each(["lost_arrived", "lost_never"] as const)("replies about large files that end as %s lose nothing", async (fault) => {
  for (const part of ["/log/", "/files/", "/base/", "manifest.json"]) {
    await using at = await world();
    await expectDelivered(at, remoteHost(at, "one"), before);
    let met = false;
    const flaky = remoteHost(at, "one", (key) => {
      if (met || !key.includes(part)) return "pass";
      met = true;
      return fault;
    });
    at.set(after);
    await at.run(flaky);
    expect(met).toBe(true);
    await expectDelivered(at, remoteHost(at, "two"), { ...after, z: part });
  }
});
