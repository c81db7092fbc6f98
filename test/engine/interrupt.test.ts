import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { openEngine } from "../../src/engine/open-engine.ts";
import { tempFolder } from "../support/temp-folder.ts";

const ENDLESS = "SELECT sum(a.range * b.range)::VARCHAR FROM range(10000000) AS a, range(1000000) AS b";

test.each([0, 1, 3, 10, 50])("a signal %d ms after a query was sent ends it, begun or not", async (delay) => {
  await using folder = await tempFolder();
  const limits = { memoryLimit: "128MB", threads: 1, tempDirectory: folder.path, maxTempSize: "100MB" };
  await using engine = await openEngine(limits, new AbortController().signal);
  const controller = new AbortController();
  const query = engine.rows(ENDLESS, controller.signal);
  if (delay > 0) await sleep(delay);
  controller.abort(new Error("stop"));
  await expect(query).rejects.toThrow("stop");
});
