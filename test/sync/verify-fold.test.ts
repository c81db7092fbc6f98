import { createHash } from "node:crypto";
import { access, constants, cp, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Stream } from "../../src/core/types.ts";
import { sqlText } from "../../src/engine/sql-literal.ts";
import { repairFromDeltas, repairStream } from "../../src/sync/repair-stream.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import { type StreamVerification, verifyStream } from "../../src/sync/verify-stream.ts";
import { harness, testStream } from "../support/sync-harness.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

// One delivered stream: four generations, the third one with a column more. Each test finds it as it was delivered and plants its damage.

const never = new AbortController().signal;
let folder: TempFolder;
let deps: ReturnType<typeof harness>;
let stream: Stream;

const TABLES = ["id,name\na,1\nb,1\nc,1\n", "id,name\na,2\nb,1\nc,1\n", "id,name\na,2\nb,3\n", "id,name\na,2\nb,3\nd,4\n"];

async function run(csv: string, options: { readonly baseline?: boolean } = {}): Promise<string> {
  await writeFile(folder.at("users.csv"), csv);
  const { record, error } = await runStream(deps, stream, { slot: null, fullResync: false, baseline: false, ...options }, never);
  if (error !== null) throw error;
  return record.status;
}

beforeAll(async () => {
  folder = await tempFolder(
    await access("/dev/shm", constants.W_OK).then(
      () => "/dev/shm",
      () => undefined,
    ),
  );
  deps = harness({ root: folder.path });
  const sql = `SELECT * FROM read_csv('${folder.at("users.csv")}', header = true, all_varchar = true)`;
  stream = testStream(folder.path, sql);
  for (const table of TABLES) await run(table);
  await rename(folder.at("state"), folder.at("kept-state"));
  await rename(folder.at("out"), folder.at("kept-out"));
});
beforeEach(async () => {
  for (const name of ["state", "out"]) {
    await rm(folder.at(name), { recursive: true, force: true });
    await cp(folder.at(`kept-${name}`), folder.at(name), { recursive: true });
  }
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

async function verify(last = 10): Promise<StreamVerification> {
  return await verifyStream(deps, stream, { generation: null, last }, never);
}

function statuses({ deltas }: StreamVerification): string {
  return deltas.map(({ generation, status }) => `${generation} ${status}`).join(", ");
}

/** The file below a folder of the state that belongs to a generation. */
async function stored(below: "log" | "base", generation: number): Promise<string> {
  const name = (await readdir(folder.at("state", "users", below))).find((each) => Number(each.slice(0, 6)) === generation);
  if (name === undefined) throw new Error(`no ${below} of generation ${generation}`);
  return folder.at("state", "users", below, name);
}

/** Rewrites rows of a stored file, and everywhere that names its hash the hash too: what no hash can show. */
async function forge(path: string, replace: string): Promise<void> {
  const before = await sha256(path);
  const size = (await stat(path)).size;
  await using engine = await deps.openEngine(never);
  const other = `${path}.other`;
  const about = `KV_METADATA {spillway_outputs: '["id","name"]'}`;
  await engine.run(
    `COPY (SELECT * REPLACE (${replace}) FROM read_parquet(${sqlText(path)})) TO ${sqlText(other)} (FORMAT parquet, ${about})`,
    never,
  );
  await rename(other, path);
  const after = await sha256(path);
  for (const below of ["current", "plans"]) {
    for (const name of await readdir(folder.at("state", "users", below), { recursive: true })) {
      if (!name.endsWith(".json")) continue;
      const file = join(folder.at("state", "users", below), name);
      const text = await readFile(file, "utf8");
      const named = text
        .replaceAll(before, after)
        .replaceAll(`"size":${size},"sha256":"${after}"`, `"size":${(await stat(path)).size},"sha256":"${after}"`);
      if (named !== text) await rm(file).then(() => writeFile(file, named));
    }
  }
}

async function sha256(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

test("the stored deltas, folded from the oldest table that matters, give the snapshot, and each the files that were delivered", async () => {
  const verified = await verify();
  expect(verified.fold).toMatchObject({
    status: "same",
    from: { generation: 1, by: "delta" },
    deltas: 3,
    difference: { onlyLeft: 0n, onlyRight: 0n, different: 0n },
    notCompared: [],
    broken: [],
  });
  expect(statuses(verified)).toBe("1 same, 2 same, 3 same, 4 same");
});

test("a value that was changed in the snapshot under a right hash is found, with the generation that told it", async () => {
  await forge(await stored("base", 4), "CASE WHEN k0 = 'b' THEN 'x' ELSE o1 END AS o1");
  const verified = await verify();
  expect(verified.files.map(({ status }) => status)).toEqual(["ok"]);
  expect(verified.fold).toMatchObject({
    status: "differs",
    difference: { onlyLeft: 0n, onlyRight: 0n, different: 1n },
    toldIn: [{ generation: 3, rows: 1n }],
  });
  expect((await repairStream(deps, stream, never)).record.status).toBe("unchanged");
  expect((await repairFromDeltas(deps, stream, never)).record.status).toBe("repaired");
  expect(await run(TABLES[3] ?? "")).toBe("unchanged");
  expect((await verify()).fold).toMatchObject({ status: "same" });
});

test("rows that the snapshot lacks or has too many of are found", async () => {
  await forge(await stored("base", 4), "CASE WHEN k0 = 'a' THEN 'z' ELSE k0 END AS k0");
  expect((await verify()).fold).toMatchObject({ status: "differs", difference: { onlyLeft: 1n, onlyRight: 1n, different: 0n } });
});

test("a value that was changed in a stored delta under a right hash is found by the files that it should give", async () => {
  await forge(await stored("log", 2), "CASE WHEN k0 = 'a' THEN '7' ELSE o1 END AS o1");
  const verified = await verify();
  expect(statuses(verified)).toBe("1 same, 2 differs, 3 same, 4 same");
  expect(verified.fold).toMatchObject({ status: "differs", toldIn: [{ generation: 2, rows: 1n }] });
});

test("a stored delta that is lost is named, and the fold begins with the oldest base behind it", async () => {
  const path = await stored("log", 2);
  await rm(path);
  const verified = await verify();
  expect(verified.fold).toMatchObject({
    status: "same",
    from: { generation: 2, by: "base" },
    deltas: 2,
    broken: [{ generation: 2, key: expect.stringMatching(/^users\/log\/000002-/), status: "missing" }],
  });
  expect(statuses(verified)).toBe("1 same, 2 delta_lost, 3 same, 4 same");
});

test("a plan that is torn is named", async () => {
  await writeFile(folder.at("state/users/plans/000003.json"), '{"format":');
  expect((await verify()).fold).toMatchObject({
    from: { generation: 3, by: "base" },
    broken: [{ generation: 3, key: "users/plans/000003.json", status: "damaged" }],
  });
});

test("what a disk changed behind our back is found although its size and times are as they were", async () => {
  const path = await stored("base", 4);
  const { atime, mtime } = await stat(path);
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40);
  await writeFile(path, bytes);
  await utimes(path, atime, mtime);
  const verified = await verify();
  expect(verified.files.map(({ status }) => status)).toEqual(["damaged"]);
  expect(verified.fold).toMatchObject({ status: "not_checked" });
});

test("a baseline begins the fold anew, and a column that came later is said to be left out", async () => {
  expect(await run("id,name\na,9\nb,3\nd,4\n", { baseline: true })).toBe("baselined");
  expect(await run("id,name\na,9\nb,5\nd,4\n")).toBe("delivered");
  expect((await verify()).fold).toMatchObject({ status: "same", from: { generation: 4, by: "base" } });
  stream = { ...stream, onSchemaChange: "adopt" };
  expect(await run("id,name,plan\na,9,x\nb,5,x\nd,4,x\n")).toBe("unchanged");
  expect((await verify()).fold).toMatchObject({ status: "same", notCompared: ["plan"] });
});
