import { expect, test } from "vitest";
import { applyPlanFile } from "../../src/sync/apply-plan-file.ts";
import { planStream } from "../../src/sync/plan-stream.ts";
import { objectHashes } from "../support/consumer.ts";
import { world, type World } from "../support/protocol-world.ts";

const never = new AbortController().signal;
const look = { slot: null, fullResync: false, samples: 0, keep: false } as const;

async function plan(at: World, options: Partial<typeof look> | { readonly keep: boolean } = {}) {
  return await planStream(at.host("planner"), at.stream, { ...look, ...options }, never);
}

async function staged(at: World): Promise<number> {
  return (await objectHashes(at.folder.at("state", "users", "staging"))).size;
}

test("a look ahead at a stream that was never run leaves nothing anywhere", async () => {
  await using at = await world();
  at.set({ a: "1" });
  expect(await plan(at)).toMatchObject({ outcome: "deliver", generation: 1, counts: { added: 1 }, planFile: null });
  expect([...(await objectHashes(at.folder.at("state"))).keys(), ...(await objectHashes(at.folder.at("out"))).keys()]).toEqual([]);
});

test("a look ahead tells what the run then does, and changes nothing", async () => {
  await using at = await world();
  await at.deliver({ a: "1", b: "1" });
  const state = await objectHashes(at.folder.at("state"));
  at.set({ a: "2", c: "1" });
  const preview = await plan(at);
  expect(preview).toMatchObject({ outcome: "deliver", generation: 2, counts: { added: 1, changed: 1, removed: 1 } });
  expect(await objectHashes(at.folder.at("state"))).toEqual(state);
  const { record } = await at.run();
  expect(record.files).toEqual(preview.files);
  expect((await plan(at)).outcome).toBe("unchanged");
});

test("a kept plan is delivered byte for byte although the table has changed since", async () => {
  await using at = await world();
  await at.deliver({ a: "1" });
  at.set({ a: "2" });
  const { planFile, files } = await plan(at, { keep: true });
  at.set({ a: "3" });
  const { record, error } = await applyPlanFile(at.host("other"), at.stream, planFile ?? "", never);
  expect(error).toBeNull();
  expect(record).toMatchObject({ status: "delivered", generation: 2, files });
  expect(await at.consumed()).toEqual({ a: "2" });
  expect(await staged(at)).toBe(0);
});

test("a kept plan of a first run is delivered, too", async () => {
  await using at = await world();
  at.set({ a: "1" });
  const { planFile } = await plan(at, { keep: true });
  expect((await applyPlanFile(at.host("other"), at.stream, planFile ?? "", never)).error).toBeNull();
  expect(await at.consumed()).toEqual({ a: "1" });
});

test("a kept plan survives runs that have nothing to tell, and is refused once another run has delivered", async () => {
  await using at = await world();
  await at.deliver({ a: "1" });
  at.set({ a: "2" });
  const { planFile } = await plan(at, { keep: true });
  await at.deliver({ a: "1" });
  await at.deliver({ a: "5" });
  const { error } = await applyPlanFile(at.host("other"), at.stream, planFile ?? "", never);
  expect(error).toMatchObject({ code: "PLAN_STALE" });
  expect(await at.consumed()).toEqual({ a: "5" });
  // Its bytes are gone with its chance.
  expect(await staged(at)).toBe(0);
});

test.each([
  ["edited", (text: string) => text.replace('"kind": "delta"', '"kind": "full"')],
  ["torn", (text: string) => text.slice(0, 100)],
  ["of another format", () => "{}"],
])("a plan file that is %s is refused", async (_what, spoil) => {
  await using at = await world();
  await at.deliver({ a: "1" });
  at.set({ a: "2" });
  const { planFile } = await plan(at, { keep: true });
  const puts = at.destinationHistory.puts;
  await expect(applyPlanFile(at.host("other"), at.stream, spoil(planFile ?? ""), never)).rejects.toMatchObject({
    code: "PLAN_FILE_INVALID",
  });
  expect(at.destinationHistory.puts).toBe(puts);
});

test("a look ahead while a delivery is open tells of that one", async () => {
  await using at = await world();
  await at.deliver({ a: "1" });
  at.set({ a: "2" });
  at.destinationFaults.put = () => "fail";
  await at.run();
  expect(await plan(at)).toMatchObject({ outcome: "unfinished", generation: 2, counts: { changed: 1 } });
});

test("a stop before the plan leaves no staging, a stop after it lets the object in hand finish and the next run goes on", async () => {
  await using at = await world();
  await at.deliver({ a: "1", b: "1" });
  at.set({ a: "2", c: "1" });
  const early = new AbortController();
  const stopping = at.host("stopping", {
    openSource: () => {
      early.abort();
      return Promise.reject(new Error("unreachable"));
    },
  });
  expect((await at.run(stopping, {}, early.signal)).error).toMatchObject({ code: "INTERRUPTED" });
  expect(await staged(at)).toBe(0);

  const late = new AbortController();
  at.destinationFaults.put = () => {
    late.abort();
    return "pass";
  };
  const { record, error } = await at.run(at.host("later"), {}, late.signal);
  expect(error).toMatchObject({ code: "INTERRUPTED" });
  expect(record.status).toBe("interrupted");
  expect(at.destinationHistory.created.filter(({ key }) => key.includes("000002"))).toHaveLength(1);
  at.destinationFaults.put = () => "pass";
  expect((await at.run()).error).toBeNull();
  expect(await at.consumed()).toEqual({ a: "2", c: "1" });
});
