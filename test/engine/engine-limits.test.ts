import { readdir } from "node:fs/promises";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { engineError } from "../../src/engine/engine-error.ts";
import { type Engine, openEngine } from "../../src/engine/open-engine.ts";
import { tempFolder, type TempFolder } from "../support/temp-folder.ts";

const never = new AbortController().signal;

async function small(folder: TempFolder, maxTempSize: string): Promise<Engine> {
  return await openEngine({ memoryLimit: "60MB", threads: 1, tempDirectory: folder.at("tmp"), maxTempSize }, never);
}

test("a sort larger than memory spills and is right", async () => {
  await using folder = await tempFolder();
  await using engine = await small(folder, "1GB");
  const sorted = "SELECT i, md5(CAST(i AS VARCHAR)) || repeat('x', 60) AS v FROM range(1000000) AS r(i) ORDER BY v";
  expect(await engine.rows(`SELECT count(*), count(DISTINCT i) FROM (${sorted} LIMIT 900000)`, never)).toEqual([["900000", "900000"]]);
});

test("S08: what cannot spill is told as the memory limit, with the key to raise", async () => {
  await using folder = await tempFolder();
  await using engine = await small(folder, "1GB");
  await expect(
    engine.run("CREATE TABLE memory.main.t AS SELECT list(CAST(i AS VARCHAR)) AS l FROM range(20000000) AS r(i)", never),
  ).rejects.toMatchObject({
    code: "ENGINE_OUT_OF_MEMORY",
    hint: expect.stringContaining("engine.memory_limit"),
  });
});

test("F26: a spill folder that is full is told as such", async () => {
  await using folder = await tempFolder();
  await using engine = await small(folder, "2MB");
  const sort =
    "CREATE TABLE memory.main.t AS SELECT md5(CAST(i AS VARCHAR)) || md5(CAST(i + 1 AS VARCHAR)) AS v FROM range(2000000) AS r(i) ORDER BY v";
  await expect(engine.run(sort, never)).rejects.toMatchObject({
    code: "ENGINE_DISK_FULL",
    hint: expect.stringContaining("engine.max_temp_size"),
  });
});

test("a file that cannot be written is told as that, with the system's reason", async () => {
  await using folder = await tempFolder();
  await using engine = await small(folder, "1GB");
  const full = engine.run("COPY (SELECT i FROM range(1000000) AS t(i)) TO '/dev/full' (FORMAT csv)", never);
  await expect(full).rejects.toMatchObject({ code: "ENGINE_DISK_FULL" });
  expect(engineError(new Error('IO Error: Could not write file "x": File too large'), "write", null)).toMatchObject({
    code: "ENGINE_DISK_FULL",
    message: expect.stringContaining("File too large"),
  });
});

test("an error that could quote a row keeps its text to itself", async () => {
  await using folder = await tempFolder();
  await using engine = await small(folder, "1GB");
  const failed: unknown = await engine
    .rows("SELECT CAST(v AS INTEGER) FROM (VALUES ('1'), ('a secret')) AS t(v)", never)
    .catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: "ENGINE_FAILED", context: { kind: "Conversion" } });
  expect(inspect(failed, { depth: 9 })).not.toContain("a secret");
});

test("limits that the engine does not understand are told with the place to mend", async () => {
  await using folder = await tempFolder();
  const opened = openEngine({ memoryLimit: "a lot", threads: 1, tempDirectory: folder.at("tmp"), maxTempSize: "1GB" }, never);
  await expect(opened).rejects.toMatchObject({ hint: expect.stringContaining("engine") });
});

test("the spill folder goes with the engine", async () => {
  await using folder = await tempFolder();
  {
    await using engine = await small(folder, "1GB");
    await engine.run("CREATE TABLE memory.main.t AS SELECT i FROM range(10) AS r(i)", never);
    expect(await readdir(folder.at("tmp"))).toHaveLength(1);
  }
  expect(await readdir(folder.at("tmp"))).toEqual([]);
});
