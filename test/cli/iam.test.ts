import { expect, test } from "vitest";
import { say } from "../support/fake-host.ts";
import { tempFolder } from "../support/temp-folder.ts";

const CONFIG = `version: 1
state: {url: s3://acme-state/prod, region: eu-central-1}
sources:
  files: {type: duckdb}
destinations:
  partner:
    type: s3
    bucket: acme-partner
    region: eu-central-1
    prefix: in
    role_arn: arn:aws:iam::444455556666:role/acme-in
    external_id: sync-7d1c
    encryption: {type: kms, key_id: "arn:aws:kms:eu-central-1:444455556666:key/9a"}
  own: {type: s3, bucket: acme-own, region: eu-central-1, object_tags: {team: growth}}
  here: {type: local, path: out}
`;

async function iam(...args: readonly string[]): Promise<{ readonly exit: number; readonly stdout: string; readonly stderr: string }> {
  await using folder = await tempFolder();
  await folder.write("config.yaml", CONFIG);
  const model = (destination: string): string => `source: files\ndestination: ${destination}\nquery: SELECT 1 AS id\nprimary_key: id\n`;
  for (const name of ["partner", "own", "here"]) await folder.write(`models/to_${name}.yaml`, model(name));
  return await say(["iam", ...args], { cwd: folder.path });
}

test("the policies of a destination are JSON to paste: who may assume the role, and no right more than its options need", async () => {
  const { exit, stdout, stderr } = await iam("--destination", "partner", "--principal", "arn:aws:iam::111122223333:role/spillway");
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
  expect(JSON.parse(stdout)).toEqual([
    {
      for: "partner",
      role: "arn:aws:iam::444455556666:role/acme-in",
      trust_policy: {
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "SpillwayAssumes",
            Effect: "Allow",
            Principal: { AWS: "arn:aws:iam::111122223333:role/spillway" },
            Action: "sts:AssumeRole",
            Condition: { StringEquals: { "sts:ExternalId": "sync-7d1c" } },
          },
        ],
      },
      permission_policy: {
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "SpillwayDelivers",
            Effect: "Allow",
            Action: ["s3:PutObject", "s3:AbortMultipartUpload"],
            Resource: "arn:aws:s3:::acme-partner/in/*",
          },
          {
            Sid: "SpillwayEncrypts",
            Effect: "Allow",
            Action: ["kms:GenerateDataKey", "kms:Decrypt"],
            Resource: "arn:aws:kms:eu-central-1:444455556666:key/9a",
            Condition: { StringEquals: { "kms:ViaService": "s3.eu-central-1.amazonaws.com" } },
          },
        ],
      },
    },
  ]);
});

test("without a choice all destinations on S3 are told, with -m those of the models, with --state alone the state", async () => {
  const names = async (...args: readonly string[]): Promise<readonly string[]> =>
    (JSON.parse((await iam(...args)).stdout) as readonly { for: string }[]).map((one) => one.for);
  expect(await names()).toEqual(["partner", "own"]);
  expect(await names("-m", "to_own")).toEqual(["own"]);
  expect(await names("--state")).toEqual(["state"]);
  expect(await names("--state", "--destination", "own")).toEqual(["state", "own"]);
});

test("the state's policy reads, lists and deletes as well; keys of IAM stand as IAM spells them under --json", async () => {
  const { stdout } = await iam("--state", "--json");
  const { data } = JSON.parse(stdout) as {
    data: { policies: readonly { permission_policy: { Statement: readonly { Action: unknown }[] } }[] };
  };
  expect(data.policies).toMatchObject([{ name: "state", use: "state", role_arn: null, trust_policy: null }]);
  const actions = data.policies[0]?.permission_policy.Statement.flatMap(({ Action }) => Action);
  expect(actions).toEqual(["s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListBucket"]);
});

test("Terraform gets a role with both policies, or a policy alone where no role is assumed", async () => {
  const role = await iam("--destination", "partner", "--format", "terraform");
  expect(role.stdout).toContain('resource "aws_iam_role" "acme_in"');
  expect(role.stdout).toContain("<ARN of the role or user that Spillway runs as>");
  const alone = await iam("--destination", "own", "--format", "terraform");
  expect(alone.stdout).toMatchInlineSnapshot(`
    "resource "aws_iam_policy" "spillway_own" {
      name   = "spillway-own"
      policy = jsonencode({
        "Version": "2012-10-17",
        "Statement": [
          {
            "Sid": "SpillwayDelivers",
            "Effect": "Allow",
            "Action": [
              "s3:PutObject",
              "s3:PutObjectTagging",
              "s3:AbortMultipartUpload"
            ],
            "Resource": "arn:aws:s3:::acme-own/*"
          }
        ]
      })
    }
    "
  `);
});

test("a name that is no destination, and one that needs no policy, are refused", async () => {
  expect(await iam("--destination", "partnre")).toMatchObject({ exit: 2, stderr: expect.stringContaining("partner, own, here") });
  expect(await iam("-m", "to_here")).toMatchObject({ exit: 2, stderr: expect.stringContaining("no policy is needed") });
});
