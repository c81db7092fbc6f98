import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { SyncError } from "../../src/core/errors.ts";
import type { ObjectStore } from "../../src/core/ports.ts";
import type { SyncDeps } from "../../src/sync/sync-deps.ts";
import { world, type World } from "../support/protocol-world.ts";

// A destination that takes several objects at a time, as S3 does. A later run of the fake warehouse has three files and a manifest.

const before = { a: "1", b: "1" };
const after = { a: "2", c: "1" };

interface Seen {
  readonly started: string[];
  readonly ended: string[];
  most: number;
}

function wideHost(at: World, atOnce: number | null, seen: Seen, put: (key: string) => Promise<void> = () => sleep(20)): SyncDeps {
  const plain = at.host("wide");
  let inHand = 0;
  return {
    ...plain,
    openDestination: async (spec, context, signal) => {
      const store = await plain.openDestination(spec, context, signal);
      const putNew: ObjectStore["putNew"] = async (key, body, facts, stop) => {
        seen.started.push(key);
        seen.most = Math.max(seen.most, (inHand += 1));
        try {
          await put(key);
          return await store.putNew(key, body, facts, stop);
        } finally {
          inHand -= 1;
          seen.ended.push(key);
        }
      };
      return { ...store, ...(atOnce === null ? {} : { objectsAtOnce: atOnce }), putNew };
    },
  };
}

async function opened(): Promise<World> {
  const at = await world();
  await at.deliver(before);
  at.set(after);
  return at;
}

const isFile = (key: string): boolean => !key.startsWith("_spillway/");

test.each([
  { atOnce: null, most: 1 },
  { atOnce: 2, most: 2 },
  { atOnce: 64, most: 3 },
])("objects go $most at a time where the destination takes $atOnce, the manifest after all", async (given) => {
  await using at = await opened();
  const seen: Seen = { started: [], ended: [], most: 0 };
  // Each waits for the others that may be in hand with it, however slow the machine, and then for one too many.
  const meet = async (): Promise<void> => {
    for (let looks = 0; looks < 200 && seen.most < given.most; looks += 1) await sleep(10);
    await sleep(20);
  };
  const { record, error } = await at.run(wideHost(at, given.atOnce, seen, meet));
  expect(error).toBeNull();
  expect(seen.most).toBe(given.most);
  const planned = record.files.map((file) => file.key);
  const started = seen.started.filter(isFile);
  // Those that go together begin in whatever order their bytes are opened.
  expect(given.most === 1 ? started : started.toSorted()).toEqual(given.most === 1 ? planned : planned.toSorted());
  expect(seen.ended.findIndex((key) => !isFile(key))).toBe(3);
  expect(seen.started.at(-1)).toBe(record.manifest);
  expect(await at.consumed()).toEqual(after);
});

test("one object that fails lets those in hand finish and starts no other; the next run sends what is missing", async () => {
  await using at = await opened();
  const seen: Seen = { started: [], ended: [], most: 0 };
  let nth = 0;
  const failing = wideHost(at, 2, seen, async () => {
    nth += 1;
    if (nth === 1) throw new SyncError("DESTINATION_UNAVAILABLE", "no");
    await sleep(60);
  });
  expect((await at.run(failing)).error).toMatchObject({ code: "DESTINATION_UNAVAILABLE" });
  const [first, second] = seen.started;
  expect(seen.started).toHaveLength(2);
  expect(seen.ended).toEqual([first, second]);

  const again: Seen = { started: [], ended: [], most: 0 };
  expect((await at.run(wideHost(at, 2, again))).error).toBeNull();
  // The one that was in hand was confirmed, so it is not sent twice.
  expect(again.started).not.toContain(second);
  expect(again.started[0]).toBe(first);
  expect(await at.consumed()).toEqual(after);
});

test("a stop that somebody asks for lets all objects in hand finish", async () => {
  await using at = await opened();
  const seen: Seen = { started: [], ended: [], most: 0 };
  const stop = new AbortController();
  const host = wideHost(at, 2, seen, async () => {
    stop.abort();
    await sleep(20);
  });
  expect((await at.run(host, {}, stop.signal)).error).toMatchObject({ code: "INTERRUPTED" });
  expect(seen.started).toHaveLength(2);
  expect(seen.ended).toHaveLength(2);
  expect((await at.run()).error).toBeNull();
  expect(await at.consumed()).toEqual(after);
});
