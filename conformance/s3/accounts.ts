import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { permissionPolicy, trustPolicy } from "../../src/s3/iam-policy.ts";

/** Keys of a user of the server under test. */
export interface ServerKeys {
  readonly access_key_id: string;
  readonly secret_access_key: string;
}

/** A server to be examined: where it is, and who may do what there. The file of this shape is what the tests read. */
export interface ServerUnderTest {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** false: it takes the checksum of an upload in parts for one over the parts' checksums, where S3 means the whole object. */
  readonly wholeObjectChecksums: boolean;
  /** May do everything. */
  readonly admin: ServerKeys;
  /** Present where the server has users, roles and STS of its own. */
  readonly iam: {
    /** May do what the published policy of a destination allows, and no more. */
    readonly writer: ServerKeys;
    /** May assume the role and do nothing else. */
    readonly assumer: ServerKeys;
    readonly roleArn: string;
    readonly externalId: string;
  } | null;
}

const REGION = "us-east-1";
const BUCKET = "deliveries";
const PREFIX = "in";
const EXTERNAL_ID = "external-id-1";
const ACCOUNT = "000000000000";
const ROOT = { accessKeyId: "test", secretAccessKey: "test" };

/** Makes a bucket, users and a role with this project's own policies on a fresh server. */
export async function makeAccounts(endpoint: string): Promise<ServerUnderTest> {
  const iam = new IAMClient({ endpoint, region: REGION, credentials: ROOT });
  const s3 = new S3Client({ endpoint, region: REGION, forcePathStyle: true, credentials: ROOT });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const options = {
    bucket: BUCKET,
    prefix: PREFIX,
    region: REGION,
    acl: "bucket-owner-full-control",
    object_tags: { a: "b" },
    encryption: "none",
  } as const;
  const writing = JSON.stringify(permissionPolicy(options));
  const allowing = (action: string): string =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: action, Resource: "*" }] });
  const trust = trustPolicy({ principalArn: `arn:aws:iam::${ACCOUNT}:root`, externalId: EXTERNAL_ID });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: "delivery", AssumeRolePolicyDocument: JSON.stringify(trust) }));
  await iam.send(new PutRolePolicyCommand({ RoleName: "delivery", PolicyName: "spillway", PolicyDocument: writing }));
  const made = {
    endpoint,
    region: REGION,
    bucket: BUCKET,
    wholeObjectChecksums: false,
    admin: await makeUser(iam, "admin", allowing("*")),
    iam: {
      writer: await makeUser(iam, "writer", writing),
      assumer: await makeUser(iam, "assumer", allowing("sts:AssumeRole")),
      roleArn: Role?.Arn ?? "",
      externalId: EXTERNAL_ID,
    },
  };
  iam.destroy();
  s3.destroy();
  return made;
}

async function makeUser(iam: IAMClient, UserName: string, PolicyDocument: string): Promise<ServerKeys> {
  await iam.send(new CreateUserCommand({ UserName }));
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "spillway", PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return { access_key_id: AccessKey?.AccessKeyId ?? "", secret_access_key: AccessKey?.SecretAccessKey ?? "" };
}
