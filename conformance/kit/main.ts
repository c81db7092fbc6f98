import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { findPython, runCommand } from "../warehouses/servers.ts";

/*
 * `npm run conformance:kit`: the pandas loader of `sync kit`, led through what the other loaders are led through by test/kit. It takes a Python that has
 * pandas (PYTHON, python3, Debian's), or makes an environment with pandas from the Python registry in a cache folder.
 */

const ROOT = join(import.meta.dirname, "../..");
const PYTHON_MINOR = 9;

function hasPandas(python: string): boolean {
  return spawnSync(python, ["-c", "import pandas"], { stdio: "ignore" }).status === 0;
}

function pythonWithPandas(): string {
  const { PYTHON: named } = process.env;
  const found = [...(named === undefined ? [] : [named]), "python3", "/usr/bin/python3"].find(hasPandas);
  return found ?? environment();
}

function environment(): string {
  const cache = join(ROOT, "node_modules/.cache/spillway-conformance/kit");
  const python = join(cache, "venv/bin/python");
  if (existsSync(python) && hasPandas(python)) return python;
  const base = findPython(PYTHON_MINOR);
  if (base === null) throw new Error(`Python 3.${PYTHON_MINOR} or later is not installed: apt-get install python3-pandas`);
  mkdirSync(cache, { recursive: true });
  runCommand(base, ["-m", "venv", join(cache, "venv")], cache);
  runCommand(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "pandas"], cache);
  return python;
}

const python = pythonWithPandas();
const args = ["run", "--config", join(import.meta.dirname, "vitest.config.ts")];
const env = { ...process.env, SPILLWAY_PANDAS: python };
process.exitCode = spawnSync(join(ROOT, "node_modules/.bin/vitest"), args, { stdio: "inherit", env }).status ?? 1;
