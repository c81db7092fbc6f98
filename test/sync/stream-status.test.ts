import { mkdir, writeFile } from "node:fs/promises";
import { expect, test, vi } from "vitest";
import { silentLog } from "../../src/core/log.ts";
import { openFolderStore } from "../../src/folder/folder-store.ts";
import { runStreams } from "../../src/sync/run-many.ts";
import { RunReport } from "../../src/sync/run-report.ts";
import { findRun, runHistory, streamStatus } from "../../src/sync/stream-status.ts";
import { world } from "../support/protocol-world.ts";
import { steppingClock } from "../support/sync-harness.ts";
import { tempFolder } from "../support/temp-folder.ts";

const never = new AbortController().signal;

test("status tells new, ok, failed and unfinished streams apart", async () => {
  await using at = await world();
  const deps = at.host("looker");
  const state = async () => (await streamStatus(deps, ["users"], never))[0];
  expect(await state()).toMatchObject({ state: "new", generation: 0, lastRun: null });
  await at.deliver({ a: "1" });
  expect(await state()).toMatchObject({ state: "ok", generation: 1, rows: 1, lastDelivery: { generation: 1 } });
  at.set({ a: "2" });
  at.destinationFaults.put = () => "fail";
  await at.run();
  expect(await state()).toMatchObject({
    state: "unfinished",
    openGeneration: 2,
    lastRun: { status: "failed", error: { code: "DESTINATION_UNAVAILABLE" } },
  });
  at.destinationFaults.put = () => "pass";
  const broken = at.host("broken", { openSource: () => Promise.reject(new Error("no")) });
  await at.run(broken);
  expect(await state()).toMatchObject({ state: "failed", generation: 2, lastRun: { error: { code: "INTERNAL" } } });
});

test("a run that another one finished is told as delivered, by whom", async () => {
  await using at = await world();
  await at.deliver({ a: "1" });
  at.set({ a: "2" });
  at.destinationFaults.put = () => "fail";
  const broken = (await at.run()).record.run;
  at.destinationFaults.put = () => "pass";
  const finisher = (await at.run()).record;
  expect(finisher.status).toBe("unchanged");
  const [newest, second] = await runHistory(at.host("looker"), { streams: null, limit: 10 }, never);
  expect(newest?.run).toBe(finisher.run);
  expect(second).toMatchObject({ run: broken, status: "delivered", generation: 2, finishedBy: finisher.run, error: null });
});

test("a run is found by its id or a beginning that only it has", async () => {
  await using at = await world();
  const first = await at.deliver({ a: "1" });
  await at.deliver({ a: "2" });
  const deps = at.host("looker");
  expect((await findRun(deps, first.run.toLowerCase(), never)).run).toBe(first.run);
  await expect(findRun(deps, "01", never)).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
  await expect(findRun(deps, "ZZ", never)).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
});

test("of many records only the newest are read", async () => {
  await using folder = await tempFolder();
  const record = new RunReport({ clock: steppingClock(), log: silentLog }, "users", "RUN", null).ended("unchanged");
  await mkdir(folder.at("runs"), { recursive: true });
  for (let at = 0; at < 1000; at += 1) {
    const run = `01${String(at).padStart(8, "0")}`;
    await writeFile(folder.at("runs", `${run}.users.ended.json`), at < 990 ? "not read" : JSON.stringify({ ...record, run }));
  }
  const store = openFolderStore({ path: folder.path, role: "state" as const });
  const read = vi.spyOn(store, "get");
  const deps = { state: store };
  expect(await runHistory(deps, { streams: ["users"], limit: 3 }, never)).toHaveLength(3);
  expect((await findRun(deps, "0100000999", never)).run).toBe("0100000999");
  read.mockClear();
  await runHistory(deps, { streams: null, limit: 10 }, never);
  expect(read.mock.calls.length).toBeLessThanOrEqual(20);
});

test("of several streams one that fails stops no other, unless asked to", async () => {
  await using at = await world();
  at.set({ a: "1" });
  await at.folder.write("a file", "");
  const broken = {
    ...at.stream,
    name: "broken",
    destination: { name: "x", type: "local", options: { path: at.folder.at("a file", "inside") } },
  };
  const options = { slot: null, fullResync: false, jobs: 1, failFast: false };
  const all = await runStreams(at.host("h"), [broken, at.stream], options, never);
  expect(all.map(({ record }) => record.status)).toEqual(["failed", "delivered"]);
  expect(all[0]?.error).toMatchObject({ code: "DESTINATION_UNAVAILABLE" });
  const first = await runStreams(at.host("h"), [broken, at.stream], { ...options, failFast: true }, never);
  expect(first.map(({ record }) => record.stream)).toEqual(["broken"]);
});
