import { createHash } from "node:crypto";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hashFile, hashWhileWritten, scanFile } from "../../src/core/scan-file.ts";
import { tempFolder } from "../support/temp-folder.ts";

const never = new AbortController().signal;
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
/** More than two pieces of a scan, and not a multiple of one. */
const large = Buffer.from(Array.from({ length: 2_500_001 }, (_, at) => (at * 31) % 251));

test("a file of several pieces has the hash and size of its bytes, an empty one too", async () => {
  await using folder = await tempFolder();
  await writeFile(folder.at("large"), large);
  await writeFile(folder.at("empty"), "");
  expect(await hashFile(folder.at("large"), never)).toEqual({ sha256: sha256(large), size: large.length });
  expect(await hashFile(folder.at("empty"), never)).toEqual({ sha256: sha256(Buffer.alloc(0)), size: 0 });
});

test("a scan takes the bytes from start to end, in order, and stops where the file does", async () => {
  await using folder = await tempFolder();
  await writeFile(folder.at("large"), large);
  const scanned = async (start: number, end: number): Promise<Buffer> => {
    const pieces: Buffer[] = [];
    const count = await scanFile(folder.at("large"), { start, end }, (bytes) => pieces.push(Buffer.from(bytes)), never);
    expect(count).toBe(Buffer.concat(pieces).length);
    return Buffer.concat(pieces);
  };
  expect((await scanned(7, 2_000_000)).equals(large.subarray(7, 2_000_000))).toBe(true);
  expect((await scanned(2_400_000, 9_000_000)).equals(large.subarray(2_400_000))).toBe(true);
  await expect(scanFile(folder.at("large"), {}, () => undefined, AbortSignal.abort(new Error("stop")))).rejects.toThrow("stop");
});

test("the hash taken while a file is written is that of the file, however the writing goes", async () => {
  await using folder = await tempFolder();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 0, max: 3 })), { maxLength: 12 }),
      async (pieces) => {
        const path = folder.at("growing");
        await writeFile(path, "what stood there before, longer than any piece");
        const { written, hashed } = await hashWhileWritten(
          path,
          async () => {
            for (const [bytes, turns] of pieces) {
              for (let at = 0; at < turns; at += 1) await turn();
              await appendFile(path, bytes);
            }
            if (pieces.length === 0) await writeFile(path, "");
            return "done";
          },
          never,
        );
        expect(written).toBe("done");
        const bytes = await readFile(path);
        expect(hashed).toEqual({ sha256: sha256(bytes), size: bytes.length });
      },
    ),
    { numRuns: 30 },
  );
});

test("what fails while a file is written is told, and only after the writer has ended", async () => {
  await using folder = await tempFolder();
  const failing = hashWhileWritten(folder.at("a"), async () => await Promise.reject(new Error("disk full")), never);
  await expect(failing).rejects.toThrow("disk full");
  const stop = new AbortController();
  let ended = false;
  const stopped = hashWhileWritten(
    folder.at("b"),
    async () => {
      await writeFile(folder.at("b"), large);
      stop.abort(new Error("stop"));
      for (let at = 0; at < 50; at += 1) await turn();
      ended = true;
    },
    stop.signal,
  );
  await expect(stopped).rejects.toThrow("stop");
  expect(ended).toBe(true);
  const gone = hashWhileWritten(folder.at("never"), async () => await Promise.resolve(), never);
  await expect(gone).rejects.toMatchObject({ code: "ENOENT" });
});
