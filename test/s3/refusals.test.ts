import { describe, expect, it } from "vitest";
import type { Clock } from "../../src/core/clock.ts";
import { SyncError } from "../../src/core/errors.ts";
import type { ObjectBody } from "../../src/core/ports.ts";
import type { BucketSpec } from "../support/s3/buckets.ts";
import type { Fault } from "../support/s3/fault-script.ts";
import { ALL_RIGHTS, ALWAYS, bodyOf, BUCKET, factsOf, PUT_ONLY, s3Fixture, someBytes } from "../support/s3/s3-fixture.ts";
import type { S3Fixture } from "../support/s3/s3-fixture.ts";

const KEY_ARN = "arn:aws:kms:eu-central-1:444455556666:key/9a";
const SMALL_BODY = bodyOf(someBytes(500));
const LARGE_BODY = bodyOf(someBytes(200_000));

type Setup = Parameters<typeof s3Fixture>[0] & { readonly bucket?: BucketSpec };

/** The error of a write under these circumstances; conditions are switched off where only the refusal matters. */
async function refusalOf(setup: Setup, body: ObjectBody = SMALL_BODY, prepare?: (s3: S3Fixture) => void): Promise<SyncError> {
  await using s3 = await s3Fixture(setup);
  if (setup.bucket !== undefined) s3.server.buckets.add(BUCKET, setup.bucket);
  prepare?.(s3);
  try {
    await s3.store.putNew("a.csv", body, factsOf(body), ALWAYS);
  } catch (error) {
    if (error instanceof SyncError) return error;
    throw error;
  }
  throw new Error("the write was not refused");
}

describe("a write that S3 refuses", () => {
  it("for want of a right names the action and prints the statement to paste", async () => {
    const error = await refusalOf({ grants: [{ actions: ["s3:GetObject"], resources: ["*"] }] });
    expect(error.code).toBe("DESTINATION_ACCESS_DENIED");
    expect(error.message).toContain("PutObject s3://partner/in/");
    expect(error.hint).toContain("Missing: s3:PutObject");
    expect(error.hint).toContain('"Action":"s3:PutObject","Resource":"arn:aws:s3:::partner/in/*"');
  });

  it.each([
    ["acl", { acl: "bucket-owner-full-control" }, "s3:PutObjectAcl"],
    ["object_tags", { object_tags: { team: "growth" } }, "s3:PutObjectTagging"],
  ])("for want of the right that %s adds names that right", async (_name, changes, action) => {
    const error = await refusalOf({ grants: PUT_ONLY, changes });
    expect(error).toMatchObject({ code: "DESTINATION_ACCESS_DENIED", hint: expect.stringContaining(`Missing: ${action}`) });
  });

  it("because another account owns the bucket says where to look", async () => {
    const error = await refusalOf({ changes: { expected_bucket_owner: "999999999999" } });
    expect(error.code).toBe("DESTINATION_ACCESS_DENIED");
    expect(error.hint).toContain("expected_bucket_owner 999999999999");
  });

  it("because ACLs are switched off says to drop the key", async () => {
    const error = await refusalOf({ changes: { acl: "public-read" } });
    expect(error).toMatchObject({ code: "DESTINATION_ACL_REFUSED", hint: expect.stringContaining("Drop `acl: public-read`") });
  });

  it("because the bucket does not exist names it", async () => {
    const error = await refusalOf({ changes: { bucket: "nowhere" } });
    expect(error).toMatchObject({ code: "DESTINATION_BUCKET_MISSING", hint: expect.stringContaining("nowhere") });
  });

  it.each([
    ["a signature for another region", { changes: { region: "us-east-1" } }, "eu-central-1"],
    ["a bucket that stands elsewhere", { bucket: { region: "eu-west-3" } }, "eu-west-3"],
  ])("for the wrong region names the right one: %s", async (_name, setup, region) => {
    const error = await refusalOf(setup);
    expect(error).toMatchObject({ code: "DESTINATION_WRONG_REGION", hint: expect.stringContaining(`region: ${region}`) });
  });

  it.each([
    ["does not exist", {}, ALL_RIGHTS, SMALL_BODY],
    ["is disabled", { kmsKeys: { [KEY_ARN]: "disabled" } }, ALL_RIGHTS, SMALL_BODY],
    ["may not be used", { kmsKeys: { [KEY_ARN]: "enabled" } }, PUT_ONLY, SMALL_BODY],
    [
      "may not be read again, as parts need it",
      { kmsKeys: { [KEY_ARN]: "enabled" } },
      [...PUT_ONLY, { actions: ["kms:GenerateDataKey"], resources: ["*"] }],
      LARGE_BODY,
    ],
  ] as const)("because the KMS key %s prints the statement for the key", async (_name, bucket, grants, body) => {
    const error = await refusalOf(
      { bucket, grants, changes: { encryption: { type: "kms", key_id: KEY_ARN }, conditional_writes: "off" } },
      body,
    );
    expect(error.code).toBe("DESTINATION_KMS_REFUSED");
    expect(error.hint).toContain(`"Action":["kms:GenerateDataKey","kms:Decrypt"],"Resource":"${KEY_ARN}"`);
  });

  it("with an unknown key id or a wrong secret speaks of credentials", async () => {
    for (const credentials of [{ access_key_id: "AKIANOBODY", secret_access_key: "x" }]) {
      const error = await refusalOf({ changes: { credentials } });
      expect(error.code).toBe("DESTINATION_CREDENTIALS");
      expect(`${error.message}${error.hint}`).not.toContain("AKIANOBODY");
    }
  });

  it("stops at once when nothing listens, and says that it can resume", async () => {
    const error = await refusalOf({ changes: { endpoint: "http://127.0.0.1:1" } });
    expect(error).toMatchObject({ code: "DESTINATION_UNAVAILABLE", retry: "transient", message: expect.stringContaining("ECONNREFUSED") });
  });

  it("never shows a secret in its error", async () => {
    const credentials = { access_key_id: "AKIANOBODY", secret_access_key: "very-secret-text" };
    const error = await refusalOf({ changes: { credentials } });
    expect(JSON.stringify([error.message, error.hint, error.context])).not.toContain("very-secret-text");
  });
});

describe("a body that is not what was planned", () => {
  const WRONG_HASH = "0".repeat(64);
  const broken: ObjectBody = {
    ...SMALL_BODY,
    open: () => {
      const stream = SMALL_BODY.open();
      stream.destroy(new Error("EIO"));
      return stream;
    },
  };
  const bodies: readonly (readonly [string, ObjectBody])[] = [
    ["another hash", { ...SMALL_BODY, sha256: WRONG_HASH }],
    ["another hash, in parts", { ...LARGE_BODY, sha256: WRONG_HASH }],
    ["fewer bytes", { ...SMALL_BODY, size: SMALL_BODY.size + 1 }],
    ["more bytes", { ...SMALL_BODY, size: SMALL_BODY.size - 1 }],
    ["fewer bytes in its parts", { ...LARGE_BODY, size: LARGE_BODY.size + 10_000 }],
    ["an unreadable file", broken],
    ["other bytes each time it is opened, in parts", changing(LARGE_BODY)],
  ];

  it.each(["supported", "required"].flatMap((checksums) => bodies.map(([name, body]) => [name, checksums, body] as const)))(
    "is refused and never becomes an object: %s (checksums: %s)",
    async (_name, checksums, body) => {
      await using s3 = await s3Fixture({ changes: { checksums } });
      await expect(s3.store.putNew("a.csv", body, factsOf(body), ALWAYS)).rejects.toMatchObject({ code: "BYTES_CHANGED" });
      expect(s3.server.buckets.commits.filter(({ key }) => key === "in/a.csv")).toEqual([]);
      expect(s3.server.buckets.uploads.size).toBe(0);
    },
  );

  it("is refused when its file changes after it was checked", async () => {
    await using s3 = await s3Fixture({ changes: { checksums: "required" } });
    const body = changing(SMALL_BODY);
    await expect(s3.store.putNew("a.csv", body, factsOf(body), ALWAYS)).rejects.toMatchObject({ code: "BYTES_CHANGED" });
  });

  it.each([
    ["PutObject", SMALL_BODY],
    ["UploadPart", LARGE_BODY],
    ["CompleteMultipartUpload", LARGE_BODY],
  ] as const)("is told from bytes that are damaged on the way, which are no reason to give up the plan: %s", async (operation, body) => {
    const rules = { operation, times: 100, fault: { kind: "status", status: 400, code: "BadDigest" } } as const;
    const error = await refusalOf({ changes: { conditional_writes: "off" } }, body, (s3) => s3.server.faults.add(rules));
    expect(error).toMatchObject({ code: "DESTINATION_REJECTED", hint: expect.stringContaining("checksums: required") });
  });
});

/** A body whose file is written to after it was first read: each slice is as planned once, and then another. */
function changing(body: ObjectBody): ObjectBody {
  const other = bodyOf(someBytes(body.size, 9));
  const read = new Set<number>();
  return {
    ...body,
    open: (start = 0, end = body.size) => {
      const source = read.has(start) ? other : body;
      read.add(start);
      return source.open(start, end);
    },
  };
}

describe("a clock that is wrong", () => {
  it("S10: is corrected from the server's own date", async () => {
    const clock: Clock = { now: () => new Date(Date.now() + 40 * 60_000) };
    await using s3 = await s3Fixture({ server: { clock } });
    expect(await s3.store.putNew("a.csv", SMALL_BODY, factsOf(SMALL_BODY), ALWAYS)).toEqual({ kind: "created" });
  });

  it("stops with advice when correcting does not help", async () => {
    const fault: Fault = { kind: "status", status: 403, code: "RequestTimeTooSkewed" };
    const error = await refusalOf({}, SMALL_BODY, (s3) => s3.server.faults.add({ operation: "PutObject", times: 100, fault }));
    expect(error).toMatchObject({ code: "DESTINATION_CLOCK_SKEW", hint: expect.stringContaining("NTP") });
  });
});

describe("a race that S3 reports (409)", () => {
  const conflict: Fault = { kind: "status", status: 409, code: "ConditionalRequestConflict" };

  it("is answered by putting a single object again", async () => {
    await using s3 = await s3Fixture({ changes: { conditional_writes: "auto" } });
    await s3.store.promises(ALWAYS);
    s3.server.faults.add({ operation: "PutObject", fault: conflict });
    expect(await s3.store.putNew("a.csv", SMALL_BODY, factsOf(SMALL_BODY), ALWAYS)).toEqual({ kind: "created" });
  });

  it("starts an upload over when it is completed, and leaves no parts behind", async () => {
    await using s3 = await s3Fixture();
    s3.server.faults.add({ operation: "CompleteMultipartUpload", fault: conflict });
    expect(await s3.store.putNew("a.csv", LARGE_BODY, factsOf(LARGE_BODY), ALWAYS)).toEqual({ kind: "created" });
    expect(s3.server.count("CreateMultipartUpload")).toBe(2);
    expect(s3.server.buckets.uploads.size).toBe(0);
  });

  it("stops when it goes on for all tries", async () => {
    const rules = { operation: "CompleteMultipartUpload", times: 100, fault: conflict } as const;
    const error = await refusalOf({}, LARGE_BODY, (s3) => s3.server.faults.add(rules));
    expect(error.code).toBe("DESTINATION_UNAVAILABLE");
  });
});
