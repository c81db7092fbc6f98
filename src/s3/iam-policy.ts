import type { S3Options } from "./s3-options.ts";

/** One statement of an IAM policy. */
export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Principal?: { readonly AWS: string };
  readonly Action: string | readonly string[];
  readonly Resource?: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** An IAM policy document. */
export interface PolicyDocument {
  readonly Version: "2012-10-17";
  readonly Statement: readonly PolicyStatement[];
}

/** What of a destination decides which rights it needs. */
export type PolicyOptions = Pick<S3Options, "bucket" | "prefix" | "region" | "acl" | "object_tags" | "encryption">;

/** A destination is only written to; a state root is also read, listed and tidied. */
export type PolicyUse = "destination" | "state";

/** The rights that the options need and no more, for the role or user that Spillway acts as. */
export function permissionPolicy(options: PolicyOptions, use: PolicyUse = "destination"): PolicyDocument {
  return document([
    objectStatement(options, use),
    ...(use === "state" ? [listStatement(options)] : []),
    ...(usesKmsKey(options) ? [kmsStatement(options)] : []),
  ]);
}

/** Who may assume the role: the given account, role or user, and only with the ExternalId. */
export function trustPolicy(trusted: { readonly principalArn: string; readonly externalId?: string | undefined }): PolicyDocument {
  const { principalArn, externalId } = trusted;
  return document([
    {
      Sid: "SpillwayAssumes",
      Effect: "Allow",
      Principal: { AWS: principalArn },
      Action: "sts:AssumeRole",
      ...(externalId === undefined ? {} : { Condition: { StringEquals: { "sts:ExternalId": externalId } } }),
    },
  ]);
}

/** Both policies as Terraform: a role with its trust policy and its inline permission policy; without a trust policy, a policy to attach. */
export function toTerraform(role: {
  readonly name: string;
  readonly trust: PolicyDocument | null;
  readonly permissions: PolicyDocument;
}): string {
  const label = role.name.replace(/[^A-Za-z0-9_]/g, "_").replace(/^(?=\d)/, "_");
  if (role.trust === null) {
    return `resource "aws_iam_policy" "${label}" {
  name   = ${hclText(role.name)}
  policy = jsonencode(${hclJson(role.permissions)})
}
`;
  }
  return `resource "aws_iam_role" "${label}" {
  name               = ${hclText(role.name)}
  assume_role_policy = jsonencode(${hclJson(role.trust)})
}

resource "aws_iam_role_policy" "${label}" {
  name   = "spillway"
  role   = aws_iam_role.${label}.id
  policy = jsonencode(${hclJson(role.permissions)})
}
`;
}

/** The statement that allows an action, for messages; the whole object statement when no statement is only about it. */
export function statementFor(action: string, options: PolicyOptions): PolicyStatement {
  if (action.startsWith("kms:")) return kmsStatement(options);
  if (action === "s3:ListBucket") return listStatement(options);
  return { ...objectStatement(options, "destination"), Action: action };
}

/** The actions on objects that a write with these options needs. */
export function writeActions(options: PolicyOptions): readonly string[] {
  return [
    "s3:PutObject",
    ...(options.acl === undefined ? [] : ["s3:PutObjectAcl"]),
    ...(options.object_tags === undefined ? [] : ["s3:PutObjectTagging"]),
  ];
}

function objectStatement(options: PolicyOptions, use: PolicyUse): PolicyStatement {
  const reading = use === "state" ? ["s3:GetObject", "s3:DeleteObject"] : [];
  return {
    Sid: use === "state" ? "SpillwayKeepsState" : "SpillwayDelivers",
    Effect: "Allow",
    Action: [...writeActions(options), ...reading, "s3:AbortMultipartUpload"],
    Resource: `arn:${partitionOf(options.region)}:s3:::${options.bucket}/${options.prefix === "" ? "" : `${options.prefix}/`}*`,
  };
}

function listStatement(options: PolicyOptions): PolicyStatement {
  return {
    Sid: "SpillwayLists",
    Effect: "Allow",
    Action: "s3:ListBucket",
    Resource: `arn:${partitionOf(options.region)}:s3:::${options.bucket}`,
    ...(options.prefix === "" ? {} : { Condition: { StringLike: { "s3:prefix": `${options.prefix}/*` } } }),
  };
}

function usesKmsKey({ encryption }: PolicyOptions): boolean {
  return typeof encryption === "object";
}

/** Decrypt is what the parts of a multipart upload need: S3 reads them again when it puts the object together. */
function kmsStatement(options: PolicyOptions): PolicyStatement {
  const { encryption, region } = options;
  const key = typeof encryption === "object" ? encryption.key_id : undefined;
  const arn =
    key?.startsWith("arn:") === true && !key.includes(":alias/") ? key : `arn:${partitionOf(region)}:kms:${region ?? "*"}:*:key/*`;
  const viaS3 = region === undefined ? {} : { Condition: { StringEquals: { "kms:ViaService": `s3.${region}.${domainOf(region)}` } } };
  return { Sid: "SpillwayEncrypts", Effect: "Allow", Action: ["kms:GenerateDataKey", "kms:Decrypt"], Resource: arn, ...viaS3 };
}

/** The part of AWS that a region belongs to, as ARNs spell it. */
export function partitionOf(region: string | undefined): string {
  if (region?.startsWith("cn-") === true) return "aws-cn";
  return region?.startsWith("us-gov-") === true ? "aws-us-gov" : "aws";
}

function domainOf(region: string): string {
  return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

function document(statements: readonly PolicyStatement[]): PolicyDocument {
  return { Version: "2012-10-17", Statement: statements };
}

/** JSON is an expression of Terraform's language, except that its strings are templates. */
function hclJson(policy: PolicyDocument): string {
  return escapeTemplates(JSON.stringify(policy, null, 2)).replaceAll("\n", "\n  ");
}

function hclText(text: string): string {
  return escapeTemplates(JSON.stringify(text));
}

function escapeTemplates(text: string): string {
  return text.replace(/[$%](?=\{)/g, (sign) => sign + sign);
}
