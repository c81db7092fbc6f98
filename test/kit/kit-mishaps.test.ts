import { afterAll, beforeAll, expect, test } from "vitest";
import { duckdbLoader, type KitLoader, postgresLoader, programLoader } from "../support/kit/kit-loader.ts";
import { kitWorld } from "../support/kit/kit-world.ts";
import { mishapStory, wholeStory } from "../support/kit/mishaps.ts";
import { type PostgresServer, startPostgres } from "../support/postgres/postgres-server.ts";
import type { TempFolder } from "../support/temp-folder.ts";

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
  await postgres.sql("CREATE DATABASE late");
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

const LOADERS: Readonly<Record<string, (folder: TempFolder, who: string) => KitLoader>> = {
  node: (folder, who) => programLoader("node", process.execPath, folder.at(who)),
  duckdb: (folder, who) => duckdbLoader("people", folder.at(who)),
  postgres: (_, who) => postgresLoader("people", postgres, who === "late" ? "late" : "postgres"),
};

test.each(Object.keys(LOADERS))(
  "the %s loader ends with the told table, whatever becomes of files on their way",
  { timeout: 240_000 },
  async (name) => {
    await using world = await kitWorld();
    for (const who of ["here", "late"]) await world.folder.write(`${who}/.keep`, "");
    const loader = LOADERS[name]?.(world.folder, "here");
    const late = LOADERS[name]?.(world.folder, "late");
    expect(loader?.name).toBe(name);
    if (loader === undefined || late === undefined) return;
    await mishapStory(world, loader);
    await wholeStory(world, loader, late);
  },
);
