import { mkdtemp, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FileFormat } from "../../src/core/types.ts";
import { type Engine, openEngine } from "../../src/engine/open-engine.ts";
import { encryptFile } from "../../src/files/encrypt-file.ts";
import { writeFiles } from "../../src/files/write-files.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";
import { filesRequest } from "./delta-on-disk.ts";

const signal = AbortSignal.timeout(120_000);
const MEGABYTE = 1_000_000;
let root: TempFolder;
let engine: Engine;
beforeAll(async () => {
  root = await tempFolder();
  engine = await openEngine({ memoryLimit: "128MB", threads: 1, tempDirectory: root.at("spill"), maxTempSize: "4GB" }, signal);
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await root[Symbol.asyncDispose]();
});

/** The most memory that the process held while some work went on. */
async function peakRss(work: () => Promise<unknown>): Promise<number> {
  let peak = process.memoryUsage.rss();
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return Math.max(peak, process.memoryUsage.rss());
}

/** Writes the files of so many added rows of ten columns, and returns the peak of memory. */
async function write(rows: number, format: Partial<FileFormat>, splits: readonly number[]): Promise<number> {
  const folder = await mkdtemp(root.at("staging-"));
  const path = join(folder, "delta.parquet");
  const columns = Array.from({ length: 4 }, (_, at) => `'value ' || CAST((i * ${at + 7}) % 100003 AS VARCHAR) AS o${at + 1}`);
  await engine.run(
    `COPY (SELECT 'added' AS op, CAST(i % 5 AS VARCHAR) AS o0, ${columns.join(", ")} FROM range(${rows}) t(i)) TO '${path}' (FORMAT parquet)`,
    signal,
  );
  const header = Array.from({ length: 5 }, (_, at) => `c${at}`);
  const request = filesRequest(folder, header, [], format);
  const counts = { ...request.delta.counts, added: BigInt(rows) };
  return await peakRss(async () => {
    const files = await writeFiles(engine, { ...request, delta: { path, counts }, mapping: { ...request.mapping, splits } }, signal);
    expect(files.reduce((sum, file) => sum + file.rows, 0n)).toBe(BigInt(rows));
  });
}

test("F19: memory does not grow with the rows of a file", async () => {
  await write(200_000, {}, []);
  const few = await write(200_000, {}, []);
  expect(((await write(1_000_000, {}, [])) - few) / MEGABYTE).toBeLessThan(48);
});

test("memory grows by no more than the engine's limit with the rows of files that are cut by value and size", async () => {
  const format = { splitBy: ["c0"], folder: "{c0}", maxBytes: 10 * MEGABYTE, compression: "gzip" } as const;
  const few = await write(200_000, format, [0]);
  // What a sort holds before it spills counts against the limit; the allocator keeps some of what was freed.
  expect(((await write(1_000_000, format, [0])) - few) / MEGABYTE).toBeLessThan(192);
});

test("memory does not grow with the size of an encrypted file", async () => {
  const { generateKey } = await import("openpgp");
  const { publicKey } = await generateKey({ userIDs: [{ name: "acme" }] });
  const encrypt = async (megabytes: number): Promise<number> => {
    const path = await root.write(`plain-${megabytes}`, "");
    await truncate(path, megabytes * MEGABYTE);
    return await peakRss(async () => {
      const sealed = await encryptFile(path, [publicKey], signal);
      expect((await stat(sealed)).size).toBeGreaterThan(megabytes * MEGABYTE);
    });
  };
  await encrypt(10);
  const small = await encrypt(10);
  expect(((await encrypt(100)) - small) / MEGABYTE).toBeLessThan(64);
});
