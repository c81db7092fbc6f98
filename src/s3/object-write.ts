import type { CreateMultipartUploadCommandInput } from "@aws-sdk/client-s3";
import type { ObjectFacts } from "../core/ports.ts";
import type { S3Options } from "./s3-options.ts";

/** One object to be written: where to, what is kept beside it, and whether it may replace another. */
export interface WriteTarget {
  /** The whole key, prefix included. */
  readonly key: string;
  readonly facts: ObjectFacts | null;
  /** True: only where nothing stands (`If-None-Match: *`). */
  readonly createOnly: boolean;
}

type WriteInput = Pick<
  CreateMultipartUploadCommandInput,
  "Metadata" | "ACL" | "StorageClass" | "Tagging" | "ServerSideEncryption" | "SSEKMSKeyId"
>;

/** What every write of the object says, be it in one PUT or in parts. */
export function writeInput(options: S3Options, target: WriteTarget): WriteInput & ReturnType<typeof addressOf> {
  const { acl, storage_class: storageClass, object_tags: tags } = options;
  return {
    ...addressOf(options, target.key),
    ...(target.facts === null ? {} : { Metadata: toMetadata(target.facts) }),
    ...(acl === undefined ? {} : { ACL: acl }),
    ...(storageClass === undefined ? {} : { StorageClass: storageClass }),
    ...(tags === undefined ? {} : { Tagging: new URLSearchParams(tags).toString() }),
    ...encryptionInput(options),
  };
}

/** Names an object and the account that must own its bucket. */
export function addressOf(options: S3Options, key: string): { Bucket: string; Key: string; ExpectedBucketOwner?: string } {
  return { ...bucketOf(options), Key: key };
}

/** Names the bucket and the account that must own it. */
export function bucketOf(options: S3Options): { Bucket: string; ExpectedBucketOwner?: string } {
  const owner = options.expected_bucket_owner;
  return { Bucket: options.bucket, ...(owner === undefined ? {} : { ExpectedBucketOwner: owner }) };
}

/** The facts as user metadata of the object (`x-amz-meta-spillway-…`). */
function toMetadata(facts: ObjectFacts): Record<string, string> {
  return {
    "spillway-state": facts.stateId,
    "spillway-generation": String(facts.generation),
    "spillway-run": facts.run,
    "spillway-sha256": facts.sha256,
  };
}

/** The facts that metadata holds, or null when the object was not written with any. */
export function toFacts(metadata: Readonly<Record<string, string>> | undefined): ObjectFacts | null {
  const { "spillway-state": stateId, "spillway-generation": generation, "spillway-run": run, "spillway-sha256": sha256 } = metadata ?? {};
  if (stateId === undefined || generation === undefined || run === undefined || sha256 === undefined) return null;
  return /^\d{1,15}$/.test(generation) ? { stateId, generation: Number(generation), run, sha256 } : null;
}

function encryptionInput({ encryption }: S3Options): WriteInput {
  if (encryption === "none") return {};
  if (encryption === "s3") return { ServerSideEncryption: "AES256" };
  return { ServerSideEncryption: "aws:kms", ...(encryption.key_id === undefined ? {} : { SSEKMSKeyId: encryption.key_id }) };
}
