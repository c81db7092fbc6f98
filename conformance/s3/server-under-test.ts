import { readFileSync } from "node:fs";
import { s3OptionsSchema } from "../../src/s3/s3-options.ts";
import type { S3Options } from "../../src/s3/s3-options.ts";
import type { ServerKeys, ServerUnderTest } from "./accounts.ts";

/** The server that conformance/s3/main.ts started or was pointed at. */
export function serverUnderTest(): ServerUnderTest {
  const file = process.env["SPILLWAY_S3_UNDER_TEST"];
  if (file === undefined) throw new Error("run `npm run conformance:s3`: it starts the server that these tests examine");
  return JSON.parse(readFileSync(file, "utf8")) as ServerUnderTest;
}

/** Options of a destination on that server, as these keys, with `changes` as YAML would give them. */
export function optionsOn(server: ServerUnderTest, credentials: ServerKeys, changes: Record<string, unknown> = {}): S3Options {
  return s3OptionsSchema.parse({
    type: "s3",
    bucket: server.bucket,
    region: server.region,
    endpoint: server.endpoint,
    ...(server.iam === null ? {} : { sts_endpoint: server.endpoint }),
    path_style: true,
    credentials,
    checksums: server.wholeObjectChecksums ? "supported" : "required",
    ...changes,
  });
}
