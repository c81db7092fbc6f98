import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { bigquerySuite } from "../bigquery/suite.ts";
import { snowflakeSuite } from "../snowflake/suite.ts";
import type { Suite } from "./suite.ts";

/*
 * `npm run conformance:warehouses [-- NAME…]`: the sources of warehouses against servers that others wrote. Each suite installs its servers into a
 * cache folder, starts them on free ports and stops them at the end; where their toolchain is missing it says so in one line.
 */

const SUITES: readonly Suite[] = [bigquerySuite, snowflakeSuite];

const HERE = import.meta.dirname;
const ROOT = join(HERE, "../..");

async function runSuite(suite: Suite): Promise<boolean> {
  const missing = suite.missing();
  if (missing !== null) {
    console.log(`skipped: ${suite.name}: ${missing}`);
    return true;
  }
  const cache = join(ROOT, "node_modules/.cache/spillway-conformance", suite.name);
  mkdirSync(cache, { recursive: true });
  const started = await suite.start(cache);
  try {
    const args = ["run", "--config", join(HERE, "vitest.config.ts"), `${suite.name}/`];
    const child = spawn(join(ROOT, "node_modules/.bin/vitest"), args, { stdio: "inherit", env: { ...process.env, ...started.env } });
    return await new Promise((resolve) => child.on("exit", (code) => resolve(code === 0)));
  } finally {
    await started.stop();
  }
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    console.error(`there is no suite ${unknown.join(", ")}; there are ${SUITES.map(({ name }) => name).join(", ")}`);
    return 2;
  }
  let failed = 0;
  for (const suite of SUITES) {
    if (names.length > 0 && !names.includes(suite.name)) continue;
    const passed = await runSuite(suite).catch((error: unknown) => {
      console.error(`${suite.name}: ${error instanceof Error ? error.message : String(error)}`);
      return false;
    });
    if (!passed) failed += 1;
  }
  return failed === 0 ? 0 : 1;
}

process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
process.exitCode = await main(process.argv.slice(2));
