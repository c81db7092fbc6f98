import { describe, expect, test } from "vitest";
import { NOT_YET_USED } from "../../knip.config.ts";
import { filesMatching, importsOf, read } from "./source-tree.ts";

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly resolved?: string; readonly optionalDependencies?: Readonly<Record<string, string>> }>
  >;
}

const manifest = JSON.parse(read("package.json")) as Manifest;
const lock = JSON.parse(read("package-lock.json")) as Lock;
const declared = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies)];

test("what knip overlooks as not yet used is declared and really not used", () => {
  const imported = new Set(filesMatching(/^(src|test|bench|scripts)\/.*\.ts$/).flatMap((file) => importsOf(read(file))));
  const isImported = (name: string): boolean => [...imported].some((target) => target === name || target.startsWith(`${name}/`));
  expect(NOT_YET_USED.filter((name) => !declared.includes(name))).toEqual([]);
  expect(NOT_YET_USED.filter(isImported)).toEqual([]);
});

describe("README's table of dependencies", () => {
  const rows = read("README.md")
    .split("\n")
    .flatMap((line) => {
      const [, names = "", reason = ""] = /^\| (`.+`) \| (.+) \|$/.exec(line) ?? [];
      return [...names.matchAll(/`([^`]+)`/g)].map((name) => ({ name: name[1] ?? "", reason }));
    });
  const covers = (listed: string, name: string): boolean =>
    listed === name || (listed.endsWith("/*") && name.startsWith(listed.slice(0, -1)));

  test.each(declared)("%s stands there with a reason", (name) => {
    expect(rows.find((row) => covers(row.name, name))?.reason ?? "").toMatch(/\w+ \w+/);
  });
});

describe("package-lock.json", () => {
  test("sends nobody to a registry of our own", () => {
    const hosts = Object.values(lock.packages).flatMap((entry) => (entry.resolved === undefined ? [] : [new URL(entry.resolved).host]));
    expect(hosts.filter((host) => host !== "registry.npmjs.org")).toEqual([]);
  });

  // npm leaves them out behind a mirror that carries one platform only, and `npm ci` then refuses; scripts/complete-lock.ts adds them.
  test("holds the optional packages of every platform", () => {
    const places = Object.keys(lock.packages);
    const optional = Object.values(lock.packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
    expect(optional.length).toBeGreaterThan(0);
    expect(optional.filter((name) => !places.some((place) => place.endsWith(`node_modules/${name}`)))).toEqual([]);
  });
});
