import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { TempFolder } from "../test/support/temp-folder.ts";
import { QUERY } from "./bench-table.ts";
import { type Measured, measureProcess } from "./measure-process.ts";
import type { ReceivingS3 } from "./start-receiving-s3.ts";

const MAIN = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

const runDocument = z.object({
  data: z.object({
    runs: z
      .array(
        z.object({
          status: z.string(),
          added: z.number(),
          changed: z.number(),
          removed: z.number(),
          phases: z.array(z.object({ phase: z.string(), ms: z.number() })),
        }),
      )
      .length(1),
  }),
});

/** A run of the built program, measured from outside. */
export interface MeasuredRun extends Measured {
  readonly status: string;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly phases: readonly { readonly phase: string; readonly ms: number }[];
}

/** Writes a project with one model; `memoryLimit` is the engine's. */
export async function writeProject(folder: TempFolder, sourceUrl: string, s3: ReceivingS3, memoryLimit: string): Promise<string> {
  const name = `limit-${memoryLimit}`;
  const destination = {
    type: "s3",
    bucket: "bench",
    prefix: name,
    region: "eu-central-1",
    endpoint: s3.endpoint,
    path_style: true,
    credentials: { access_key_id: "bench", secret_access_key: "any will do" },
  };
  const config = {
    version: 1,
    state: ".sync",
    models: "models",
    engine: { memory_limit: memoryLimit, threads: 2 },
    sources: { warehouse: { type: "postgres", url: sourceUrl } },
    destinations: { partner: destination },
  };
  // JSON is YAML.
  await folder.write(`${name}/config.yaml`, JSON.stringify(config));
  await folder.write(
    `${name}/models/users.yaml`,
    JSON.stringify({ source: "warehouse", destination: "partner", query: QUERY, primary_key: ["user_id"] }),
  );
  return folder.at(name);
}

/** One `run --all` of the built program in a project. */
export async function runProgram(project: string): Promise<MeasuredRun> {
  const measured = await measureProcess(process.execPath, [MAIN, "run", "--all", "--json", "--quiet"], { cwd: project });
  const [run] = runDocument.parse(JSON.parse(measured.stdout)).data.runs;
  if (run === undefined) throw new Error("no run");
  return { ...measured, ...run };
}
