import { afterAll, beforeAll, expect, test } from "vitest";
import { expectTold, formatWorld, KIT_FORMATS } from "../support/kit/kit-formats.ts";
import { duckdbLoader, type KitLoader, postgresLoader, programLoader } from "../support/kit/kit-loader.ts";
import { type PostgresServer, startPostgres } from "../support/postgres/postgres-server.ts";

let postgres: PostgresServer;
let databases = 0;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

test.each(Object.keys(KIT_FORMATS))("the kit's loaders read: %s", { timeout: 240_000 }, async (name) => {
  const { world, loaders } = await formatWorld(name);
  await using _world = world;
  expect(loaders.filter((each) => each !== "pandas").toSorted()).toEqual(KIT_FORMATS[name]?.loaders.toSorted());
  databases += 1;
  await postgres.sql(`CREATE DATABASE formats${databases}`);
  const open: Readonly<Record<string, () => KitLoader>> = {
    node: () => programLoader("node", process.execPath, world.folder.path),
    duckdb: () => duckdbLoader("people", world.folder.path),
    postgres: () => postgresLoader("people", postgres, `formats${databases}`),
  };
  for (const each of KIT_FORMATS[name]?.loaders ?? []) {
    const loader = open[each]?.();
    expect(loader?.name).toBe(each);
    if (loader !== undefined) await expectTold(name, world, loader);
  }
});
