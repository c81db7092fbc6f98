import { expect } from "vitest";
import { say } from "./fake-host.ts";
import { type TempFolder, tempFolder } from "./temp-folder.ts";

/** A scaffolded project with its demo warehouse, in a folder of its own. */
export async function demoProject(): Promise<TempFolder> {
  const folder = await tempFolder();
  const { exit, stderr } = await say(["init"], { cwd: folder.path });
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
  return folder;
}

/** Text in which what differs between two runs of a test (ids, times, the folder) is replaced by its name. */
export function settled(text: string, folder: TempFolder): string {
  return text
    .replaceAll(folder.path, "FOLDER")
    .replaceAll(/\b01[0-9A-HJKMNP-TV-Z]{14}\b/g, "RUN-ID-16-LETTERS".slice(0, 16))
    .replaceAll(/\b0\.\d s\b/g, "0.0 s")
    .replaceAll(/\b[0-9a-f]{64}\b/g, "HASH");
}
