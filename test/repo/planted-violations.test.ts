import { cp, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { execute, type Executed } from "../support/execute.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** A rule that never fires is no rule: each one is shown a violation, in a small tree under the project's own settings. */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SETTINGS = [".oxlintrc.json", ".oxfmtrc.json", "tsconfig.json", "knip.config.ts", "package.json"];

interface Plant {
  readonly fault: string;
  readonly file: string;
  readonly code: string;
  /** Rule and a piece of its message. */
  readonly says: readonly [rule: string, message: string];
}

const imports = (fault: string, file: string, code: string, message: string): Plant => ({
  fault,
  file,
  code,
  says: ["eslint(no-restricted-imports)", message],
});

const PLANTS: readonly Plant[] = [
  {
    fault: "a floating promise",
    file: "src/state/floating.ts",
    code: `export function go(): void {\n  Promise.resolve(1);\n}\n`,
    says: ["typescript(no-floating-promises)", "Promises must be awaited"],
  },
  {
    fault: "a promise where a boolean is meant",
    file: "src/state/misused.ts",
    code: `const ready = async (): Promise<boolean> => Promise.resolve(true);\nexport const answer = (): number => (ready() ? 1 : 2);\n`,
    says: ["typescript(no-misused-promises)", "non-Promise"],
  },
  {
    fault: "a switch that forgets a case",
    file: "src/state/switch.ts",
    code: `export function say(kind: "a" | "b"): number {\n  switch (kind) {\n    case "a":\n      return 1;\n  }\n  return 0;\n}\n`,
    says: ["typescript(switch-exhaustiveness-check)", "not exhaustive"],
  },
  {
    fault: "throwing what is no error",
    file: "src/state/thrown.ts",
    code: `export function fail(): never {\n  throw "text";\n}\n`,
    says: ["typescript(only-throw-error)", "error"],
  },
  {
    fault: "any",
    file: "src/state/any.ts",
    code: `export const first = (list: readonly any[]): number => list.length;\n`,
    says: ["typescript(no-explicit-any)", "any"],
  },
  {
    fault: "a non-null assertion",
    file: "src/state/bang.ts",
    code: `export const first = (list: readonly string[]): string => list[0]!;\n`,
    says: ["typescript(no-non-null-assertion)", "non-null"],
  },
  {
    fault: "a default export",
    file: "src/state/default-export.ts",
    code: `export default function go(): number {\n  return 1;\n}\n`,
    says: ["import(no-default-export)", "default"],
  },
  {
    fault: "a barrel",
    file: "src/state/barrel.ts",
    code: `export * from "./any.ts";\n`,
    says: ["oxc(no-barrel-file)", "Barrel file"],
  },
  {
    fault: "console in the engine",
    file: "src/engine/console.ts",
    code: `export const shout = (): void => {\n  console.log("rows");\n};\n`,
    says: ["eslint(no-console)", "console"],
  },
  {
    fault: "process in sync",
    file: "src/sync/process.ts",
    code: `export const folder = (): string => process.cwd();\n`,
    says: ["eslint(no-restricted-globals)", "Only src/cli knows that there is a process"],
  },
  {
    fault: "a function of more than 50 lines",
    file: "src/sync/long-function.ts",
    code: `export function long(): number {\n  let sum = 0;\n${"  sum += 1;\n".repeat(50)}  return sum;\n}\n`,
    says: ["eslint(max-lines-per-function)", "50"],
  },
  {
    fault: "a file of more than 300 lines",
    file: "src/sync/long-file.ts",
    code: Array.from({ length: 301 }, (_, line) => `export const n${line} = ${line};\n`).join(""),
    says: ["eslint(max-lines)", "300"],
  },
  {
    fault: "a cycle",
    file: "src/sync/cycle-a.ts",
    code: `import { b } from "./cycle-b.ts";\n\nexport const a = (): number => b();\n`,
    says: ["import(no-cycle)", "cycle"],
  },
  imports("process by import", "src/sync/process-import.ts", `import { cwd } from "node:process";\n\nexport { cwd };\n`, "Only src/cli"),
  imports(
    "an upward import",
    "src/engine/upward.ts",
    `import { n1 } from "../sync/long-file.ts";\n\nexport const n = n1;\n`,
    "point down only",
  ),
  imports(
    "an upward import of a type",
    "src/core/upward-type.ts",
    `import type { Rows } from "../engine/rows.ts";\n\nexport type R = Rows;\n`,
    "ground floor",
  ),
  imports("a re-export from above", "src/engine/re-export.ts", `export { n2 } from "../sync/long-file.ts";\n`, "point down only"),
  imports(
    "a neighbour on floor 3",
    "src/diffing/neighbour.ts",
    `import { first } from "../state/any.ts";\n\nexport const f = first;\n`,
    "floor 3",
  ),
  imports(
    "a source that knows another",
    "src/sources/postgres/sibling.ts",
    `import { a } from "../duckdb/plain.ts";\n\nexport const b = a;\n`,
    "never import each other",
  ),
  imports(
    "an adapter in sync",
    "src/sync/adapter.ts",
    `import type { Store } from "../s3/store.ts";\n\nexport type S = Store;\n`,
    "as arguments",
  ),
  imports("sync in config", "src/config/sideways.ts", `import { n3 } from "../sync/long-file.ts";\n\nexport const n = n3;\n`, "floor 4"),
  imports(
    "an adapter in config",
    "src/config/adapter.ts",
    `import { a } from "../sources/duckdb/plain.ts";\n\nexport const b = a;\n`,
    "schema of its options",
  ),
  imports(
    "a vendor's SDK elsewhere",
    "src/sync/vendor.ts",
    `import type { Client } from "pg";\n\nexport type C = Client;\n`,
    "vendor's SDK",
  ),
];

/** Nothing is wrong with these. */
const SOUND: Readonly<Record<string, string>> = {
  "src/sync/cycle-b.ts": `import { a } from "./cycle-a.ts";\n\nexport const b = (): number => a();\n`,
  "src/engine/rows.ts": `export type Rows = bigint;\n`,
  "src/state/enum.ts": `export enum Kind {\n  A,\n}\n`,
  "src/s3/store.ts": `export type Store = string;\n`,
  "src/s3/s3-options.ts": `export const s3Options = { region: "eu" };\n`,
  "src/sources/postgres/pg.ts": `import type { Client } from "pg";\n\nexport type C = Client;\n`,
  "src/sources/duckdb/plain.ts": `export const a = 1;\n`,
  "src/sources/duckdb/duckdb-options.ts": `export const duckdbOptions = { path: "x" };\n`,
  "src/config/options.ts": `import { s3Options } from "../s3/s3-options.ts";\nimport { duckdbOptions } from "../sources/duckdb/duckdb-options.ts";\n\nexport const all = [s3Options, duckdbOptions];\nexport const spare = 1;\n`,
  "src/diffing/down.ts": `import type { Rows } from "../engine/rows.ts";\n\nexport const double = (rows: Rows): Rows => rows + rows;\n`,
  "src/cli/commands/undeclared.ts": `import type { Pad } from "left-pad";\n\nexport type P = Pad;\n`,
  "src/cli/main.ts": `import { all } from "../config/options.ts";\n\nprocess.stdout.write(String(all.length));\nconsole.log("done");\n`,
};

interface Finding {
  readonly code: string;
  readonly message: string;
  readonly help?: string;
  readonly filename: string;
}

let findings: readonly Finding[] = [];
let unused: Executed;
let compiled: Executed;

beforeAll(async () => {
  await using folder = await tempFolder();
  await Promise.all(SETTINGS.map(async (name) => cp(join(ROOT, name), folder.at(name))));
  await symlink(join(ROOT, "node_modules"), folder.at("node_modules"));
  for (const [file, code] of [...PLANTS.map((plant) => [plant.file, plant.code] as const), ...Object.entries(SOUND)])
    await folder.write(file, code);
  const bin = (name: string): string => join(ROOT, "node_modules/.bin", name);
  const linted = await execute(bin("oxlint"), ["-f", "json"], { cwd: folder.path });
  findings = (JSON.parse(linted.stdout) as { diagnostics: readonly Finding[] }).diagnostics;
  compiled = await execute(bin("tsc"), ["-p", "."], { cwd: folder.path });
  unused = await execute(bin("knip"), ["--reporter", "symbols"], { cwd: folder.path });
});

describe("the linter refuses", () => {
  test.each(PLANTS)("$fault", ({ file, says: [rule, message] }) => {
    const found = findings.filter((finding) => finding.filename === file && finding.code === rule);
    expect(found.map((finding) => `${finding.message} ${finding.help ?? ""}`).join("\n")).toContain(message);
  });
});

test.each(Object.keys(SOUND).filter((file) => !file.includes("cycle")))("the linter has nothing against %s", (file) => {
  expect(findings.filter((finding) => finding.filename === file)).toEqual([]);
});

test.each(["src/state/any.ts", "spare  src/config/options.ts", "left-pad  src/cli/commands/undeclared.ts"])("knip reports %s", (line) => {
  expect(unused.code).toBe(1);
  const reported = unused.stdout.split("\n").map((text) => text.replaceAll(/\s+/g, "  "));
  expect(reported.filter((text) => text.startsWith(line))).toHaveLength(1);
});

test("the compiler refuses what Node cannot erase", () => {
  expect(compiled.stdout).toMatch(/src\/state\/enum\.ts.*TS1294/);
});
