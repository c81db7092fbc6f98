import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { TempFolder } from "../test/support/temp-folder.ts";
import { QUERY } from "./bench-table.ts";
import { type Measured, measureProcess } from "./measure-process.ts";

const MAIN = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const LOCAL_S3 = fileURLToPath(new URL("local-s3.ts", import.meta.url));

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

/** A local S3 server in a process of its own, gone once disposed. */
export interface LocalS3 extends AsyncDisposable {
  readonly endpoint: string;
  readonly region: string;
  readonly keys: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

const announcement = z.object({
  endpoint: z.string(),
  region: z.string(),
  keys: z.object({ accessKeyId: z.string(), secretAccessKey: z.string() }),
});

/** Starts the server that runs deliver to. */
export async function startLocalS3(): Promise<LocalS3> {
  const child: ChildProcess = spawn(process.execPath, ["--import", "tsx", LOCAL_S3], { stdio: ["pipe", "pipe", "inherit"] });
  if (child.stdout === null) throw new Error("the local S3 server has no output");
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, "line")) as [string];
  return {
    ...announcement.parse(JSON.parse(line)),
    [Symbol.asyncDispose]: async () => {
      const gone = once(child, "exit");
      child.stdin?.end();
      await gone;
    },
  };
}

/** Writes a project with one model; `memoryLimit` is the engine's. */
export async function writeProject(folder: TempFolder, sourceUrl: string, s3: LocalS3, memoryLimit: string): Promise<string> {
  const name = `limit-${memoryLimit}`;
  const destination = {
    type: "s3",
    bucket: "bench",
    prefix: name,
    region: s3.region,
    endpoint: s3.endpoint,
    path_style: true,
    credentials: { access_key_id: s3.keys.accessKeyId, secret_access_key: s3.keys.secretAccessKey },
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
