import { afterEach, expect, test } from "vitest";
import { armFailpoints, type Failpoint } from "../../src/core/failpoint.ts";
import { readCurrent } from "../../src/state/current.ts";
import { retireStream } from "../../src/sync/retire-stream.ts";
import { runStream } from "../../src/sync/run-stream.ts";
import { consume, objectHashes } from "../support/consumer.ts";
import { harness, testStream } from "../support/sync-harness.ts";
import { tempFolder } from "../support/temp-folder.ts";

const signal = AbortSignal.timeout(240_000);
const run = { slot: null, fullResync: false, baseline: false };
const POINTS: readonly Failpoint[] = ["stage.uploaded", "plan.created", "manifest.after-put", "promote.after-swap"];

afterEach(() => armFailpoints(null));

test.each(POINTS)(
  "a retirement that dies at %s is finished by the next command, whichever it is: every row taken back once, and the stream closed",
  async (point) => {
    for (const next of ["retire", "run"] as const) {
      await using root = await tempFolder();
      const deps = harness({ root: root.path });
      const stream = testStream(root.path, "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(id, name)");
      await runStream(deps, stream, run, signal);
      const retire = { by: "me", rows: 2, withoutRemovals: false };
      armFailpoints((name) => {
        if (name === point) throw new Error("the host died");
      });
      await retireStream(deps, stream, retire, signal);
      armFailpoints(null);
      const before = await objectHashes(root.at("out"));
      // A run finishes what was planned; where nothing was, it finds nothing to do, and only the command itself closes.
      const { error } = next === "run" ? await runStream(deps, stream, run, signal) : await retireStream(deps, stream, retire, signal);
      const isClosed = (await readCurrent(deps.state, "users", signal))?.retired !== undefined;
      const wasPlanned = POINTS.indexOf(point) >= POINTS.indexOf("plan.created");
      expect({ isClosed, refused: error !== null }).toEqual({
        isClosed: wasPlanned || next === "retire",
        refused: next === "run" && wasPlanned,
      });
      expect((await consume(root.at("out"), "users")).size).toBe(isClosed ? 0 : 2);
      const after = await objectHashes(root.at("out"));
      for (const [key, hash] of before) expect(after.get(key)).toBe(hash);
    }
  },
);
