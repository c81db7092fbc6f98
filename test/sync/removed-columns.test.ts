import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FileFormat } from "../../src/core/types.ts";
import { type Engine, openEngine } from "../../src/engine/open-engine.ts";
import { sqlText } from "../../src/engine/sql-literal.ts";
import { lintStreamFile } from "../../src/sync/lint-stream-file.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import { verifyStream } from "../../src/sync/verify-stream.ts";
import { harness, testStream } from "../support/sync-harness.ts";
import { memoryFolder, type TempFolder, tempFolder } from "../support/temp-folder.ts";

// Files of removed rows that have the columns of the key alone, in every format.

const never = new AbortController().signal;
let engine: Engine;
let folder: TempFolder;

beforeAll(async () => {
  folder = await tempFolder(await memoryFolder());
  const limits = { memoryLimit: "256MB", threads: 1, tempDirectory: folder.at("tmp"), maxTempSize: "1GB" };
  engine = await openEngine(limits, never);
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const FORMATS: readonly (readonly [string, Partial<FileFormat>])[] = [
  ["csv", { empty: "header_only" }],
  ["ndjson", { format: "ndjson" }],
  ["parquet", { format: "parquet", empty: "header_only" }],
];

test.each(FORMATS)("%s: a removed row is told by its key, and the manifest says which columns there are", async (name, format) => {
  const root = folder.at(name);
  const deps = harness({ root });
  const csv = folder.at(`${name}.csv`);
  const plain = testStream(root, `SELECT * FROM read_csv('${csv}', header = true, all_varchar = true)`);
  const stream = {
    ...plain,
    removedColumns: "key" as const,
    fileFormat: { ...plain.fileFormat, ...format, name: "{generation}-{change}-{part}" },
  };
  const texts: string[] = [];
  for (const rows of ["name,id\nAnn,1\nBo,2\n", "name,id\nAnn,1\nCy,3\n"]) {
    await writeFile(csv, rows);
    const { record, error } = await runStream(deps, stream, { slot: null, fullResync: false, baseline: false }, never);
    expect(error).toBeNull();
    for (const { key, change } of record.files) {
      const path = folder.at(name, "out", key);
      if (change === "removed") texts.push(name === "parquet" ? await table(path) : await readFile(path, "utf8"));
      expect((await lintStreamFile(deps, stream, path, 5, never)).problems).toEqual([]);
    }
  }
  expect(texts).toEqual({ csv: ["id\n", "id\n2\n"], ndjson: ['{"id":"2"}\n'], parquet: ["id ", "id 2"] }[name]);
  const manifest = JSON.parse(await readFile(folder.at(name, "out", "_spillway/users/000002.json"), "utf8")) as { changes: unknown };
  expect(manifest.changes).toContainEqual({ name: "removed", kinds: ["removed"], columns: ["id"] });
  expect(manifest.changes).toContainEqual({ name: "added", kinds: ["added"] });
  expect((await verifyStream(deps, stream, { generation: 2, last: 1 }, never)).deltas).toEqual([{ generation: 2, status: "same" }]);
});

async function table(path: string): Promise<string> {
  const columns = await engine.rows(`SELECT column_name FROM (DESCRIBE SELECT * FROM read_parquet(${sqlText(path)}))`, never);
  const rows = await engine.rows(`SELECT * FROM read_parquet(${sqlText(path)})`, never);
  return `${columns.join()} ${rows.join()}`;
}
