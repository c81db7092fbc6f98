import { stat } from "node:fs/promises";
import { hashFile } from "../src/core/scan-file.ts";
import { s3OptionsSchema } from "../src/s3/s3-options.ts";
import { openS3Store } from "../src/s3/s3-store.ts";
import { fileBody } from "../src/state/state-files.ts";

// A process of its own: one file to S3 as a delivery sends it, its SHA-256 proved on the way. Prints the bytes and the seconds.
const [endpoint = "", path = ""] = process.argv.slice(2);
const { signal } = new AbortController();
const credentials = { access_key_id: "AKIABENCH", secret_access_key: "bench" };
const options = s3OptionsSchema.parse({
  type: "s3",
  bucket: "bench",
  region: "us-east-1",
  endpoint,
  path_style: true,
  credentials,
  conditional_writes: "off",
});
const { size } = await stat(path);
// In a run the staged file's hash is known before.
const { sha256 } = await hashFile(path, signal);
await using store = openS3Store(options, { sessionName: "bench" });
const start = performance.now();
const outcome = await store.putNew(
  "spillway",
  fileBody(path, size, sha256),
  { stateId: "bench", generation: 1, run: "bench", sha256 },
  signal,
);
if (outcome.kind !== "created") throw new Error(outcome.kind);
console.log(`${size} ${(performance.now() - start) / 1000}`);
