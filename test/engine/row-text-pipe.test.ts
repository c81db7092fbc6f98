import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { createRowTextPipe } from "../../src/engine/row-text-pipe.ts";
import { tempFolder } from "../support/temp-folder.ts";

test("runs that share a folder have pipes of their own, and leave none behind", async () => {
  await using folder = await tempFolder();
  {
    using one = await createRowTextPipe(folder.path, "rows");
    using another = await createRowTextPipe(folder.path, "rows");
    expect(one.path).not.toBe(another.path);
    expect(await readdir(folder.path)).toHaveLength(2);
  }
  expect(await readdir(folder.path)).toEqual([]);
});
