import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";

/** A server in a process of its own that takes what is put as S3 does; gone once disposed. Any credentials will do. */
export interface ReceivingS3 extends AsyncDisposable {
  readonly endpoint: string;
}

const announcement = z.object({ endpoint: z.string() });

/** Starts the server that the benchmark sends to. */
export async function startReceivingS3(): Promise<ReceivingS3> {
  const script = fileURLToPath(new URL("receiving-s3.ts", import.meta.url));
  const child: ChildProcess = spawn(process.execPath, ["--import", "tsx", script], { stdio: ["pipe", "pipe", "inherit"] });
  if (child.stdout === null) throw new Error("the server has no output");
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return {
    ...announcement.parse(JSON.parse(line)),
    [Symbol.asyncDispose]: async () => {
      const gone = once(child, "exit");
      child.stdin?.end();
      await gone;
    },
  };
}
