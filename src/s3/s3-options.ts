import { z } from "zod";
import { durationSchema } from "../core/duration-schema.ts";
import { secretSchema } from "../core/secret-schema.ts";
import { bucketAdvice, isBucketName } from "./bucket-name.ts";

const CANNED_ACLS = [
  "private",
  "public-read",
  "public-read-write",
  "authenticated-read",
  "aws-exec-read",
  "bucket-owner-read",
  "bucket-owner-full-control",
] as const;
const STORAGE_CLASSES = [
  "STANDARD",
  "REDUCED_REDUNDANCY",
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "GLACIER",
  "GLACIER_IR",
  "DEEP_ARCHIVE",
  "OUTPOSTS",
  "EXPRESS_ONEZONE",
] as const;
const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const TAG_ADVICE = "S3 takes letters, digits, spaces and _ . : / = + - @ in tags";

const url = z.string().refine(isHttpUrl, "write a URL that starts with https:// or http://, without a path");

const encryption = z.union([
  z.enum(["none", "s3"]).describe("none: what the bucket does by itself. s3: keys of S3 (SSE-S3, AES256)."),
  z
    .strictObject({
      type: z.literal("kms"),
      key_id: z.string().min(1).describe("ARN of the KMS key (needed across accounts), its id, or alias/NAME.").optional(),
    })
    .describe("A key of AWS KMS. Without key_id the account's aws/s3 key, which no other account can use."),
]);

/** Keys under which S3 is reached: shared by destinations and by a state root on S3. */
const connection = {
  region: z
    .string()
    .regex(/^[a-z0-9-]+$/, "write the region's code, e.g. eu-central-1")
    .describe("Region of the bucket, e.g. eu-central-1.")
    .optional(),
  role_arn: z
    .string()
    .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/, "write the ARN of a role: arn:aws:iam::<account of 12 digits>:role/<name>")
    .describe("Role to assume (STS). Without it the default credential chain is used as it is.")
    .optional(),
  external_id: z
    .string()
    .regex(/^[\w+=,.@:/-]{2,1224}$/, "2 to 1224 letters, digits or _+=,.@:/-")
    .describe("ExternalId that the role's trust policy asks for; not a secret, but one of its own for each partner.")
    .optional(),
  sts_endpoint: url.describe("Default: STS of the region.").optional(),
  credentials: z
    .strictObject({
      access_key_id: secretSchema.describe("Id of the access key. Example: `${AWS_ACCESS_KEY_ID}`."),
      secret_access_key: secretSchema.describe("The access key. Example: `${AWS_SECRET_ACCESS_KEY}`."),
      session_token: secretSchema.describe("Token that belongs to temporary keys.").optional(),
    })
    .describe("Keys of a user; better: none, and let the machine's role speak (default credential chain).")
    .optional(),
  profile: z.string().min(1).describe("Profile of ~/.aws/config.").optional(),
  expected_bucket_owner: z
    .string({ error: "write the account id in quotes, as text" })
    .regex(/^\d{12}$/, "an account id has 12 digits")
    .describe("Account that must own the bucket; S3 refuses every request when another does.")
    .optional(),
  encryption: encryption.default("none").describe("Encryption of the objects at rest: none, s3, or {type: kms, key_id}. Default: none."),
  endpoint: url.describe("An S3-compatible store, e.g. https://minio.internal:9000.").optional(),
  path_style: z.boolean().describe("Put the bucket into the path and not into the host name.").default(false),
  checksums: z
    .enum(["supported", "required"])
    .describe("required: send no x-amz-checksum headers, for stores that do not know them; the signature still covers the bytes.")
    .default("supported"),
  conditional_writes: z
    .enum(["auto", "off"])
    .describe("off: the store ignores If-None-Match; Spillway then looks and writes, and cannot notice another writer.")
    .default("auto"),
  timeouts: z
    .strictObject({
      connect: durationSchema("Until a connection stands.").default(5_000),
      idle: durationSchema("Longest silence on a connection.").default(30_000),
      deadline: durationSchema("Longest time for one object, retries included.").default(6 * 3_600_000),
    })
    .prefault({})
    .describe("Limits of time. Example: `{idle: 1m}`."),
  max_attempts: z.int().min(1).max(100).describe("Tries of one request before the run stops; it resumes at the next run.").default(8),
  concurrency: z
    .strictObject({
      objects: z.int().min(1).max(64).describe("Objects sent at once.").default(4),
      parts: z.int().min(1).max(64).describe("Parts of one large object sent at once.").default(4),
    })
    .prefault({})
    .describe("How much is sent at once. Example: `{objects: 8}`."),
};

const prefix = z
  .string()
  .refine((text) => text === "" || isKeyPrefix(text), "a prefix has no leading slash, no //, no . or .. and no control characters")
  .transform((text) => text.replace(/\/$/, ""))
  .describe("What all keys begin with, e.g. in or partners/acme.");

const bucket = z
  .string()
  .superRefine((text, context) => {
    if (!isBucketName(text)) context.addIssue({ code: "custom", message: bucketAdvice(text) });
  })
  .describe("Name of the bucket: not a URI, not an ARN.");

/** Options of `type: s3` as users write them; the output has every default filled in and durations in milliseconds. */
export const s3OptionsSchema = z
  .strictObject({
    type: z.literal("s3"),
    bucket,
    prefix: prefix.default(""),
    ...connection,
    acl: z.enum(CANNED_ACLS).describe("Canned ACL, for buckets that still use them; default: no ACL header.").optional(),
    storage_class: z.enum(STORAGE_CLASSES).describe("Default: the bucket's, STANDARD.").optional(),
    object_tags: z
      .record(z.string().min(1).max(128).regex(TAG_TEXT, TAG_ADVICE), z.string().max(256).regex(TAG_TEXT, TAG_ADVICE))
      .refine((tags) => Object.keys(tags).length <= 10, "S3 keeps at most 10 tags an object")
      .describe("Tags of every object; needs s3:PutObjectTagging.")
      .optional(),
  })
  .refine(({ region, endpoint }) => region !== undefined || endpoint !== undefined, {
    path: ["region"],
    error: "name the bucket's region, e.g. region: eu-central-1",
  })
  .refine(({ external_id, role_arn }) => external_id === undefined || role_arn !== undefined, {
    path: ["external_id"],
    error: "an ExternalId means something to a role only: add role_arn, or drop it",
  })
  .refine(({ credentials, profile }) => credentials === undefined || profile === undefined, {
    path: ["profile"],
    error: "give credentials or a profile, not both",
  });

/** Validated options of an S3 destination or state root. */
export type S3Options = z.output<typeof s3OptionsSchema>;

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, pathname, search, username } = new URL(text);
  return (protocol === "https:" || protocol === "http:") && pathname === "/" && search === "" && username === "";
}

function isKeyPrefix(text: string): boolean {
  if (/\p{Cc}/u.test(text)) return false;
  return text
    .replace(/\/$/, "")
    .split("/")
    .every((part) => part !== "" && part !== "." && part !== "..");
}
