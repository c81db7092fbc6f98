import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import { filesMatching, importsOf, read } from "./source-tree.ts";

/** The floors of docs/architecture.md. The linter holds most of this too; this scan also sees dynamic imports and `typeof import()`. */
const FLOORS: Readonly<Record<string, number>> = {
  core: 1,
  engine: 2,
  sources: 3,
  diffing: 3,
  files: 3,
  s3: 3,
  folder: 3,
  state: 3,
  config: 4,
  sync: 4,
  serve: 5,
  cli: 5,
};

/** Neighbours that may be called all the same. */
const ALLOWED_NEIGHBOURS = new Set(["cli → serve"]);

const SDK_HOMES: readonly (readonly [sdk: RegExp, home: string])[] = [
  [/^pg(-|\/|$)/, "src/sources/postgres/"],
  [/^@google-cloud\//, "src/sources/bigquery/"],
  [/^snowflake-sdk/, "src/sources/snowflake/"],
  [/^@(aws-sdk|smithy)\//, "src/s3/"],
  [/^@duckdb\//, "src/engine/"],
  [/^commander/, "src/cli/"],
];

/** Why `file` must not import `target`, or null. */
function objection(file: string, target: string): string | null {
  if (!target.startsWith(".")) {
    const home = SDK_HOMES.find(([sdk]) => sdk.test(target))?.[1];
    return home === undefined || file.startsWith(home) ? null : `${target} belongs to ${home}`;
  }
  const path = posix.join(posix.dirname(file), target);
  const [own, other] = [folderOf(file), folderOf(path)];
  if (own === other) return ownFolderObjection(file, path, own);
  const [from, to] = [FLOORS[own], FLOORS[other]];
  if (from === undefined || to === undefined) return `${own} or ${other} stands on no floor`;
  if (to > from) return "imports point down only";
  if (to === from) return ALLOWED_NEIGHBOURS.has(`${own} → ${other}`) ? null : "neighbours on one floor do not import each other";
  if (own === "config" && to > 1 && other !== "files" && !path.endsWith("-options.ts"))
    return "config knows of an adapter only its options";
  if (own === "sync" && ["sources", "s3", "folder"].includes(other)) return "sync gets its adapters as arguments";
  return null;
}

function ownFolderObjection(file: string, path: string, own: string): string | null {
  const sibling = (name: string): string | null => (name.split("/").length > 3 ? (name.split("/")[2] ?? null) : null);
  const [from, to] = [sibling(file), sibling(path)];
  return own === "sources" && from !== null && to !== null && from !== to ? "source adapters do not import each other" : null;
}

function folderOf(path: string): string {
  return path.split("/")[1] ?? "";
}

describe("imports point down only", () => {
  test("in every file of src", () => {
    const files = filesMatching(/^src\/.*\.ts$/);
    const found = files.flatMap((file) => {
      const targets = importsOf(read(file));
      return targets.map((target) => [file, target, objection(file, target)] as const).filter(([, , why]) => why !== null);
    });
    expect(files.length).toBeGreaterThan(0);
    expect(found.map(([file, target, why]) => `${file} imports ${target}: ${why}`)).toEqual([]);
  });

  test.each([
    ["src/core/a.ts", "../engine/b.ts"],
    ["src/engine/a.ts", "../sync/b.ts"],
    ["src/diffing/a.ts", "../state/b.ts"],
    ["src/sources/postgres/a.ts", "../duckdb/b.ts"],
    ["src/sync/a.ts", "../config/b.ts"],
    ["src/sync/a.ts", "../s3/b.ts"],
    ["src/config/a.ts", "../s3/s3-store.ts"],
    ["src/config/a.ts", "../engine/b.ts"],
    ["src/serve/a.ts", "../cli/b.ts"],
    ["src/cli/a.ts", "pg"],
    ["src/files/a.ts", "@duckdb/node-api"],
  ])("%s may not import %s", (file, target) => {
    expect(objection(file, target)).not.toBeNull();
  });

  test.each([
    ["src/engine/a.ts", "../core/types.ts"],
    ["src/sources/postgres/a.ts", "../source-context.ts"],
    ["src/sources/open-source.ts", "./postgres/a.ts"],
    ["src/config/a.ts", "../sources/postgres/postgres-options.ts"],
    ["src/config/rules/a.ts", "../../files/b.ts"],
    ["src/cli/commands/a.ts", "../../sync/b.ts"],
    ["src/s3/a.ts", "@aws-sdk/client-s3"],
    ["src/state/a.ts", "node:fs"],
  ])("%s may import %s", (file, target) => {
    expect(objection(file, target)).toBeNull();
  });
});

test("the scan sees every way to import", () => {
  const code = `import a from "./a.ts";
import type { B } from './b.ts';
export { c } from "./c.ts";
import "./d.ts";
const e = await import("./e.ts");
type F = typeof import("./f.ts");
import {
  g,
} from "./g.ts";`;
  expect(importsOf(code)).toEqual(["./a.ts", "./b.ts", "./c.ts", "./d.ts", "./e.ts", "./f.ts", "./g.ts"]);
});
