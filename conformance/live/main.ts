import { spawn } from "node:child_process";
import { join } from "node:path";

/*
 * `npm run live -- WAREHOUSE`: a source against the real service, with credentials from the environment. Rows are made up in the queries
 * themselves: nothing is created and no table is read.
 */

/** What must stand in the environment. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  bigquery: ["BIGQUERY_PROJECT"],
  snowflake: ["SNOWFLAKE_ACCOUNT", "SNOWFLAKE_USERNAME", "SNOWFLAKE_WAREHOUSE"],
};

const HERE = import.meta.dirname;

async function main(name: string | undefined): Promise<number> {
  const needed = name === undefined ? undefined : NEEDED[name];
  if (name === undefined || needed === undefined) {
    console.error(`usage: npm run live -- ${Object.keys(NEEDED).join("|")}`);
    return 2;
  }
  const missing = needed.filter((variable) => (process.env[variable] ?? "") === "");
  if (missing.length > 0) {
    console.error(`${missing.join(", ")} must be set: see docs/sources/${name}.md`);
    return 2;
  }
  const args = ["run", "--config", join(HERE, "vitest.config.ts"), name];
  const child = spawn(join(HERE, "../../node_modules/.bin/vitest"), args, { stdio: "inherit" });
  return await new Promise((resolve) => child.on("exit", (code) => resolve(code ?? 1)));
}

process.exitCode = await main(process.argv[2]);
