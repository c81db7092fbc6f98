import { readdir, readFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SyncError } from "../../src/core/errors.ts";
import type { Source } from "../../src/core/ports.ts";
import { keepRows } from "../../src/sync/keep-rows.ts";
import { noEngine } from "../support/fake-parts.ts";
import { columnsOf, rowTextSource } from "../support/row-text-source.ts";
import { tempFolder, type TempFolder } from "../support/temp-folder.ts";

const never = new AbortController().signal;
const COLUMNS = columnsOf({ id: "integer", name: "text" });
const ALL = { query: "SELECT 1", columns: COLUMNS, keyCount: 1, ignoredCount: 0 };

let folder: TempFolder;
beforeEach(async () => {
  folder = await tempFolder();
});
afterEach(async () => await folder[Symbol.asyncDispose]());

/** A source that fails in the middle of its rows. */
function failing(fail: (destroy: (error: Error) => void) => Error): Source {
  return {
    ...rowTextSource(COLUMNS, []),
    reading: {
      shape: "row_text",
      extract: async (_projection, sink) => {
        await new Promise((resolve) => sink.write("1\tann\n", resolve));
        throw fail((error) => sink.destroy(error));
      },
    },
  };
}

test("rows of a source are kept as they come, the sentinel first", async () => {
  const source = rowTextSource(COLUMNS, [
    ["1", "ann"],
    ["2", null],
  ]);
  const kept = await keepRows({ source, engine: noEngine() }, ALL, folder.at("1"), never);
  expect(kept.reader(source).reading).toEqual({ shape: "kept_text", path: folder.at("1.rows"), rows: 2n, fields: ["id", "name"] });
  expect(await readFile(folder.at("1.rows"), "utf8")).toBe("\\?\n1\tann\n2\t\\N\n");
});

test("what the source fails with is told, and no half of its rows stays", async () => {
  const source = failing(() => new SyncError("SOURCE_CONNECTION_LOST", "the test cut it"));
  const kept = keepRows({ source, engine: noEngine() }, ALL, folder.at("1"), never);
  await expect(kept).rejects.toMatchObject({ code: "SOURCE_CONNECTION_LOST" });
  expect(await readdir(folder.path)).toEqual([]);
});

test("a disk that is full is told as such, whatever the source makes of it", async () => {
  const source = failing((destroy) => {
    destroy(Object.assign(new Error("no space"), { code: "ENOSPC" }));
    return new SyncError("SOURCE_CONNECTION_LOST", "the reader went away");
  });
  const kept = keepRows({ source, engine: noEngine() }, ALL, folder.at("1"), never);
  await expect(kept).rejects.toMatchObject({ code: "ENGINE_DISK_FULL", context: { code: "ENOSPC" } });
});

test("a folder that is not there is told with what to look at", async () => {
  const kept = keepRows({ source: rowTextSource(COLUMNS, []), engine: noEngine() }, ALL, folder.at("gone/1"), never);
  await expect(kept).rejects.toMatchObject({ code: "ENGINE_DISK_FULL", message: expect.stringContaining("engine.temp_directory") });
});
