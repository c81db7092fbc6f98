import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FUNCTION_NAMES } from "../../src/config/column-schema.ts";
import { loadProject } from "../../src/config/load-project.ts";
import { METADATA_FIELDS } from "../../src/core/types.ts";
import { type Engine, openEngine } from "../../src/engine/open-engine.ts";
import { sqlText } from "../../src/engine/sql-literal.ts";
import { stepsSql } from "../../src/files/column-steps.ts";
import { CONFIG, MODEL } from "../config/temp-project.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const signal = AbortSignal.timeout(60_000);
const page = await readFile(join(import.meta.dirname, "../../docs/columns.md"), "utf8");
const CELL = "(`[^`]*`|NULL)";
const EXAMPLES = [...page.matchAll(new RegExp(`^\\| \`(\\{from: [^\`]*)\` \\| ${CELL} \\| ${CELL} \\|$`, "gmu"))].map(
  ([, written = "", value = "", expected = ""]) => ({ written, value: cell(value), expected: cell(expected) }),
);

function cell(text: string): string | null {
  return text === "NULL" ? null : text.slice(1, -1);
}

let folder: TempFolder;
let engine: Engine;
beforeAll(async () => {
  folder = await tempFolder();
  engine = await openEngine({ memoryLimit: "200MB", threads: 1, tempDirectory: folder.at("spill"), maxTempSize: "1GB" }, signal);
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

test("every example of docs/columns.md comes out as it says", async () => {
  const columns = EXAMPLES.map(({ written }, n) => `  C${String(n)}: ${written}\n`).join("");
  await folder.write("config.yaml", CONFIG);
  await folder.write("models/users.yaml", `${MODEL}columns:\n${columns}`);
  const { project } = await loadProject({ configFile: "config.yaml", env: { HASH_KEY: "key" }, cwd: folder.path, signal });
  const compiled = project.streams[0]?.columns ?? [];
  expect(compiled).toHaveLength(EXAMPLES.length);
  const made = compiled.map(({ steps = [] }, n) => {
    const value = EXAMPLES[n]?.value ?? null;
    return stepsSql(value === null ? "CAST(NULL AS VARCHAR)" : sqlText(value), steps, "text");
  });
  const [row] = await engine.rows(`SELECT ${made.join(", ")}`, signal);
  expect(EXAMPLES.map((example, n) => ({ ...example, expected: row?.[n] }))).toEqual(EXAMPLES);
});

test("docs/columns.md has an example that runs of every function, and tells of every fact", () => {
  expect(EXAMPLES.length).toBeGreaterThan(40);
  const shown = EXAMPLES.map(({ written }) => written).join("\n");
  expect(FUNCTION_NAMES.filter((name) => !new RegExp(`apply: .*\\b${name}\\b`, "u").test(shown))).toEqual([]);
  expect(METADATA_FIELDS.filter((name) => !page.includes(`\`${name}\``) && !page.includes(`{from: ${name}}`))).toEqual([]);
});

test("every row of the tables of examples is one that runs", () => {
  const tables = page.split("| in `columns` | value | in the file |\n|---|---|---|\n").slice(1);
  const rows = tables.flatMap((table) => table.slice(0, table.indexOf("\n\n")).split("\n"));
  expect(rows).toHaveLength(EXAMPLES.length);
});
