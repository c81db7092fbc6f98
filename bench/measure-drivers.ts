import { fileURLToPath } from "node:url";
import { servePages } from "./bigquery-pages.ts";
import { measureProcess } from "./measure-process.ts";
import { serveChunks } from "./snowflake-chunks.ts";

/** What one driver took for a result of one size. */
export interface DriverEntry {
  readonly driver: string;
  readonly rows: number;
  readonly seconds: number;
  readonly peakBytes: number | null;
}

/** A driver that hands over rows: a server with ready-made answers, and the script that reads them in a process of its own. */
interface Driver {
  readonly name: string;
  readonly script: string;
  readonly serve: (rows: number) => Promise<AsyncDisposable & { readonly endpoint: string }>;
}

const DRIVERS: readonly Driver[] = [
  { name: "@google-cloud/bigquery", script: "bigquery-rows.ts", serve: servePages },
  { name: "snowflake-sdk", script: "snowflake-rows.ts", serve: serveChunks },
];

/** Extracts results of each size through each driver, over loopback. */
export async function measureDrivers(sizes: readonly number[]): Promise<readonly DriverEntry[]> {
  const entries: DriverEntry[] = [];
  for (const { name, script, serve } of DRIVERS) {
    for (const rows of sizes) {
      await using server = await serve(rows);
      const path = fileURLToPath(new URL(script, import.meta.url));
      const { stdout, peakBytes } = await measureProcess(process.execPath, ["--import", "tsx", path, server.endpoint]);
      const [found, seconds] = stdout.trim().split(" ");
      if (Number(found) !== rows) throw new Error(`${name}: ${String(found)} rows instead of ${rows}`);
      entries.push({ driver: name, rows, seconds: Number(seconds), peakBytes });
    }
  }
  return entries;
}
