import { expect, test } from "vitest";
import type { Stream } from "../../src/core/types.ts";
import { fileTemplate } from "../../src/files/file-template.ts";
import { generationOfKey } from "../../src/files/key-generation.ts";
import type { KeyTemplate } from "../../src/files/print-key.ts";
import { readCurrent } from "../../src/state/current.ts";
import { planStream } from "../../src/sync/plan-stream.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import { harness, testStream } from "../support/sync-harness.ts";
import { memoryFolder, tempFolder } from "../support/temp-folder.ts";

const never = new AbortController().signal;
const ONCE = { slot: null, fullResync: false, baseline: false } as const;

test("a key that an earlier generation used under other names is refused before anything is planned", async () => {
  await using folder = await tempFolder(await memoryFolder());
  const deps = harness({ root: folder.path });
  const named = (name: string, rows: number, below = ""): Stream => {
    const stream = testStream(folder.path, `SELECT range AS id FROM range(${rows})`);
    return { ...stream, fileFormat: { ...stream.fileFormat, folder: below, name, maxRows: 1 } };
  };
  const first = await runStream(deps, named("{change}-{generation}-{part}", 2), ONCE, never);
  expect(first.record.files.map(({ key }) => key)).toEqual(["added-1-1.csv", "added-1-2.csv"]);
  // Part 1 of generation 2 is named as part 2 of generation 1 was.
  const clash = named("{change}-{part}-{generation}", 3);
  const refusal = {
    code: "CONFIG_KEYS_COLLIDE",
    message: expect.stringContaining("generation 1 of users used the key added-1-2.csv") as string,
  };
  await expect(planStream(deps, clash, { slot: null, fullResync: false, samples: 0, keep: false }, never)).rejects.toMatchObject(refusal);
  expect((await runStream(deps, clash, ONCE, never)).error).toMatchObject(refusal);
  expect(await readCurrent(deps.state, "users", never)).toMatchObject({ generation: 1, names: [{ from: 1 }] });
  const moved = await runStream(deps, named("{change}-{part}-{generation}", 3, "b"), ONCE, never);
  expect(moved.record).toMatchObject({ status: "delivered", generation: 2 });
  // In another place in between, nothing stood there.
  expect((await runStream(deps, named("{change}-{part}-{generation}", 4), ONCE, never)).error).toBeNull();
  expect((await readCurrent(deps.state, "users", never))?.names?.map(({ from }) => from)).toEqual([1, 2, 3]);
});

test("the generation of a key is read back from it", () => {
  const stream = testStream("/nowhere", "SELECT 1 AS id");
  const template = (folder: string, name: string): KeyTemplate =>
    fileTemplate({ ...stream, fileFormat: { ...stream.fileFormat, folder, name } });
  expect(
    generationOfKey(
      template("users/{scheduled_at:%Y-%b}", "{stream}-{generation:06}-{change}-{part:04}"),
      "users/2026-Nov/users-000042-added-0001.csv",
    ),
  ).toBe(42);
  expect(generationOfKey(template("a.b", "{part}-{generation}-{change}"), "A.B/7-12-full.CSV")).toBe(12);
  expect(generationOfKey(template("a.b", "{part}-{generation}-{change}"), "aXb/7-12-full.csv")).toBe("none");
  expect(generationOfKey(template("", "{run_id}-{generation}-{change}-{part}"), "abc-1-added-1.csv")).toBe("none");
  expect(generationOfKey(template("", "latest"), "latest.csv")).toBe("any");
});
