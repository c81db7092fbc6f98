import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Slots } from "../../src/core/slots.ts";
import type { Stream } from "../../src/core/types.ts";
import { readCurrent } from "../../src/state/current.ts";
import { approveRun } from "../../src/sync/answer-held.ts";
import { dueSlot } from "../../src/sync/due-slot.ts";
import type { RunResult } from "../../src/sync/recorded-run.ts";
import { lookAtRetirement, planRetirement, retireStream } from "../../src/sync/retire-stream.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import type { SyncDeps } from "../../src/sync/sync-deps.ts";
import { verifyStream } from "../../src/sync/verify-stream.ts";
import { consume } from "../support/consumer.ts";
import { harness, testStream } from "../support/sync-harness.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const signal = AbortSignal.timeout(240_000);
const run = { slot: null, fullResync: false, baseline: false };
const ROWS = "SELECT * FROM (VALUES (1, 'a', true), (2, NULL, false), (3, '', NULL)) AS rows(id, name, consent)";
const by = "me@here";
const all = { by, rows: null, withoutRemovals: false };

let root: TempFolder;
let deps: SyncDeps;
beforeEach(async () => {
  root = await tempFolder();
  deps = harness({ root: root.path });
});
afterEach(() => root[Symbol.asyncDispose]());

/** A stream that has told its rows, and whose source is gone. */
async function told(changes: Partial<Stream> = {}): Promise<Stream> {
  const stream = testStream(root.path, ROWS, changes);
  expect((await runStream(deps, stream, run, signal)).error).toBeNull();
  return { ...stream, query: { kind: "sql", sql: "SELECT * FROM gone", file: "models/users.yaml", line: 1 } };
}

async function firstFile([file]: readonly { readonly key: string }[]): Promise<string> {
  return await readFile(root.at(`out/${file?.key ?? ""}`), "utf8");
}

async function refused(result: RunResult | Promise<RunResult>): Promise<unknown> {
  return (await result).error;
}

test("every row is taken back in one generation with the values told, without the source, and the stream is closed by it", async () => {
  const stream = await told();
  expect(await lookAtRetirement(deps, stream, false, signal)).toMatchObject({ rows: 3, closesOnly: null, isClosed: false });
  expect(await planRetirement(deps, stream, 1, signal)).toMatchObject({ outcome: "deliver", counts: { removed: 3 }, generation: 2 });
  const { record, error } = await retireStream(deps, stream, { ...all, rows: 3 }, signal);
  expect({ error, record }).toMatchObject({ error: null, record: { status: "delivered", generation: 2, counts: { removed: 3 } } });
  expect([...(await consume(root.at("out"), "users"))]).toEqual([]);
  expect(await firstFile(record.files)).toBe('id,name,consent\n1,a,true\n2,,false\n3,"",\n');
  expect(await readCurrent(deps.state, "users", signal)).toMatchObject({ generation: 2, rows: 0, retired: { by } });
  expect(await refused(runStream(deps, stream, run, signal))).toMatchObject({ code: "STREAM_RETIRED" });
  expect(await refused(runStream(deps, stream, { ...run, baseline: true }, signal))).toMatchObject({ code: "STREAM_RETIRED" });
  expect(await lookAtRetirement(deps, stream, false, signal)).toMatchObject({ isClosed: true });
  const { deltas } = await verifyStream(deps, stream, { generation: null, last: 5 }, signal);
  expect(deltas.map(({ status }) => status)).toEqual(["same", "same"]);
});

test("a full resync opens the stream again and tells every row, and generations count on", async () => {
  const stream = await told();
  await retireStream(deps, stream, all, signal);
  const again = testStream(root.path, ROWS);
  const { record, error } = await runStream(deps, again, { ...run, fullResync: true }, signal);
  expect({ error, record }).toMatchObject({ error: null, record: { generation: 3, counts: { full: 3 } } });
  expect((await consume(root.at("out"), "users")).size).toBe(3);
  expect((await runStream(deps, again, run, signal)).record.status).toBe("unchanged");
});

test("more removals than a person agreed to are held, and approving them closes the stream", async () => {
  const stream = await told();
  const held = await retireStream(deps, stream, { ...all, rows: 2 }, signal);
  expect(held).toMatchObject({ error: { code: "GUARD_REMOVED" }, record: { status: "held" } });
  expect((await readCurrent(deps.state, "users", signal))?.retired).toBeUndefined();
  expect(await refused(approveRun(deps, stream, held.record.run, { by, reason: null }, signal))).toBeNull();
  expect(await readCurrent(deps.state, "users", signal)).toMatchObject({ generation: 2, retired: { by } });
});

test.each([
  ["changes has no removed", { changes: ["added", "changed"] }, "has no removed"],
  ["one object is replaced each time", { fileFormat: { overwrite: true } }, "overwrite"],
] as const)("where %s it only closes, and says so", async (_, changes, why) => {
  const base = testStream(root.path, ROWS);
  const { fileFormat, ...rest } = { fileFormat: {}, ...changes };
  const stream = await told({
    ...rest,
    ...("overwrite" in fileFormat ? { mode: "full" } : {}),
    fileFormat: { ...base.fileFormat, ...fileFormat },
  });
  expect((await lookAtRetirement(deps, stream, false, signal)).closesOnly).toContain(why);
  expect(await retireStream(deps, stream, all, signal)).toMatchObject({ error: null, record: { status: "retired" } });
  expect(await readCurrent(deps.state, "users", signal)).toMatchObject({ generation: 1, rows: 3, retired: { by } });
});

test("a mapping that is another one since does not keep told rows from being taken back under the columns that were told", async () => {
  const stream = await told();
  const mapped = {
    ...stream,
    columns: [
      { name: "Key", value: { from: "column", column: "id" } },
      { name: "Mail", value: { from: "column", column: "email" } },
    ],
  } as const;
  const { record, error } = await retireStream(deps, mapped, { ...all, rows: 3 }, signal);
  expect(error).toBeNull();
  expect(await firstFile(record.files)).toBe('id,name,consent\n1,a,true\n2,,false\n3,"",\n');
});

test("where removed rows tell their key alone, so does a retirement, also after the mapping is another one", async () => {
  const stream = await told({ removedColumns: "key" });
  const mapped = { ...stream, columns: [{ name: "id", value: { from: "column", column: "id" } }] } as const;
  const { record, error } = await retireStream(deps, mapped, all, signal);
  expect(error).toBeNull();
  expect(await firstFile(record.files)).toBe("id\n1\n2\n3\n");
});

test("no slot of a retired stream is due", async () => {
  const schedule = { cron: "* * * * *", timezone: "UTC", catchUp: "latest" } as const;
  const stream = await told({ schedule });
  const look = { state: deps.state, clock: deps.clock, stream, slots: new Slots(schedule) };
  await dueSlot(look, signal);
  const later = { ...look, clock: { now: () => new Date(deps.clock.now().getTime() + 3_600_000) } };
  expect((await dueSlot(later, signal)).kind).toBe("due");
  await retireStream(deps, stream, all, signal);
  expect((await dueSlot(later, signal)).kind).toBe("idle");
});
