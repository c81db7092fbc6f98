import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";

// The SDK's own way, for comparison: the same parts, as many at once. Prints the bytes and the seconds.
const [endpoint = "", path = ""] = process.argv.slice(2);
const credentials = { accessKeyId: "AKIABENCH", secretAccessKey: "bench" };
const client = new S3Client({ region: "us-east-1", endpoint, forcePathStyle: true, credentials });
const { size } = await stat(path);
const start = performance.now();
const params = { Bucket: "bench", Key: "lib-storage", Body: createReadStream(path) };
await new Upload({ client, params, partSize: 8 * 1024 * 1024, queueSize: 4 }).done();
console.log(`${size} ${(performance.now() - start) / 1000}`);
client.destroy();
