import { denied, isAllowed } from "./accounts.ts";
import type { Bucket } from "./buckets.ts";
import type { Call } from "./call.ts";
import type { WireOperation } from "./fault-script.ts";
import { WireError } from "./wire-error.ts";

const ACTIONS: Readonly<Partial<Record<WireOperation, string>>> = {
  PutObject: "s3:PutObject",
  CreateMultipartUpload: "s3:PutObject",
  UploadPart: "s3:PutObject",
  CompleteMultipartUpload: "s3:PutObject",
  AbortMultipartUpload: "s3:AbortMultipartUpload",
  HeadObject: "s3:GetObject",
  GetObject: "s3:GetObject",
  DeleteObject: "s3:DeleteObject",
};

/** Holds a call to the rights of who signed it and to what the bucket's owner set up; the order of checks is S3's. */
export function authorize(call: Call, bucket: Bucket): void {
  const { spec } = bucket;
  if (spec.region !== undefined)
    throw new WireError(
      301,
      "PermanentRedirect",
      "The bucket you are attempting to access must be addressed using the specified endpoint.",
      {
        headers: { "x-amz-bucket-region": spec.region },
      },
    );
  const expectedOwner = call.headers["x-amz-expected-bucket-owner"];
  if (expectedOwner !== undefined && expectedOwner !== (spec.owner ?? "444455556666"))
    throw new WireError(403, "AccessDenied", "Access Denied");
  const resource = `arn:aws:s3:::${call.bucket}`;
  if (call.operation === "ListObjectsV2") return demand(call, "s3:ListBucket", resource);
  const object = `${resource}/${call.key}`;
  const missing = !bucket.objects.has(call.key);
  const reading = call.operation === "HeadObject" || call.operation === "GetObject";
  demand(call, ACTIONS[call.operation] ?? call.operation, object);
  // Who may not list may not learn that a key is free either.
  if (reading && missing && !isAllowed(call.principal, "s3:ListBucket", resource)) throw denied(call.principal, "s3:ListBucket", resource);
  if (call.headers["if-match"] !== undefined) demand(call, "s3:GetObject", object);
  if (call.operation !== "PutObject" && call.operation !== "CreateMultipartUpload") return;
  if (call.headers["x-amz-tagging"] !== undefined) demand(call, "s3:PutObjectTagging", object);
  checkAcl(call, bucket, object);
  checkKms(call, bucket, ["kms:GenerateDataKey"], call.headers);
}

/** A key of KMS has to exist, be enabled, and be open to the caller for each of the actions. */
export function checkKms(call: Call, { spec }: Bucket, actions: readonly string[], headers: Readonly<Record<string, string>>): void {
  if (headers["x-amz-server-side-encryption"] !== "aws:kms") return;
  const key = headers["x-amz-server-side-encryption-aws-kms-key-id"];
  if (key === undefined) return;
  const state = spec.kmsKeys?.[key];
  if (state === undefined) throw new WireError(400, "KMS.NotFoundException", `Key '${key}' does not exist`);
  if (state === "disabled") throw new WireError(400, "KMS.DisabledException", `${key} is disabled.`);
  for (const action of actions) demand(call, action, key);
}

function checkAcl(call: Call, { spec }: Bucket, object: string): void {
  const acl = call.headers["x-amz-acl"];
  if (acl === undefined) return;
  if (spec.acls !== true && acl !== "bucket-owner-full-control")
    throw new WireError(400, "AccessControlListNotSupported", "The bucket does not allow ACLs");
  demand(call, "s3:PutObjectAcl", object);
}

function demand(call: Call, action: string, resource: string): void {
  if (!isAllowed(call.principal, action, resource)) throw denied(call.principal, action, resource);
}
