import { z } from "zod";
import { bucketAdvice, isBucketName } from "./bucket-name.ts";
import { s3OptionsSchema } from "./s3-options.ts";
import type { S3Options } from "./s3-options.ts";

const S3_URL = /^s3:\/\/([^/]+)(?:\/(.*))?$/;

const url = z
  .string()
  .superRefine((text, context) => {
    const bucket = S3_URL.exec(text)?.[1];
    if (bucket === undefined) context.addIssue({ code: "custom", message: "write s3://bucket/prefix" });
    else if (!isBucketName(bucket)) context.addIssue({ code: "custom", message: bucketAdvice(bucket) });
  })
  .describe("Where the state lies: s3://bucket/prefix. Use a prefix that nothing else is written to.");

const { region, role_arn, external_id, sts_endpoint, credentials, profile, endpoint, path_style, encryption, checksums } =
  s3OptionsSchema.shape;

const keys = z.strictObject({
  url,
  region,
  role_arn,
  external_id,
  sts_endpoint,
  credentials,
  profile,
  endpoint,
  path_style,
  encryption,
  checksums,
});

/** A state root on S3 written with the keys of its connection; parses to the options of a store. */
export const s3StateKeysSchema = keys.transform(toOptions);

/** A state root on S3 written as `s3://bucket/prefix` alone; parses to the options of a store. */
export const s3StateUrlSchema = url.transform((text) => toOptions({ url: text }));

/** Both ways. Without a region that of the environment (AWS_REGION) or profile is used. */
export const s3StateOptionsSchema = z.union([s3StateUrlSchema, s3StateKeysSchema]);

function toOptions({ url: place, ...given }: Partial<z.output<typeof keys>> & { readonly url: string }): S3Options {
  const [, bucket = "", prefix = ""] = S3_URL.exec(place) ?? [];
  // Only defaults are filled in here: the region that the full schema asks for may come from the environment.
  const defaults = s3OptionsSchema.parse({ type: "s3", bucket, region: "us-east-1" });
  return { ...defaults, region: undefined, ...given, prefix: prefix.replace(/\/+$/, "") };
}
