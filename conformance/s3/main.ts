import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeAccounts } from "./accounts.ts";
import type { ServerUnderTest } from "./accounts.ts";

/*
 * `npm run conformance:s3`: the S3 adapter against a server that others wrote. Without S3_TEST_ENDPOINT it installs one from the Python
 * registry into a cache folder, starts it on a free port and stops it at the end. With S3_TEST_ENDPOINT (and S3_TEST_ACCESS_KEY_ID,
 * S3_TEST_SECRET_ACCESS_KEY, S3_TEST_BUCKET, S3_TEST_REGION) it examines that store, below a prefix of its own.
 */

const HERE = import.meta.dirname;
const CACHE = join(HERE, "../../node_modules/.cache/spillway-conformance/s3");
const STARTS_WITHIN_MS = 180_000;

function fromEnvironment(): ServerUnderTest | null {
  const { env } = process;
  const endpoint = env["S3_TEST_ENDPOINT"];
  if (endpoint === undefined || endpoint === "") return null;
  const needed = (name: string): string => {
    const value = env[name];
    if (value === undefined || value === "") throw new Error(`S3_TEST_ENDPOINT is set, so ${name} is needed as well`);
    return value;
  };
  return {
    endpoint,
    region: env["S3_TEST_REGION"] ?? "us-east-1",
    bucket: needed("S3_TEST_BUCKET"),
    wholeObjectChecksums: true,
    admin: { access_key_id: needed("S3_TEST_ACCESS_KEY_ID"), secret_access_key: needed("S3_TEST_SECRET_ACCESS_KEY") },
    iam: null,
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts the server and waits until it answers. */
async function startServer(): Promise<{ readonly endpoint: string; readonly child: ChildProcess }> {
  mkdirSync(CACHE, { recursive: true });
  const port = await freePort();
  const child = spawn(join(HERE, "start.sh"), [CACHE, String(port)], { stdio: ["ignore", "ignore", "inherit"] });
  const endpoint = `http://127.0.0.1:${port}`;
  const giveUpAt = performance.now() + STARTS_WITHIN_MS;
  while (performance.now() < giveUpAt) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode} while it was installed or started`);
    const up = await fetch(endpoint).then(
      () => true,
      () => false,
    );
    if (up) return { endpoint, child };
    await sleep(200);
  }
  child.kill("SIGKILL");
  throw new Error(`the server did not answer within ${STARTS_WITHIN_MS / 1000} s`);
}

async function examine(server: ServerUnderTest): Promise<number> {
  mkdirSync(CACHE, { recursive: true });
  const file = join(CACHE, "server.json");
  writeFileSync(file, JSON.stringify(server), { mode: 0o600 });
  const child = spawn(join(HERE, "../../node_modules/.bin/vitest"), ["run", "--config", join(HERE, "vitest.config.ts")], {
    stdio: "inherit",
    env: { ...process.env, SPILLWAY_S3_UNDER_TEST: file },
  });
  return await new Promise((resolve) => child.on("exit", (code) => resolve(code ?? 1)));
}

async function main(): Promise<number> {
  const given = fromEnvironment();
  if (given !== null) return await examine(given);
  if (spawnSync("python3", ["-c", "import venv"]).status !== 0) {
    console.log("skipped: Python 3 (with venv) is not installed, and S3_TEST_ENDPOINT names no other store");
    return 0;
  }
  const { endpoint, child } = await startServer();
  try {
    return await examine(await makeAccounts(endpoint));
  } finally {
    child.kill();
  }
}

process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
process.exitCode = await main();
