import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { withKeyTables } from "../../scripts/configuration-keys.ts";
import { configJsonSchema, keysAt, modelJsonSchema } from "../../src/config/json-schema.ts";
import { loadProject } from "../../src/config/load-project.ts";
import { CONFIG, MODEL } from "./temp-project.ts";

const ROOT = join(import.meta.dirname, "../..");
const SCHEMAS = { config: configJsonSchema(), model: modelJsonSchema() };

describe.each(["config", "model"] as const)("The JSON schema of a %s", (kind) => {
  test("is the published one (mend with `npm run schemas`)", async () => {
    const published: unknown = JSON.parse(await readFile(join(ROOT, `schema/${kind}.schema.json`), "utf8"));
    expect(published).toEqual(SCHEMAS[kind]);
  });

  test("says of every key what it means", () => {
    expect(undescribed(SCHEMAS[kind])).toEqual([]);
  });

  test("accepts the files that ship", async () => {
    const files = kind === "config" ? ["config.example.yaml"] : await yamlFiles("models");
    expect(files.length).toBeGreaterThan(0);
    for (const file of files)
      expect({ file, errors: errorsOf(kind, await readFile(join(ROOT, file), "utf8")) }).toEqual({ file, errors: null });
  });
});

test("the tables of keys in docs/configuration.md are those of the schemas (mend with `npm run schemas`)", async () => {
  const page = await readFile(join(ROOT, "docs/configuration.md"), "utf8");
  expect(withKeyTables(page)).toBe(page);
});

test("the project that ships loads without a warning", async () => {
  const { project, warnings } = await loadProject({
    configFile: "config.example.yaml",
    env: {},
    cwd: ROOT,
    signal: new AbortController().signal,
  });
  expect(warnings).toEqual([]);
  expect(project.streams.length).toBeGreaterThan(0);
});

test("an editor with the schemas sees slips, wrong values and missing keys", () => {
  expect(errorsOf("config", CONFIG)).toBeNull();
  expect(errorsOf("config", `${CONFIG}nonsense: 1\n`)).not.toBeNull();
  expect(errorsOf("config", CONFIG.replace("path: out", "pth: out"))).not.toBeNull();
  expect(errorsOf("model", MODEL)).toBeNull();
  expect(errorsOf("model", `${MODEL}mode: detla\n`)).not.toBeNull();
  expect(errorsOf("model", MODEL.replace("source: warehouse\n", ""))).not.toBeNull();
});

test("the keys of a mapping are looked up below records, lists and the branch that `type` picks", () => {
  const value = { destinations: { p: { type: "local" }, q: {} } };
  expect(keysAt(SCHEMAS.config, ["destinations", "p"], value)).toEqual(["type", "path", "enabled", "defaults"]);
  expect(keysAt(SCHEMAS.config, ["destinations", "q"], value)).toEqual(expect.arrayContaining(["path", "bucket"]));
  expect(keysAt(SCHEMAS.model, ["columns", "a"], { columns: { a: {} } })).toEqual([
    "from",
    "value",
    "template",
    "path",
    "format",
    "apply",
    "map",
    "default",
  ]);
  expect(keysAt(SCHEMAS.model, ["tags", 0], { tags: ["a"] })).toEqual([]);
});

function errorsOf(kind: "config" | "model", yaml: string): unknown {
  const validate = new Ajv({ allErrors: true, strict: false }).compile(SCHEMAS[kind]);
  return validate(parse(yaml)) ? null : validate.errors;
}

async function yamlFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(ROOT, folder));
  return entries.filter((name) => name.endsWith(".yaml")).map((name) => join(folder, name));
}

/** Paths of properties without a description; the literal of `type` speaks for itself. */
function undescribed(schema: unknown, path = ""): readonly string[] {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([key, below]) => {
    if (key !== "properties") return undescribed(below, path);
    return Object.entries(below as Record<string, object>).flatMap(([name, property]) => {
      const here = `${path}/${name}`;
      const described = "description" in property || "const" in property;
      return [...(described ? [] : [here]), ...undescribed(property, here)];
    });
  });
}
