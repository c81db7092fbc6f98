import { describe, expect, it } from "vitest";
import type { Clock } from "../../src/core/clock.ts";
import { systemClock } from "../../src/core/clock.ts";
import { examineS3 } from "../../src/s3/s3-doctor.ts";
import type { DoctorCheck } from "../../src/s3/s3-doctor.ts";
import type { Grant, RoleSpec } from "../support/s3/accounts.ts";
import type { BucketSpec } from "../support/s3/buckets.ts";
import { ALWAYS, BUCKET, PUT_ONLY, s3Fixture, SMALL } from "../support/s3/s3-fixture.ts";
import type { S3Fixture } from "../support/s3/s3-fixture.ts";
import type { TestS3Options } from "../support/s3/test-s3-server.ts";

const KEY_ARN = "arn:aws:kms:eu-central-1:444455556666:key/9a";
const ROLE = "arn:aws:iam::444455556666:role/acme-in";
const ASSUMER: readonly Grant[] = [{ actions: ["sts:AssumeRole"], resources: ["*"] }];
const ROLE_SPEC: RoleSpec = { grants: PUT_ONLY, externalId: "sync-7d1c" };

interface Setup {
  readonly role?: RoleSpec;
  readonly changes?: Record<string, unknown>;
  readonly bucket?: BucketSpec;
  readonly server?: TestS3Options;
  readonly clock?: Clock;
  readonly prepare?: (s3: S3Fixture) => void;
}

/** Every check of a destination with a role, by name. */
async function examine(setup: Setup = {}): Promise<Readonly<Record<string, DoctorCheck>>> {
  await using s3 = await s3Fixture({ grants: ASSUMER, ...(setup.server === undefined ? {} : { server: setup.server }) });
  s3.server.accounts.addRole("acme-in", setup.role ?? ROLE_SPEC);
  if (setup.bucket !== undefined) s3.server.buckets.add(BUCKET, setup.bucket);
  setup.prepare?.(s3);
  const options = s3.optionsWith({ role_arn: ROLE, external_id: "sync-7d1c", ...setup.changes });
  const context = { sessionName: "spillway-doctor", clock: setup.clock ?? systemClock, tuning: { backoff: SMALL.backoff } };
  const checks: DoctorCheck[] = [];
  for await (const check of examineS3(options, context, ALWAYS)) checks.push(check);
  return Object.fromEntries(checks.map((check) => [check.name, check]));
}

describe("the examination of a destination", () => {
  it("is content with a role that may only put objects and asks for its ExternalId", async () => {
    const checks = await examine();
    const statuses = Object.fromEntries(Object.values(checks).map(({ name, status }) => [name, status]));
    expect(statuses).toEqual({
      clock: "ok",
      identity: "ok",
      role: "ok",
      external_id: "ok",
      write: "ok",
      conditions: "ok",
      parts: "skipped",
      read: "ok",
    });
    expect(checks["identity"]?.detail).toBe("arn:aws:iam::111122223333:user/spillway");
    expect(checks["read"]?.detail).toContain("not allowed, and not needed");
  });

  it("can be repeated without writing more objects", async () => {
    await using s3 = await s3Fixture();
    const context = { sessionName: "doctor", clock: systemClock, tuning: { backoff: SMALL.backoff } };
    for (let time = 0; time < 2; time += 1)
      for await (const check of examineS3(s3.options, context, ALWAYS)) expect(check.status).not.toBe("fail");
    expect(s3.server.buckets.commits.map(({ key }) => key).toSorted()).toEqual(["in/_spillway/doctor", "in/_spillway/probe"]);
  });

  it("fails a role that can be assumed without the ExternalId, with the condition to add", async () => {
    const { external_id: check } = await examine({ role: { grants: PUT_ONLY } });
    expect(check).toMatchObject({ status: "fail", statement: '{"Condition":{"StringEquals":{"sts:ExternalId":"sync-7d1c"}}}' });
  });

  it("warns of a role that is configured without an ExternalId", async () => {
    const { external_id: check } = await examine({ role: { grants: PUT_ONLY }, changes: { external_id: undefined } });
    expect(check).toMatchObject({ status: "warn", fix: expect.stringContaining("external_id") });
  });

  it("prints the trust statement for a role that refuses, and stops there", async () => {
    const checks = await examine({ changes: { external_id: "sync-wrong" } });
    expect(checks["role"]).toMatchObject({ status: "fail", code: "DESTINATION_ROLE_REFUSED" });
    expect(JSON.parse(checks["role"]?.statement ?? "")).toMatchObject({
      Principal: { AWS: "arn:aws:iam::111122223333:user/spillway" },
      Condition: { StringEquals: { "sts:ExternalId": "sync-wrong" } },
    });
    expect(checks["write"]).toBeUndefined();
  });

  it("prints the statement for a write that is not allowed", async () => {
    const { write } = await examine({ role: { ...ROLE_SPEC, grants: [] } });
    expect(write).toMatchObject({ status: "fail", code: "DESTINATION_ACCESS_DENIED" });
    expect(JSON.parse(write?.statement ?? "")).toMatchObject({ Action: "s3:PutObject", Resource: "arn:aws:s3:::partner/in/*" });
  });

  it("tries a KMS key with a real upload of two parts: the right to decrypt shows only there", async () => {
    const changes = { encryption: { type: "kms", key_id: KEY_ARN } };
    const bucket: BucketSpec = { kmsKeys: { [KEY_ARN]: "enabled" } };
    const server = { minimumPart: 5 * 1024 * 1024 };
    const generate: Grant = { actions: ["kms:GenerateDataKey"], resources: ["*"] };
    const { write, parts } = await examine({ role: { ...ROLE_SPEC, grants: [...PUT_ONLY, generate] }, changes, bucket, server });
    expect(write?.status).toBe("ok");
    expect(parts).toMatchObject({ status: "fail", code: "DESTINATION_KMS_REFUSED", statement: expect.stringContaining("kms:Decrypt") });
    const decrypt: Grant = { actions: ["kms:Decrypt"], resources: ["*"] };
    const allowed = await examine({ role: { ...ROLE_SPEC, grants: [...PUT_ONLY, generate, decrypt] }, changes, bucket, server });
    expect(allowed["parts"]?.status).toBe("ok");
  });

  it("warns of a store that does not honour conditional writes", async () => {
    const { conditions } = await examine({ server: { conditionalWrites: "ignored" } });
    expect(conditions).toMatchObject({ status: "warn", fix: expect.stringContaining("conditional_writes: off") });
  });

  it.each([
    [3, "warn"],
    [30, "fail"],
  ])("tells a clock that is %i minutes ahead: %s", async (minutes, status) => {
    const clock: Clock = { now: () => new Date(systemClock.now().getTime() + minutes * 60_000) };
    const { clock: check } = await examine({ clock });
    expect(check).toMatchObject({ status, code: "DESTINATION_CLOCK_SKEW" });
    expect(check?.detail).toMatch(/^1?[0-9]+\.\d s ahead of the server$/);
  });

  it("says so when nobody is there", async () => {
    const checks = await examine({ changes: { endpoint: "http://127.0.0.1:1", sts_endpoint: "http://127.0.0.1:1" } });
    expect(checks["clock"]?.status).toBe("skipped");
    expect(checks["identity"]).toMatchObject({ status: "fail", code: "DESTINATION_UNAVAILABLE" });
  });

  it("stops when its signal does", async () => {
    await using s3 = await s3Fixture();
    const stopped = AbortSignal.abort(new Error("enough"));
    const examination = examineS3(s3.options, { sessionName: "doctor", clock: systemClock }, stopped);
    await expect(examination.next()).rejects.toThrow("enough");
  });
});
