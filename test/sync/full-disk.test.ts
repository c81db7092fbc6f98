import { mkdir, readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { SyncError } from "../../src/core/errors.ts";
import { LossyDisk } from "../support/lossy-disk.ts";
import { world, type World } from "../support/protocol-world.ts";

// Every change of the state root's disk fails from some change on, as it does when the disk is full or broken.

/** A run that meets a disk that fails from a change on; null when it came through. */
async function runOn(at: World, disk: LossyDisk, code: string, from: number): Promise<Error | null> {
  let changes = 0;
  disk.before = (call, path) => {
    changes += 1;
    if (changes < from || call === "rm" || call === "rmdir") return Promise.resolve();
    return Promise.reject(Object.assign(new Error(`${code}: the test made this fail, ${call} '${path}'`), { code, syscall: call, path }));
  };
  const { error } = await at.run(at.host(`${code} ${from}`));
  disk.before = () => Promise.resolve();
  return error;
}

test.each(["ENOSPC", "EIO"])(
  "S07: %s at any change of the state root stops the run with advice, sends nothing before the plan, and loses nothing",
  { timeout: 60_000 },
  async (code) => {
    await using at = await world();
    await mkdir(at.folder.at("state"));
    using disk = new LossyDisk(at.folder.at("state"));
    const failed: (readonly [from: number, complaint: string | null])[] = [];
    for (let from = 1; ; from += 9) {
      const table = { a: String(from), [`n${from % 3}`]: "x" };
      at.set(table);
      const before = await seen(at);
      const error = await runOn(at, disk, code, from);
      if (error !== null) failed.push([from, complaint(error, code, before, await seen(at))]);
      expect((await at.run(at.host(`next ${from}`))).error).toBeNull();
      expect(await at.consumed()).toEqual(table);
      if (error === null) break;
    }
    expect(failed.length).toBeGreaterThan(5);
    expect(failed.filter(([, what]) => what !== null)).toEqual([]);
  },
);

interface Seen {
  readonly plans: number;
  readonly sent: number;
}

/** What is wrong with how a run failed, or null. */
function complaint(error: Error, code: string, before: Seen, after: Seen): string | null {
  if (!(error instanceof SyncError) || error.code !== "STATE_UNAVAILABLE" || !error.message.includes(code)) return String(error);
  if (error.hint === null) return "no advice";
  return after.plans === before.plans && after.sent > before.sent ? "something was sent before the plan" : null;
}

async function seen(at: World): Promise<Seen> {
  const names = await readdir(at.folder.at("state", "users", "plans")).catch(() => []);
  return {
    plans: names.filter((name) => name.endsWith(".json")).length,
    sent: at.destinationHistory.created.filter(({ key }) => !key.endsWith("claim.json")).length,
  };
}
