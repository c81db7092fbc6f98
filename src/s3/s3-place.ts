import type { Place } from "../core/ports.ts";
import { isAws } from "./aws-endpoint.ts";
import { partitionOf } from "./iam-policy.ts";
import type { S3Options } from "./s3-options.ts";

/** Where the options point, as an identity: the same bucket gives the same place by whichever of AWS's endpoints it is reached. */
export function s3Place(options: Pick<S3Options, "bucket" | "prefix" | "region" | "endpoint">): Place {
  const { bucket, prefix, region, endpoint } = options;
  // Names of buckets are unique within a partition of AWS, so the region is no part of who they are.
  const home = endpoint === undefined || isAws(endpoint) ? partitionOf(region) : new URL(endpoint).origin;
  return { type: "s3", endpoint: home, bucket, prefix };
}
