import { afterEach, expect, test } from "vitest";
import { armFromEnvironment } from "../../src/cli/arm-failpoints.ts";
import { armFailpoints, failpoint } from "../../src/core/failpoint.ts";

afterEach(() => {
  armFailpoints(null);
});

test("a failpoint strikes at its nth time and at no other", async () => {
  const struck: string[] = [];
  armFromEnvironment("plan.created:2=kill", (signal) => struck.push(signal));
  await failpoint("plan.created");
  await failpoint("deliver.marked");
  expect(struck).toEqual([]);
  await failpoint("plan.created");
  expect(struck).toEqual(["SIGKILL"]);
  await failpoint("plan.created");
  expect(struck).toEqual(["SIGKILL"]);
});

test("without a number it strikes the first time, and stop is SIGSTOP", async () => {
  const struck: string[] = [];
  armFromEnvironment("opened=stop", (signal) => struck.push(signal));
  await failpoint("opened");
  expect(struck).toEqual(["SIGSTOP"]);
});

test.each(["opened", "nowhere=kill", "opened:0=kill", "opened=explode"])("%s is refused as usage", (written) => {
  expect(() => armFromEnvironment(written, () => undefined)).toThrow(expect.objectContaining({ code: "USAGE" }));
});

test.each([undefined, ""])("nothing is armed by %s", async (written) => {
  armFromEnvironment(written, () => expect.unreachable());
  await failpoint("opened");
});
