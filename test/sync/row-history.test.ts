import { readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { rowHistory } from "../../src/sync/row-history.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import { harness, testStream } from "../support/sync-harness.ts";
import { tempFolder } from "../support/temp-folder.ts";

const never = new AbortController().signal;

test("of files that are split and cut, the one that a row stands in is told", async () => {
  await using folder = await tempFolder();
  const deps = harness({ root: folder.path });
  const plain = testStream(folder.path, `SELECT * FROM read_csv('${folder.at("users.csv")}', header = true, all_varchar = true)`);
  const groups = [
    { name: "upsert", kinds: ["added", "changed"] },
    { name: "removed", kinds: ["removed"] },
  ] as const;
  const fileFormat = { ...plain.fileFormat, splitBy: ["plan"], maxRows: 2, name: "{plan}-{generation}-{change}-{part}", groups };
  const stream = { ...plain, fileFormat };
  const ids = Array.from({ length: 12 }, (_, at) => `user${at + 10}`);
  const table = (left: readonly string[], value: string): string =>
    left.map((id, at) => `${id},${["a", "b", ""][at % 3] ?? ""},${value}\n`).join("");
  for (const rows of [table(ids, "1"), table(ids.slice(0, 9), "2") + "user30,a,2\nuser31,,2\n"]) {
    await writeFile(folder.at("users.csv"), `id,plan,value\n${rows}`);
    expect(await runStream(deps, stream, { slot: null, fullResync: false, baseline: false }, never)).toMatchObject({ error: null });
  }
  for (const id of [...ids, "user30", "user31"]) {
    const { deliveries } = await rowHistory(deps, stream, new Map([["id", id]]), never);
    expect(deliveries.length).toBe(id.startsWith("user3") ? 1 : 2);
    for (const { files, change } of deliveries) {
      expect(`${id} ${change} ${files.length}`).toBe(`${id} ${change} 1`);
      expect(await readFile(folder.at("out", files[0] ?? ""), "utf8")).toContain(`${id},`);
    }
  }
});
