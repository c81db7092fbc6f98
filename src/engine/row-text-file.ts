import { createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import type { Writable } from "node:stream";
import { SENTINEL } from "./row-text.ts";

/** A file that takes one row text stream, sentinel already written; nobody else may read it. */
export async function createRowTextFile(path: string): Promise<Writable> {
  await writeFile(path, `${SENTINEL}\n`, { mode: 0o600, flag: "wx" });
  const sink = createWriteStream(path, { flags: "a", highWaterMark: 1 << 20 });
  // Whoever writes learns of a failure from the write; without a listener the event would end the process.
  sink.on("error", () => undefined);
  return sink;
}
