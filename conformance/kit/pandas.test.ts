import { env } from "node:process";
import { expect, test } from "vitest";
import { expectTold, formatWorld, KIT_FORMATS } from "../../test/support/kit/kit-formats.ts";
import { programLoader } from "../../test/support/kit/kit-loader.ts";
import { kitWorld } from "../../test/support/kit/kit-world.ts";
import { mishapStory, wholeStory } from "../../test/support/kit/mishaps.ts";

const python = env["SPILLWAY_PANDAS"] ?? "python3";

test("the pandas loader ends with the told table, whatever becomes of files on their way", async () => {
  await using world = await kitWorld();
  for (const who of ["here", "late"]) await world.folder.write(`${who}/.keep`, "");
  const [loader, late] = ["here", "late"].map((who) => programLoader("pandas", python, world.folder.at(who)));
  if (loader === undefined || late === undefined) throw new Error("there are two");
  await expect(mishapStory(world, loader)).resolves.toBeUndefined();
  await expect(wholeStory(world, loader, late)).resolves.toBeUndefined();
});

const readable = Object.keys(KIT_FORMATS).filter((name) => KIT_FORMATS[name]?.loaders.includes("node") === true);

test.each(readable)("the pandas loader reads: %s", async (name) => {
  const { world, loaders } = await formatWorld(name);
  await using _world = world;
  expect(loaders).toContain("pandas");
  await expectTold(name, world, programLoader("pandas", python, world.folder.path));
});
