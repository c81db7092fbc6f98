import { cp, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { armFailpoints, type Failpoint } from "../../src/core/failpoint.ts";
import { resetStream } from "../../src/sync/reset-stream.ts";
import { world, type World } from "../support/protocol-world.ts";

const never = new AbortController().signal;

afterEach(() => armFailpoints(null));

const before = { a: "1", b: "1" };
const after = { a: "2", c: "1" };

function once(point: Failpoint, act: () => Promise<void>): void {
  let done = false;
  armFailpoints(async (name) => {
    if (name !== point || done) return;
    done = true;
    await act();
  });
}

async function stagedFolder(at: World): Promise<string> {
  const staging = at.folder.at("state", "users", "staging");
  const [run] = await readdir(staging);
  return join(staging, run ?? "", "files");
}

describe("staged bytes that are damaged after the plan", () => {
  test.each([
    ["gone", (file: string) => rm(file)],
    ["torn", (file: string) => truncate(file, 3)],
    ["changed", (file: string) => writeFile(file, "id,name\nevil,1\n")],
  ])("(%s) are never sent: the generation is given up and the next one states its keys again", async (_what, damage) => {
    await using at = await world();
    await at.deliver(before);
    at.set(after);
    once("plan.created", async () => {
      const folder = await stagedFolder(at);
      for (const file of await readdir(folder)) if (file !== "removed") await damage(join(folder, file));
    });
    expect((await at.run()).error).toMatchObject({ code: "BYTES_CHANGED" });
    // "removed" went out before the damage was met, so nothing about b is known any more.
    const next = await at.deliver({ a: "1", b: "1" });
    expect(next).toMatchObject({ status: "delivered", generation: 3 });
    expect(await at.consumed()).toEqual({ a: "1", b: "1" });
    expect((await at.deliver(after)).generation).toBe(4);
    expect(await at.consumed()).toEqual(after);
  });
});

describe("objects that are not ours", () => {
  test.each([false, true])("under a key of the plan stop the delivery and are left alone (write-only: %j)", async (writeOnly) => {
    await using at = await world();
    at.destinationFaults.writeOnly = writeOnly;
    await at.deliver(before);
    at.set(after);
    const theirs = at.folder.at("out", "users", "000002-changed.csv");
    await writeFile(theirs, "theirs");
    for (let attempt = 0; attempt < 2; attempt += 1) {
      expect((await at.run(at.host(`host ${attempt}`))).error).toMatchObject({
        code: "FOREIGN_OBJECT",
        context: { key: "users/000002-changed.csv" },
      });
    }
    await rm(theirs);
    expect((await at.run()).error).toBeNull();
    expect(await at.consumed()).toEqual(after);
  });

  test("that a consumer takes away are not missed", async () => {
    await using at = await world();
    await at.deliver(before);
    at.set(after);
    once("deliver.marked", () => rm(at.folder.at("out", "users"), { recursive: true }));
    expect((await at.run()).record).toMatchObject({ status: "delivered", generation: 2 });
    expect(at.destinationHistory.created.filter(({ key }) => key === "users/000002-removed.csv")).toHaveLength(1);
  });
});

describe("a state root that is not the one that delivered", () => {
  test("because it was lost is refused, and nothing is sent", async () => {
    await using at = await world();
    await at.deliver(before);
    await rm(at.folder.at("state"), { recursive: true });
    const puts = at.destinationHistory.created.length;
    for (let attempt = 0; attempt < 2; attempt += 1) expect((await at.run()).error).toMatchObject({ code: "STATE_MISMATCH" });
    expect(at.destinationHistory.created).toHaveLength(puts);
  });

  test("because it was lost is refused where nobody may look, too", async () => {
    await using at = await world();
    at.destinationFaults.writeOnly = true;
    await at.deliver(before);
    await rm(at.folder.at("state"), { recursive: true });
    expect((await at.run()).error).toMatchObject({ code: "STATE_MISMATCH" });
  });

  test("because it is an older copy is told apart by hash", async () => {
    await using at = await world();
    await at.deliver(before);
    await cp(at.folder.at("state"), at.folder.at("copy"), { recursive: true });
    await at.deliver(after);
    await rm(at.folder.at("state"), { recursive: true });
    await cp(at.folder.at("copy"), at.folder.at("state"), { recursive: true });
    at.set({ a: "9", d: "9" });
    expect((await at.run(at.host("other"))).error).toMatchObject({ code: "STATE_BEHIND" });
    expect(await at.consumed()).toEqual(after);
  });

  test("with `manifest: false` nobody notices, and neither claim nor manifest is written", async () => {
    await using at = await world();
    Object.assign(at.stream, { manifest: false });
    await at.deliver(before);
    expect(at.destinationHistory.created.map(({ key }) => key)).toEqual(["users/000001-added.csv"]);
    expect((await at.deliver(after)).manifest).toBeNull();
  });
});

describe("a damaged state root", () => {
  const damages: readonly (readonly [string, (at: World) => Promise<unknown>])[] = [
    ["without CURRENT", (at) => rm(at.folder.at("state", "users", "current"), { recursive: true })],
    ["with a torn CURRENT", async (at) => truncate(await highest(at, "current"), 40)],
    ["with a CURRENT of another format", async (at) => writeFile(await highest(at, "current"), '{"format":"spillway/current/2"}\n')],
    ["with an empty CURRENT", async (at) => truncate(await highest(at, "current"), 0)],
    ["with a torn base or log", async (at) => truncate(await highest(at, "log"), 5)],
    ["with a changed base or log", async (at) => flip(await highest(at, "log"))],
    ["without its base or log", (at) => rm(at.folder.at("state", "users", "log"), { recursive: true })],
  ];
  test.each(damages)("%s is never compared with and never taken for a first run", async (what, damage) => {
    await using at = await world();
    await at.deliver(before);
    await damage(at);
    at.set(after);
    const { error } = await at.run(at.host("other"));
    expect(error).toMatchObject({ code: "STATE_DAMAGED" });
    expect(error?.message).toMatch(/users\/(current|log)/);
    expect(await at.consumed()).toEqual(before);
    // The way out that the message names.
    expect((await resetStream(at.host("operator"), at.stream, never)).error).toBeNull();
    expect((await at.run(at.host("next"))).record).toMatchObject({ status: "delivered", generation: 2 });
    // Without base and log nobody knows of b any more; the reset said so.
    expect(await at.consumed()).toEqual(what.includes("base") ? { ...before, ...after } : after);
  });

  test("with a torn plan stops instead of planning anew", async () => {
    await using at = await world();
    await at.deliver(before);
    at.set(after);
    at.destinationFaults.put = () => "fail";
    await at.run();
    delete at.destinationFaults.put;
    await truncate(await highest(at, "plans"), 100);
    expect((await at.run()).error).toMatchObject({ code: "STATE_DAMAGED" });
    expect(await at.consumed()).toEqual(before);
  });
});

async function highest(at: World, folder: string): Promise<string> {
  const names = (await readdir(at.folder.at("state", "users", folder))).filter(
    (name) => name.includes(".json") || name.includes(".parquet"),
  );
  return at.folder.at("state", "users", folder, names.toSorted().at(-1) ?? "");
}

async function flip(path: string): Promise<void> {
  const { readFile } = await import("node:fs/promises");
  const bytes = await readFile(path);
  bytes[10] = (bytes[10] ?? 0) ^ 1;
  await writeFile(path, bytes);
}
