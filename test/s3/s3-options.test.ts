import { describe, expect, it } from "vitest";
import { z } from "zod";
import { s3OptionsSchema } from "../../src/s3/s3-options.ts";

const LEAST = { type: "s3", bucket: "acme-partner", region: "eu-central-1" };

function problems(changes: Record<string, unknown>): readonly string[] {
  const result = s3OptionsSchema.safeParse({ ...LEAST, ...changes });
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("the options of a destination on S3", () => {
  it("fill in every default, durations in milliseconds", () => {
    expect(s3OptionsSchema.parse(LEAST)).toEqual({
      ...LEAST,
      prefix: "",
      encryption: "none",
      path_style: false,
      checksums: "supported",
      conditional_writes: "auto",
      timeouts: { connect: 5_000, idle: 30_000, deadline: 6 * 3_600_000 },
      max_attempts: 8,
      concurrency: { objects: 4, parts: 4 },
    });
  });

  it("take all that can be written", () => {
    const all = {
      prefix: "in/audiences/",
      role_arn: "arn:aws:iam::444455556666:role/path/acme-in",
      external_id: "sync-7d1c",
      sts_endpoint: "https://sts.eu-central-1.amazonaws.com",
      credentials: { access_key_id: "AKIA", secret_access_key: { file: "/run/secrets/x" }, session_token: { command: ["vault"] } },
      expected_bucket_owner: "444455556666",
      acl: "bucket-owner-full-control",
      encryption: { type: "kms", key_id: "alias/x" },
      storage_class: "STANDARD_IA",
      object_tags: { team: "growth" },
      endpoint: "https://minio.internal:9000",
      path_style: true,
      checksums: "required",
      conditional_writes: "off",
      timeouts: { connect: "2s", idle: "500ms", deadline: "1d" },
      max_attempts: 3,
      concurrency: { objects: 1, parts: 16 },
    };
    expect(problems(all)).toEqual([]);
    expect(s3OptionsSchema.parse({ ...LEAST, ...all })).toMatchObject({
      prefix: "in/audiences",
      timeouts: { connect: 2_000, idle: 500, deadline: 86_400_000 },
    });
  });

  it.each([
    [{ bucket: "s3://acme-partner/in" }, "bucket: give the bucket's name, not a URI: write bucket: acme-partner and prefix: in"],
    [{ bucket: "arn:aws:s3:::acme-partner" }, "bucket: give the bucket's name, not an ARN: write bucket: acme-partner"],
    [{ role_arn: "arn:aws:iam::44:role/x" }, "role_arn: write the ARN of a role"],
    [{ role_arn: "arn:aws:iam::444455556666:user/x" }, "role_arn: write the ARN of a role"],
    [{ external_id: "sync-1" }, "external_id: an ExternalId means something to a role only"],
    [{ expected_bucket_owner: 444455556666 }, "expected_bucket_owner: write the account id in quotes"],
    [{ expected_bucket_owner: "4444" }, "expected_bucket_owner: an account id has 12 digits"],
    [{ region: undefined }, "region: name the bucket's region"],
    [{ region: "EU Frankfurt" }, "region: write the region's code"],
    [{ endpoint: "minio.internal:9000" }, "endpoint: write a URL"],
    [{ endpoint: "https://minio.internal/bucket" }, "endpoint: write a URL"],
    [{ prefix: "/in" }, "prefix: a prefix has no leading slash"],
    [{ prefix: "a//b" }, "prefix: a prefix has no leading slash"],
    [{ prefix: "a/../b" }, "prefix: a prefix has no leading slash"],
    [{ timeouts: { idle: "soon" } }, "timeouts.idle: write a duration"],
    [{ timeouts: { deadline: "90d" } }, "timeouts.deadline: must be more than nothing and at most 24 days"],
    [{ max_attempts: 0 }, "max_attempts: "],
    [{ profile: "x", credentials: { access_key_id: "a", secret_access_key: "b" } }, "profile: give credentials or a profile"],
    [
      { object_tags: Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`t${index}`, ""])) },
      "object_tags: S3 keeps at most 10 tags",
    ],
    [{ object_tags: { team: "growth & co" } }, "object_tags.team: S3 takes letters, digits"],
    [{ acl: "everyone" }, "acl: "],
    [{ colour: "red" }, ": Unrecognized key"],
  ])("refuse %j", (changes, problem) => {
    expect(problems(changes)).toEqual([expect.stringContaining(problem)]);
  });

  it("need no region with an endpoint", () => {
    expect(problems({ region: undefined, endpoint: "http://127.0.0.1:9000" })).toEqual([]);
  });

  it("never show a secret when they are printed", () => {
    const options = s3OptionsSchema.parse({ ...LEAST, credentials: { access_key_id: "AKIASECRET", secret_access_key: "hush-hush" } });
    expect(JSON.stringify(options)).not.toMatch(/AKIASECRET|hush-hush/);
  });

  it("have a JSON schema in which every key is described", () => {
    const schema = z.toJSONSchema(s3OptionsSchema, { io: "input" });
    const undescribed = Object.entries(schema.properties ?? {}).filter(([, property]) => {
      return (
        typeof property === "object" &&
        property.description === undefined &&
        property.const === undefined &&
        property.properties === undefined
      );
    });
    expect(Object.keys(schema.properties ?? {}).length).toBeGreaterThan(20);
    expect(undescribed).toEqual([]);
  });
});
