import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { findPython, freePort, runCommand, startServer, stopServer } from "../warehouses/servers.ts";
import type { StartedSuite, Suite } from "../warehouses/suite.ts";

/** Answers of the real service, recorded by the authors of another emulator, stand in its source package. */
const RECORDED = { package: "crucible-emulator", version: "0.1.0a2", folder: "crucible_emulator-0.1.0a2" };
/** Google's own analyser of GoogleSQL, built by others. */
const ANALYSER = { package: "@fivetrandevelopers/zetasql", version: "1.13.0" };
const PYTHON_MINOR = 13;

/** Against local-bigquery, recorded answers of BigQuery, and the GoogleSQL analyser. */
export const bigquerySuite: Suite = {
  name: "bigquery",
  missing: () => (findPython(PYTHON_MINOR) === null ? `Python 3.${PYTHON_MINOR} (with venv) is not installed` : null),
  start: async (cache) => {
    const python = findPython(PYTHON_MINOR) ?? "python3";
    const fixtures = installRecorded(cache, python);
    const analyser = installAnalyser(cache);
    return await startEmulator(cache, python, { SPILLWAY_BIGQUERY_RECORDED: fixtures, SPILLWAY_GOOGLESQL: analyser });
  },
};

async function startEmulator(cache: string, python: string, env: Readonly<Record<string, string>>): Promise<StartedSuite> {
  const [http, grpc] = [await freePort(), await freePort()];
  const endpoint = `http://127.0.0.1:${http}`;
  const args = [join(cache, "local-bigquery"), String(http), String(grpc)];
  const child = await startServer(join(import.meta.dirname, "start.sh"), args, { ...process.env, PYTHON: python }, endpoint, 240_000);
  return { env: { ...env, SPILLWAY_BIGQUERY_UNDER_TEST: endpoint }, stop: async () => await stopServer(child) };
}

function installRecorded(cache: string, python: string): string {
  const folder = join(cache, RECORDED.folder, "tests/fixtures/bigquery_api");
  if (!existsSync(folder)) {
    const args = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-binary", ":all:"];
    const download = join(cache, "download");
    rmSync(download, { recursive: true, force: true });
    runCommand(python, [...args, "--dest", download, `${RECORDED.package}==${RECORDED.version}`], cache);
    const [archive] = readdirSync(download).filter((name) => name.endsWith(".tar.gz"));
    if (archive === undefined) throw new Error(`${RECORDED.package} came without its source package`);
    runCommand("tar", ["-xzf", join(download, archive), "-C", cache], cache);
  }
  return folder;
}

function installAnalyser(cache: string): string {
  const folder = join(cache, "googlesql");
  const client = join(folder, "node_modules", ANALYSER.package, "lib/ZetaSQLClient.js");
  if (!existsSync(client)) {
    mkdirSync(folder, { recursive: true });
    runCommand(
      "npm",
      ["install", "--silent", "--no-audit", "--no-fund", "--no-save", "--prefix", folder, `${ANALYSER.package}@${ANALYSER.version}`],
      folder,
    );
  }
  return client;
}
