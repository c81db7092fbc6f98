import { join } from "node:path";
import { findPython, freePort, startServer, stopServer } from "../warehouses/servers.ts";
import type { Suite } from "../warehouses/suite.ts";

const PYTHON_MINOR = 10;

/** Against fakesnow, behind an adapter to the protocol of the Node driver. */
export const snowflakeSuite: Suite = {
  name: "snowflake",
  missing: () => (findPython(PYTHON_MINOR) === null ? `Python 3.${PYTHON_MINOR} (with venv) is not installed` : null),
  start: async (cache) => {
    const port = await freePort();
    const folder = join(cache, "fakesnow");
    const endpoint = `http://127.0.0.1:${port}`;
    const env = { ...process.env, PYTHON: findPython(PYTHON_MINOR) ?? "python3" };
    const child = await startServer(join(import.meta.dirname, "start.sh"), [folder, String(port)], env, `${endpoint}/__log`, 240_000);
    return {
      env: {
        SPILLWAY_SNOWFLAKE_UNDER_TEST: endpoint,
        SPILLWAY_SNOWFLAKE_KEY: join(folder, "rsa.p8"),
        SNOWFLAKE_DISABLE_PLATFORM_DETECTION: "true",
        SNOWFLAKE_DISABLE_MINICORE: "true",
        SF_TELEMETRY_DISABLE_CONNECTION_SHAPE: "true",
      },
      stop: async () => await stopServer(child),
    };
  },
};
