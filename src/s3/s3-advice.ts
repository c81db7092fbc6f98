import type { ErrorCode } from "../core/error-codes.ts";
import { SyncError } from "../core/errors.ts";
import { statementFor, writeActions } from "./iam-policy.ts";
import type { FailureKind, S3Failure, S3Operation } from "./s3-failure.ts";
import type { S3Options } from "./s3-options.ts";

const CODES: Readonly<Record<FailureKind, ErrorCode>> = {
  unreachable: "DESTINATION_UNAVAILABLE",
  network: "DESTINATION_UNAVAILABLE",
  server: "DESTINATION_UNAVAILABLE",
  busy: "DESTINATION_UNAVAILABLE",
  conflict: "DESTINATION_UNAVAILABLE",
  no_upload: "DESTINATION_UNAVAILABLE",
  // Not BYTES_CHANGED: the staged file was looked at and is whole.
  damaged: "DESTINATION_REJECTED",
  exists: "DESTINATION_REJECTED",
  missing: "DESTINATION_REJECTED",
  rejected: "DESTINATION_REJECTED",
  unsupported: "DESTINATION_REJECTED",
  certificate: "DESTINATION_REJECTED",
  no_bucket: "DESTINATION_BUCKET_MISSING",
  forbidden: "DESTINATION_ACCESS_DENIED",
  expired: "DESTINATION_CREDENTIALS",
  credentials: "DESTINATION_CREDENTIALS",
  skewed: "DESTINATION_CLOCK_SKEW",
  region: "DESTINATION_WRONG_REGION",
  acl: "DESTINATION_ACL_REFUSED",
  kms: "DESTINATION_KMS_REFUSED",
  role: "DESTINATION_ROLE_REFUSED",
};

const READING: Partial<Readonly<Record<S3Operation, string>>> = {
  HeadObject: "s3:GetObject",
  GetObject: "s3:GetObject",
  ListObjectsV2: "s3:ListBucket",
  DeleteObject: "s3:DeleteObject",
  AbortMultipartUpload: "s3:AbortMultipartUpload",
};

/** The error that a user sees for a failed call: what was done to what, S3's words, and the exact thing to mend. */
export function adviseOn(failure: S3Failure, options: S3Options, key: string | null): SyncError {
  const place = `s3://${options.bucket}${key === null ? "" : `/${key}`}`;
  const said = failure.s3Code === "" || failure.s3Code === "Unknown" ? `HTTP ${failure.status}` : failure.s3Code;
  const answer = failure.status === 0 ? `no answer (${failure.s3Code || failure.message})` : `${said}: ${oneLine(failure.message)}`;
  const code =
    failure.kind === "forbidden" && deniedAction(failure)?.startsWith("kms:") === true ? "DESTINATION_KMS_REFUSED" : CODES[failure.kind];
  const asked =
    failure.operation === "AssumeRole" ? `AssumeRole ${options.role_arn ?? "(default credentials)"}` : `${failure.operation} ${place}`;
  return new SyncError(code, `${asked} failed: ${answer}`, {
    hint: hintFor(failure, options),
    retry: failure.transient ? "transient" : "never",
    context: {
      operation: failure.operation,
      bucket: options.bucket,
      status: failure.status,
      s3_code: failure.s3Code,
      ...(failure.requestId === "" ? {} : { request_id: failure.requestId }),
      ...(key === null ? {} : { key }),
    },
    cause: failure,
  });
}

/** The action that S3 names in its refusal, or null when it names none. */
function deniedAction(failure: S3Failure): string | null {
  return /(?:not authorized to perform:?\s+|^|\s)((?:s3|kms|sts):[A-Za-z]+)/.exec(failure.message)?.[1] ?? null;
}

function hintFor(failure: S3Failure, options: S3Options): string {
  switch (failure.kind) {
    case "forbidden":
      return forbiddenHint(failure, options);
    case "role":
      return roleHint(options);
    case "kms":
      return kmsHint(options);
    case "region": {
      const named = failure.region || /(?:expecting|region) '([a-z0-9-]+)'/.exec(failure.message)?.[1] || "";
      return named === "" ? "Set `region` to the region that the bucket stands in." : `Set \`region: ${named}\` in the destination.`;
    }
    case "no_bucket":
      return `Create the bucket ${options.bucket}, or mend \`bucket\` in the destination.`;
    case "acl":
      return `Drop \`acl: ${options.acl ?? ""}\` from the destination; the bucket's owner owns all objects anyway.`;
    case "skewed":
      return "Set this machine's clock (NTP): S3 refuses signatures that are 15 minutes off.";
    case "expired":
    case "credentials":
      return credentialsHint(options);
    case "unsupported":
      return "The store lacks something S3 has: set `checksums: required`, or `conditional_writes: off` if it says so about If-None-Match.";
    case "certificate":
      return "Mend the certificate of `endpoint`, or let Node trust its issuer: NODE_EXTRA_CA_CERTS=/path/to/ca.pem.";
    case "rejected":
    case "exists":
    case "missing":
      return "`sync doctor` tries each request by itself and says which one the store refuses.";
    case "damaged":
      return damagedHint(options);
    case "unreachable":
    case "network":
    case "server":
    case "busy":
    case "conflict":
    case "no_upload":
      return "Run again: the delivery resumes with the same bytes at the same keys.";
  }
}

function forbiddenHint(failure: S3Failure, options: S3Options): string {
  const named = deniedAction(failure);
  if (named?.startsWith("kms:") === true) return kmsHint(options);
  const reading = READING[failure.operation];
  const actions = named !== null ? [named] : reading !== undefined ? [reading] : writeActions(options);
  const statement = { ...statementFor(actions[0] ?? "s3:PutObject", options), Action: actions.length === 1 ? actions[0] : actions };
  const owner =
    options.expected_bucket_owner === undefined
      ? ""
      : ` S3 says the same when the bucket does not belong to expected_bucket_owner ${options.expected_bucket_owner}: compare.`;
  return `Missing: ${actions.join(", ")}. Add to the policy of the role or user:\n${JSON.stringify(statement)}\nA bucket policy of the owner may refuse it as well.${owner}`;
}

function damagedHint(options: S3Options): string {
  const run = "The staged file is whole: the bytes were damaged on the way. Run again; if it comes back, look at proxies before the store.";
  if (options.endpoint === undefined || options.checksums === "required") return run;
  return `${run} A store that does not know checksums of whole objects refuses uploads in parts like this: set \`checksums: required\`.`;
}

function roleHint(options: S3Options): string {
  const id = options.external_id;
  const condition =
    id === undefined
      ? "If its trust policy asks for an ExternalId, set `external_id`."
      : `Its trust policy must carry: "Condition": {"StringEquals": {"sts:ExternalId": ${JSON.stringify(id)}}}.`;
  return `Have the role ${options.role_arn ?? ""} trust the identity that asks (\`sync doctor\` shows it), and that identity allowed sts:AssumeRole. ${condition} \`sync iam\` prints the whole trust policy.`;
}

function kmsHint(options: S3Options): string {
  return `Check that the key exists and is enabled. The role needs:\n${JSON.stringify(statementFor("kms:GenerateDataKey", options))}\nand the key's own policy must allow the role.`;
}

function credentialsHint(options: S3Options): string {
  if (options.credentials !== undefined)
    return "Renew the keys in `credentials` of the destination (a session token lapses with its session).";
  if (options.profile !== undefined)
    return `Log in again for the profile ${options.profile}, e.g. aws sso login --profile ${options.profile}.`;
  return "Give this machine a role, set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a `profile` in the destination.";
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
