import { describe, expect, it } from "vitest";
import { permissionPolicy, statementFor, toTerraform, trustPolicy } from "../../src/s3/iam-policy.ts";
import type { PolicyOptions } from "../../src/s3/iam-policy.ts";
import { ALWAYS, bodyOf, BUCKET, factsOf, s3Fixture, someBytes } from "../support/s3/s3-fixture.ts";

const PLAIN: PolicyOptions = {
  bucket: "partner",
  prefix: "in",
  region: "eu-central-1",
  acl: undefined,
  object_tags: undefined,
  encryption: "none",
};
const KEY_ARN = "arn:aws:kms:eu-central-1:444455556666:key/9a";

function actionsOf(options: PolicyOptions, use?: "state"): readonly string[] {
  return permissionPolicy(options, use).Statement.flatMap(({ Action }) => Action);
}

describe("the permission policy", () => {
  it("of a plain destination allows to put objects below the prefix and to clean up after oneself", () => {
    expect(permissionPolicy(PLAIN)).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "SpillwayDelivers",
          Effect: "Allow",
          Action: ["s3:PutObject", "s3:AbortMultipartUpload"],
          Resource: "arn:aws:s3:::partner/in/*",
        },
      ],
    });
  });

  it.each([
    [{ acl: "private" as const }, "s3:PutObjectAcl"],
    [{ object_tags: { a: "b" } }, "s3:PutObjectTagging"],
    [{ encryption: { type: "kms" as const, key_id: KEY_ARN } }, "kms:GenerateDataKey"],
    [{ encryption: { type: "kms" as const, key_id: KEY_ARN } }, "kms:Decrypt"],
  ])("with %j adds %s, which is absent otherwise", (changes, action) => {
    expect(actionsOf({ ...PLAIN, ...changes })).toContain(action);
    expect(actionsOf(PLAIN)).not.toContain(action);
  });

  it("of a state root reads, lists and deletes as well, below its prefix alone", () => {
    expect(actionsOf(PLAIN, "state")).toEqual(expect.arrayContaining(["s3:GetObject", "s3:DeleteObject", "s3:ListBucket"]));
    expect(statementFor("s3:ListBucket", PLAIN)).toMatchObject({ Condition: { StringLike: { "s3:prefix": "in/*" } } });
  });

  it("names the KMS key when it is given by ARN, and any key through S3 of the region otherwise", () => {
    const kms = (keyId: string | undefined): object =>
      statementFor("kms:Decrypt", { ...PLAIN, encryption: { type: "kms", key_id: keyId } });
    expect(kms(KEY_ARN)).toMatchObject({
      Resource: KEY_ARN,
      Condition: { StringEquals: { "kms:ViaService": "s3.eu-central-1.amazonaws.com" } },
    });
    for (const keyId of ["alias/partner", "arn:aws:kms:eu-central-1:444455556666:alias/x", undefined])
      expect(kms(keyId)).toMatchObject({ Resource: "arn:aws:kms:eu-central-1:*:key/*" });
  });

  it("speaks of the partition of the region", () => {
    expect(permissionPolicy({ ...PLAIN, region: "cn-north-1", prefix: "" }).Statement[0]?.Resource).toBe("arn:aws-cn:s3:::partner/*");
  });

  it.each([
    ["plain", {}],
    ["everything", { acl: "bucket-owner-full-control", object_tags: { team: "growth" }, encryption: { type: "kms", key_id: KEY_ARN } }],
  ])("is enough for what the options do, on a server that enforces it: %s", async (_name, changes) => {
    await using s3 = await s3Fixture();
    s3.server.buckets.add(BUCKET, { kmsKeys: { [KEY_ARN]: "enabled" } });
    const policy = permissionPolicy({ ...PLAIN, ...(changes as Partial<PolicyOptions>) });
    const grants = policy.Statement.map(({ Action, Resource }) => ({ actions: [Action].flat(), resources: [Resource ?? ""] }));
    const keys = s3.server.accounts.addUser("limited", grants);
    const store = await s3.open({ credentials: { access_key_id: keys.accessKeyId, secret_access_key: keys.secretAccessKey }, ...changes });
    for (const body of [bodyOf(someBytes(100)), bodyOf(someBytes(200_000))])
      expect(await store.putNew(`${body.size}.csv`, body, factsOf(body), ALWAYS)).toEqual({ kind: "created" });
    expect(s3.server.requests.filter(({ status }) => status === 403)).toEqual([]);
  });
});

describe("the trust policy", () => {
  it("asks for the ExternalId when there is one", () => {
    const principalArn = "arn:aws:iam::111122223333:role/spillway";
    expect(trustPolicy({ principalArn, externalId: "sync-7d1c" }).Statement).toEqual([
      {
        Sid: "SpillwayAssumes",
        Effect: "Allow",
        Principal: { AWS: principalArn },
        Action: "sts:AssumeRole",
        Condition: { StringEquals: { "sts:ExternalId": "sync-7d1c" } },
      },
    ]);
    expect(trustPolicy({ principalArn }).Statement[0]).not.toHaveProperty("Condition");
  });
});

describe("Terraform", () => {
  it("carries both policies, with templates escaped", () => {
    const trust = trustPolicy({ principalArn: "arn:aws:iam::111122223333:root", externalId: "a${b}%{c}" });
    const text = toTerraform({ name: "acme-in", trust, permissions: permissionPolicy(PLAIN) });
    expect(text).toMatchInlineSnapshot(`
      "resource "aws_iam_role" "acme_in" {
        name               = "acme-in"
        assume_role_policy = jsonencode({
          "Version": "2012-10-17",
          "Statement": [
            {
              "Sid": "SpillwayAssumes",
              "Effect": "Allow",
              "Principal": {
                "AWS": "arn:aws:iam::111122223333:root"
              },
              "Action": "sts:AssumeRole",
              "Condition": {
                "StringEquals": {
                  "sts:ExternalId": "a$\${b}%%{c}"
                }
              }
            }
          ]
        })
      }

      resource "aws_iam_role_policy" "acme_in" {
        name   = "spillway"
        role   = aws_iam_role.acme_in.id
        policy = jsonencode({
          "Version": "2012-10-17",
          "Statement": [
            {
              "Sid": "SpillwayDelivers",
              "Effect": "Allow",
              "Action": [
                "s3:PutObject",
                "s3:AbortMultipartUpload"
              ],
              "Resource": "arn:aws:s3:::partner/in/*"
            }
          ]
        })
      }
      "
    `);
  });
});
