import { open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { TempFolder } from "../test/support/temp-folder.ts";
import { measureProcess } from "./measure-process.ts";
import { startReceivingS3 } from "./start-receiving-s3.ts";

/** One way of sending a file, at its best of some rounds. */
export interface UploadEntry {
  readonly work: string;
  readonly bytes: number;
  readonly seconds: number;
  /** Seconds over those of the SDK's own way. */
  readonly ratio: number;
  readonly peakBytes: number | null;
}

const WAYS = [
  { work: "one object to S3, as delivered", script: "send-spillway.ts", key: "/bench/spillway" },
  { work: "the same through @aws-sdk/lib-storage", script: "send-lib-storage.ts", key: "/bench/lib-storage" },
] as const;

// The SDK would tell each process to upgrade Node.
const QUIET = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" };

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Sends a file of so many bytes in parts, both ways in turn, each in a process of its own against a server that keeps nothing. */
export async function measureUploads(folder: TempFolder, bytes: number, rounds: number): Promise<readonly UploadEntry[]> {
  const file = folder.at("upload.bin");
  await fillFile(file, bytes);
  await using server = await startReceivingS3();
  const best = new Map<string, { seconds: number; peakBytes: number | null }>();
  for (let round = 0; round < rounds; round += 1) {
    for (const { work, script: name } of WAYS) {
      const measured = await measureProcess(process.execPath, ["--import", "tsx", script(name), server.endpoint, file], { env: QUIET });
      const [sent, seconds] = measured.stdout.trim().split(" ").map(Number);
      if (sent !== bytes || seconds === undefined) throw new Error(`${work}: ${measured.stdout}`);
      const known = best.get(work);
      if (known === undefined || seconds < known.seconds) best.set(work, { seconds, peakBytes: measured.peakBytes });
    }
  }
  await mustHaveAll(server.endpoint, bytes * rounds);
  const usual = best.get(WAYS[1].work)?.seconds ?? 1;
  return [...best].map(([work, { seconds, peakBytes }]) => ({ work, bytes, seconds, ratio: seconds / usual, peakBytes }));
}

async function fillFile(path: string, bytes: number): Promise<void> {
  await using file = await open(path, "w");
  const line = Buffer.alloc(1 << 20, "user_id,email,first_name,last_name,tier,ltv,consented,updated_at\n");
  for (let at = 0; at < bytes; at += line.length) await file.write(line.subarray(0, Math.min(line.length, bytes - at)));
}

async function mustHaveAll(endpoint: string, bytes: number): Promise<void> {
  const received = z.record(z.string(), z.number()).parse(await (await fetch(endpoint)).json());
  for (const { key, work } of WAYS)
    if (received[key] !== bytes) throw new Error(`${work}: ${received[key] ?? 0} bytes arrived instead of ${bytes}`);
}
